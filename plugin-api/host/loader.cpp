#include "plugin-api/host/loader.hpp"

#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/host/inspect.hpp"
#include "plugin-api/host/library.hpp"
#include "plugin-api/host/sealed_file.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

namespace bh::host {
namespace {

constexpr const char* kEntry = "bh_plugin_entry_v0";

// "loading plugin ID, step STEP, FILE: what is wrong; remedy"
Failure at_step(const LoadRequest& request, const char* step, const std::string& file, Failure failure) {
    failure.message = "loading plugin " + request.id + ", step " + step + ", " + file + ": " + failure.message;
    return failure;
}

std::optional<Failure> check_manifest(const Manifest& manifest, const LoadRequest& request) {
    if (manifest.id != request.id)
        return invalid("wrong_id",
                       "the manifest is of the plugin " + manifest.id + "; correct \"plugin\" of the instance");
    if (manifest.abi.major != BH_ABI_MAJOR || manifest.abi.draft != BH_ABI_DRAFT)
        return invalid("other_abi", "the plugin is for ABI " + std::to_string(manifest.abi.major) + " draft " +
                                        std::to_string(manifest.abi.draft) + ", this kernel has " +
                                        std::to_string(BH_ABI_MAJOR) + " draft " + std::to_string(BH_ABI_DRAFT) +
                                        "; install the plugin's release for this kernel");
    if (manifest.isolation == "process" && !request.worker)
        return invalid("isolation",
                       "the plugin may only run in a process of its own; set \"isolation: process\" for the instance");
    if (manifest.isolation == "inprocess" && request.worker)
        return invalid("isolation",
                       "the plugin can't run in a process of its own; set \"isolation: inprocess\" for the instance if "
                       "you trust it as much as the kernel");
    const auto& offered = manifest.interfaces;
    if (!request.interface.empty() && std::find(offered.begin(), offered.end(), request.interface) == offered.end())
        return invalid("wrong_kind",
                       "the plugin does not offer " + request.interface + "; correct \"kind\" of the instance");
    return std::nullopt;
}

std::string again(const LoadRequest& request) {
    return "if you updated the plugin on purpose, `blockhost plugin enable " + request.id +
           "` shows what changed, else install it again";
}

std::optional<Failure> check_hash(const std::string& hash, const Manifest& manifest, const LoadRequest& request) {
    if (request.sha256.empty())
        return invalid("no_pin",
                       "nobody pinned it; `blockhost plugin enable` does, if you trust it; its SHA-256 is " + hash);
    // First, because another yes would not help.
    if (hash != manifest.sha256)
        return Failure{BH_E_DENIED, "wrong_hash",
                       "its SHA-256 is " + hash + ", its manifest says " + manifest.sha256 + "; install it again"};
    if (hash != request.sha256)
        return Failure{BH_E_DENIED, "wrong_hash",
                       "its SHA-256 is " + hash + ", you pinned " + request.sha256 + "; " + again(request)};
    return std::nullopt;
}

std::optional<Failure> check_manifest_hash(const std::string& text, const LoadRequest& request) {
    const std::string hash = crypto::hex(crypto::sha256(crypto::bytes_of(text)));
    if (request.manifest_sha256.empty() || hash == request.manifest_sha256) return std::nullopt;
    return Failure{BH_E_DENIED, "wrong_hash",
                   "its SHA-256 is " + hash + ", you pinned " + request.manifest_sha256 + "; " + again(request)};
}

std::optional<Failure> check_symbols(const ElfFacts& facts) {
    const auto& names = facts.exported;
    if (std::find(names.begin(), names.end(), kEntry) == names.end())
        return invalid("no_entry",
                       std::string{"it does not export "} + kEntry + "; install the plugin's release for this kernel");
    if (names.size() != 1) {
        const std::string& other = names[0] == kEntry ? names[1] : names[0];
        return invalid("exports_too_much", "it exports " + std::to_string(names.size()) + " symbols, among them " +
                                               other + "; its author must link it with plugin-api/sdk/plugin.map");
    }
    if (!facts.binds_now || !facts.never_unmapped)
        return invalid("wrong_linkage", "its author must link it with -z now -z nodelete");
    return std::nullopt;
}

// What is mapped stays mapped, so this table is the process's. Two instances of one plugin share its code, and its
// entry is called once.
struct Mapped {
    std::mutex mutex;
    std::map<std::string, const bh_plugin*> plugins;  // by SHA-256; only those that were found good
};
Mapped& mapped() {
    static Mapped table;
    return table;
}

Result<const bh_plugin*> map_plugin(SealedFile& file, const Manifest& manifest, const std::string& kernel_version) {
    const std::lock_guard lock{mapped().mutex};
    if (const auto known = mapped().plugins.find(manifest.sha256); known != mapped().plugins.end()) {
        if (auto failure = check_table(known->second, {}, manifest.id, manifest.interfaces); !failure)
            return failure.failure();
        return known->second;
    }
    auto plugin = map_checked(file.proc_path(), manifest.id, manifest.interfaces, kernel_version);
    file.keep_open();
    if (plugin) mapped().plugins[manifest.sha256] = *plugin;
    return plugin;
}

}  // namespace

Result<CheckedPlugin> check(const LoadRequest& request) {
    const std::string manifest_path = request.directory + "/plugin.json";
    // Read once: what is hashed is what is parsed.
    const Result<std::string> text = read_manifest_text(manifest_path);
    if (!text) return at_step(request, "manifest", manifest_path, text.failure());
    if (auto failure = check_manifest_hash(*text, request))
        return at_step(request, "manifest", manifest_path, *failure);
    Result<Manifest> manifest = parse_manifest(*text, manifest_path);
    if (!manifest) return at_step(request, "manifest", manifest_path, manifest.failure());
    if (auto failure = check_manifest(*manifest, request)) return at_step(request, "manifest", manifest_path, *failure);

    const std::string path = request.directory + "/" + manifest->file;
    Result<SealedFile> file = SealedFile::copy_of(path);
    if (!file) return at_step(request, "file", path, file.failure());
    if (auto failure = check_hash(file->sha256(), *manifest, request)) return at_step(request, "hash", path, *failure);
    const Result<ElfFacts> facts = inspect_elf(file->bytes());
    if (!facts) return at_step(request, "symbols", path, facts.failure());
    if (auto failure = check_symbols(*facts)) return at_step(request, "symbols", path, *failure);
    return CheckedPlugin{std::move(*manifest), std::move(*file)};
}

Result<LoadedPlugin> load(const LoadRequest& request) {
    auto checked = check(request);
    if (!checked) return checked.failure();
    const Result<const bh_plugin*> plugin = map_plugin(checked->file, checked->manifest, request.kernel_version);
    if (!plugin) return at_step(request, "load", request.directory + "/" + checked->manifest.file, plugin.failure());
    return LoadedPlugin{std::move(checked->manifest), *plugin};
}

}  // namespace bh::host
