#include "plugin-api/host/library.hpp"

#include <cstring>

namespace bh::host {
namespace {

std::string_view view(bh_str text) {
    return text.len != 0 && text.ptr != nullptr ? std::string_view{text.ptr, text.len} : std::string_view{};
}

}  // namespace

Status check_table(const bh_plugin* plugin, const bh_error& error, const std::string& id,
                   const std::vector<std::string>& interfaces) {
    if (plugin == nullptr) {
        const std::string_view said{error.message, strnlen(error.message, sizeof error.message)};
        return invalid("entry_refused", "the plugin refuses this kernel: " +
                                            (said.empty() ? std::string{"it gives no reason"} : std::string{said}));
    }
    if (plugin->struct_size < offsetof(bh_plugin, reserved0) || plugin->abi_draft != BH_ABI_DRAFT)
        return invalid("other_abi",
                       "the plugin was built for another draft of the ABI; install its release for this kernel");
    // What minor 0 has; a plugin of an older minor than this kernel's lacks what was appended since.
    if (!BH_HAS(plugin, bh_plugin, query))
        return invalid("short_table", "the plugin's table is too short; its author must build it again");
    if (view(plugin->id) != id)
        return invalid("wrong_id", "the plugin calls itself " + std::string{view(plugin->id)} + ", its manifest " + id +
                                       "; install it again");
    if (plugin->check == nullptr || plugin->create == nullptr || plugin->quiesce == nullptr ||
        plugin->destroy == nullptr || plugin->health == nullptr || plugin->query == nullptr)
        return invalid("null_member", "the plugin's table lacks a function; its author must fill it");
    for (const std::string& interface : interfaces)
        if (plugin->query(interface.c_str()) == nullptr)
            return invalid("missing_interface",
                           "the plugin does not offer " + interface + ", which its manifest names; install it again");
    return {};
}

Result<const bh_plugin*> map_checked(const std::string& path, const std::string& id,
                                     const std::vector<std::string>& interfaces, const std::string& kernel_version) {
    const Result<Entry> entry = map_library(path);
    if (!entry) return entry.failure();
    const bh_entry_args args{
        sizeof(bh_entry_args), BH_ABI_MINOR, BH_ABI_DRAFT, 0, {kernel_version.data(), kernel_version.size()}};
    bh_error error{};
    error.struct_size = sizeof error;
    const bh_plugin* plugin = (*entry)(&args, &error);
    if (auto checked = check_table(plugin, error, id, interfaces); !checked) return checked.failure();
    return plugin;
}

}  // namespace bh::host
