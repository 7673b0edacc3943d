// bh-plugin-load DIR [CONFIG.json]: loads the built plugin in DIR as the kernel would, pinned to the hash in its own
// manifest, and says what it is; checks CONFIG.json against its schema. For tests and authors of plugins.
#include "plugin-api/documents/strict_json.hpp"
#include "plugin-api/host/config_schema.hpp"
#include "plugin-api/host/loader.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>

namespace {

int fail(const bh::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    return 1;
}

int check_file(const bh::host::Manifest& manifest, const char* path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto config = bh::read_strict_json(text);
    if (!config) return fail(config.failure().within(path));
    const auto checked = bh::host::check_config(manifest.config, *config);
    if (!checked) return fail(checked.failure().within(path));
    std::printf("%s\n", checked->dump(2).c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr, "usage: bh-plugin-load DIR [CONFIG.json]\n");
        return 2;
    }
    const auto manifest = bh::host::read_manifest(std::string{argv[1]} + "/plugin.json");
    if (!manifest) return fail(manifest.failure());
    const auto loaded = bh::host::load({argv[1], manifest->id, manifest->sha256, "0.0.0", ""});
    if (!loaded) return fail(loaded.failure());
    std::printf("%s %s:", loaded->manifest.id.c_str(), loaded->manifest.version.c_str());
    for (const std::string& interface : loaded->manifest.interfaces) std::printf(" %s", interface.c_str());
    std::printf("\n");
    return argc == 3 ? check_file(*manifest, argv[2]) : 0;
}
