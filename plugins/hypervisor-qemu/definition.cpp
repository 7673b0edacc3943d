#include "plugins/hypervisor-qemu/definition.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <algorithm>
#include <filesystem>

namespace hypervisor_qemu {
namespace {

// First-boot data may hold what a buyer wrote: nobody else's business.
constexpr mode_t kMode = 0600;
constexpr std::string_view kEnd = ".json";

}  // namespace

bool is_op_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bh::Result<std::optional<Definition>> Definitions::find(const std::string& vm) const {
    if (!is_op_id(vm)) return bh::invalid("vm_id", "a VM's id is its op_id, [a-z0-9-]{1,64}");
    const std::string path = directory_ + "/" + vm + std::string{kEnd};
    auto text = bh::sdk::read_file(path);
    if (!text) return text.failure();
    if (!*text) return std::optional<Definition>{};
    auto definition = bh::read_document<Definition>(**text);
    if (!definition || definition->vm != vm) {
        return bh::Failure{BH_E_CORRUPT, "definition",
                           path + " is damaged" + (definition ? "" : ": " + definition.failure().message)};
    }
    return std::optional{std::move(*definition)};
}

bh::Status Definitions::save(const Definition& definition) const {
    return bh::sdk::write_durably(directory_, definition.vm + std::string{kEnd}, bh::write_document(definition), kMode);
}

bh::Status Definitions::remove(const std::string& vm) const {
    const std::string path = directory_ + "/" + vm + std::string{kEnd};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return bh::sdk::file_failure("remove", path);
    return bh::sdk::sync_directory(directory_);
}

bh::Result<std::vector<std::string>> Definitions::vms(std::string_view after, std::size_t count) const {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{directory_, error}) {
        const std::string name = entry.path().filename();
        if (!name.ends_with(kEnd)) continue;
        std::string vm = name.substr(0, name.size() - kEnd.size());
        if (is_op_id(vm) && vm > after) found.push_back(std::move(vm));
    }
    if (error) return bh::Failure{BH_E_UNAVAILABLE, "file", "cannot list " + directory_ + ": " + error.message()};
    std::ranges::sort(found);
    if (found.size() > count) found.resize(count);
    return found;
}

}  // namespace hypervisor_qemu
