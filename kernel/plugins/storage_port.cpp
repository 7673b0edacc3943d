#include "kernel/plugins/belonging.hpp"
#include "kernel/plugins/ports.hpp"
#include "kernel/plugins/verb.hpp"

#include <blockhost/kind/storage.h>

namespace bh::plugins {
namespace {

class StoragePort final : public life::StoragePort {
public:
    StoragePort(Instance& instance, const bh_storage& verbs) : instance_{instance}, verbs_{verbs} {}

    Status check() override { return instance_.health(); }

    Result<StorageDescription> describe() override {
        return document_verb(instance_.name, parse_storage_description,
                             [&](bh_sink out, bh_error* err) { return verbs_.describe(self(), out, err); });
    }
    Result<Volume> volume_create(const life::Call& call, const VolumeSpec& spec) override {
        const CallBridge bridge{call};
        return made_by(
            instance_, call.op_id,
            document_verb(instance_.name, parse_volume, [&, document = to_json(spec)](bh_sink out, bh_error* err) {
                return verbs_.volume_create(self(), bridge.get(), text(document), out, err);
            }));
    }
    Status volume_delete(const life::Call& call, const std::string& volume) override {
        const CallBridge bridge{call};
        return run_verb(instance_.name,
                        [&](bh_error* err) { return verbs_.volume_delete(self(), bridge.get(), text(volume), err); });
    }
    Result<VolumePage> volume_list(const std::string& page) override {
        return all_of(instance_, &VolumePage::volumes,
                      document_verb(instance_.name, parse_volume_page, [&](bh_sink out, bh_error* err) {
                          return verbs_.volume_list(self(), text(page), out, err);
                      }));
    }
    Status image_import(const life::Call& call, const Image& image) override {
        const CallBridge bridge{call};
        auto imported = read_verb(instance_.name, [&, document = to_json(image)](bh_sink out, bh_error* err) {
            return verbs_.image_import(self(), bridge.get(), text(document), out, err);
        });
        if (!imported) return imported.failure();
        return {};
    }

private:
    bh_instance* self() const noexcept { return instance_.self; }

    Instance& instance_;
    const bh_storage& verbs_;
};

}  // namespace

Result<std::unique_ptr<life::StoragePort>> make_storage_port(Instance& instance) {
    const auto* verbs = instance.find<bh_storage>(BH_STORAGE);
    if (verbs == nullptr)
        return invalid("wrong_kind",
                       "plugin instance " + instance.name + " offers no " BH_STORAGE ": check \"kind\" in its file");
    return std::unique_ptr<life::StoragePort>{std::make_unique<StoragePort>(instance, *verbs)};
}

}  // namespace bh::plugins
