#include "kernel/daemon/service_backends.hpp"
#include "kernel/journal/store.hpp"

namespace bh::daemon {
namespace {

class StoreBackend final : public plugins::StoreBackend {
public:
    explicit StoreBackend(life::Journal& journal) : journal_{journal} {}

    Result<Bytes> get(const std::string& instance, const std::string& key) override {
        return life::store_get(journal_, instance, key);
    }
    Status put(const std::string& instance, const std::vector<std::pair<std::string, Bytes>>& changes) override {
        std::vector<life::StoreEntry> entries;
        entries.reserve(changes.size());
        for (const auto& [key, value] : changes) entries.push_back({key, value});
        return life::store_put(journal_, instance, entries);
    }
    Result<Keys> list(const std::string& instance, const std::string& prefix, const std::string& page) override {
        auto found = life::store_list(journal_, instance, prefix, page);
        if (!found) return found.failure();
        return Keys{std::move(found->keys), std::move(found->next)};
    }

private:
    life::Journal& journal_;
};

}  // namespace

std::unique_ptr<plugins::StoreBackend> make_store_backend(life::Journal& journal) {
    return std::make_unique<StoreBackend>(journal);
}

}  // namespace bh::daemon
