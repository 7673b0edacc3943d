#include "kernel/lifecycle/plan.hpp"

#include "plugin-api/documents/json.hpp"

namespace bh::life {
namespace {

constexpr std::size_t kMaxImageName = 64;

Failure wrong(const std::string& field) {
    return invalid("plan_resources", "the plan's resources are not usable: '" + field +
                                         "' is missing or out of range; the operator must make a new plan");
}

std::optional<std::uint64_t> number(const nlohmann::json& json, const char* field, std::uint64_t most) {
    const auto found = json.find(field);
    if (found == json.end()) return std::nullopt;
    std::uint64_t value = 0;
    if (found->is_number_unsigned()) {
        value = found->get<std::uint64_t>();
    } else if (found->is_string()) {
        const auto& text = found->get_ref<const std::string&>();
        if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
            return std::nullopt;
        value = std::stoull(text);
    }
    if (value == 0 || value > most) return std::nullopt;
    return value;
}

bool is_image_name(const std::string& name) {
    return !name.empty() && name.size() <= kMaxImageName && name[0] != '.' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
}

}  // namespace

Result<Resources> parse_resources(const std::string& text, const std::string& default_image) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return wrong("resources");
    Resources resources;
    const auto cpus = number(json, "cpus", kMaxCpus);
    const auto memory = number(json, "memory_bytes", kMaxMemoryBytes);
    const auto disk = number(json, "disk_bytes", kMaxDiskBytes);
    if (!cpus) return wrong("cpus");
    if (!memory) return wrong("memory_bytes");
    if (!disk) return wrong("disk_bytes");
    resources.cpus = static_cast<std::uint32_t>(*cpus);
    resources.memory_bytes = *memory;
    resources.disk_bytes = *disk;
    resources.image = default_image;
    if (const auto image = json.find("image"); image != json.end()) {
        if (!image->is_string()) return wrong("image");
        resources.image = image->get<std::string>();
    }
    if (!is_image_name(resources.image)) return wrong("image");
    return resources;
}

}  // namespace bh::life
