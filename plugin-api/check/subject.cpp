#include "plugin-api/check/subject.hpp"

#include "plugin-api/documents/codec.hpp"
#include "plugin-api/host/loader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>

namespace bh::check {

using nlohmann::json;

template <class F>
void fields(F& f, Is<Setup> auto& x) {
    f.optional("backend", x.backend, "");
    f.optional("secrets", x.secrets, "");
    f.optional("write", x.write, "");
    f.optional("skip", x.skip, "");
}

Result<Setup> parse_setup(std::string_view text) {
    const std::set<std::string> known{
        "config", "backend", "secrets", "write", "vm_spec", "volume_spec", "image", "delegation_request", "skip"};
    const auto node = read_strict_json(text);
    if (!node) return node.failure();
    if (!node->is_object()) return invalid("bad_check", "must be a JSON object");
    for (const auto& [key, value] : node->items())
        if (!known.contains(key)) return invalid("bad_check", "/" + key + ": is not a key of check.json");
    codec::Place at;
    Setup setup;
    codec::read(at, *node, setup);
    if (!at.ok()) return *at.failure();
    for (const auto& [key, into] : std::map<std::string, json*>{{"config", &setup.config},
                                                                {"vm_spec", &setup.vm_spec},
                                                                {"volume_spec", &setup.volume_spec},
                                                                {"image", &setup.image},
                                                                {"delegation_request", &setup.delegation_request}}) {
        *into = node->value(key, json::object());
        if (!into->is_object()) return invalid("bad_check", "/" + key + ": must be an object");
    }
    return setup;
}

namespace {

class InProcess final : public Opened {
public:
    explicit InProcess(const bh_plugin* plugin) : plugin_{plugin} {}
    [[nodiscard]] const bh_plugin* plugin() const override { return plugin_; }
    bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) override {
        return plugin_->create(kernel, config, out, err);
    }
    void destroy(bh_instance* self) override { plugin_->destroy(self); }
    bh_status check(const bh_kernel* kernel, bh_str config, std::uint64_t deadline_ns, bh_sink findings,
                    bh_error* err) override {
        return plugin_->check(kernel, config, deadline_ns, findings, err);
    }
    void kill(bh_instance*) override { throw std::logic_error{"a plugin in this process is killed with it"}; }
    Cage cage(bh_instance*) override { return {}; }

private:
    const bh_plugin* plugin_;
};

}  // namespace

Mode in_process_mode() {
    return {"inprocess", "process", [](const OpenRequest& request) -> Result<std::unique_ptr<Opened>> {
                const host::Manifest& manifest = request.manifest;
                const auto loaded = host::load({request.directory, manifest.id, manifest.sha256, "0.0.0", ""});
                if (!loaded) return loaded.failure();
                return std::unique_ptr<Opened>{std::make_unique<InProcess>(loaded->plugin)};
            }};
}

std::vector<std::string> places_of(const std::vector<std::string>& listed, const json& config) {
    std::vector<std::string> places;
    for (const std::string& place : listed) {
        // A pointer to a setting that there is; else it means itself.
        const json* setting = &config;
        std::istringstream steps{place.starts_with('/') ? place.substr(1) : ""};
        for (std::string key; setting != nullptr && std::getline(steps, key, '/');) {
            const auto found = setting->is_object() ? setting->find(key) : setting->end();
            setting = setting->is_object() && found != setting->end() ? &*found : nullptr;
        }
        if (setting == nullptr || setting == &config)
            places.push_back(place);
        else if (setting->is_string())
            places.push_back(setting->get<std::string>());
    }
    return places;
}

bool Subject::offers(const std::string& interface) const {
    return std::find(manifest.interfaces.begin(), manifest.interfaces.end(), interface) != manifest.interfaces.end();
}

Subject read_subject(const std::string& directory, Mode mode, std::uint64_t seed) {
    Subject subject;
    subject.directory = std::filesystem::absolute(directory).lexically_normal().string();
    subject.mode = std::move(mode);
    subject.seed = seed;
    auto manifest = host::read_manifest(subject.directory + "/plugin.json");
    if (!manifest) {
        subject.broken = manifest.failure();
        return subject;
    }
    subject.manifest = std::move(*manifest);
    const std::string path = subject.directory + "/check/check.json";
    std::ifstream file{path, std::ios::binary};
    if (!file) return subject;
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    auto setup = parse_setup(text);
    if (!setup) {
        subject.broken = setup.failure().within(path);
        return subject;
    }
    subject.setup = std::move(*setup);
    return subject;
}

}  // namespace bh::check
