#include "plugin-api/check/subject.hpp"

#include "plugin-api/documents/codec.hpp"
#include "plugin-api/host/loader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace bh::check {

using nlohmann::json;

template <class F>
void fields(F& f, Is<Setup> auto& x) {
    f.optional("backend", x.backend, "");
    f.optional("secrets", x.secrets, "");
    f.optional("skip", x.skip, "");
}

Result<Setup> parse_setup(std::string_view text) {
    const std::set<std::string> known{
        "config", "backend", "secrets", "vm_spec", "volume_spec", "image", "delegation_request", "skip"};
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

Mode in_process_mode() {
    return {"inprocess", [](const std::string& directory, const host::Manifest& manifest) -> Result<const bh_plugin*> {
                const auto loaded = host::load({directory, manifest.id, manifest.sha256, "0.0.0", ""});
                if (!loaded) return loaded.failure();
                return loaded->plugin;
            }};
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
