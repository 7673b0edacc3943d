#include "plugins/chain-evm/chain/profile.hpp"

#include "plugins/chain-evm/chain/profile_fields.hpp"
#include "plugins/chain-evm/chain/profile_texts.hpp"

namespace bh::evm {
namespace {

constexpr std::uint32_t kMaxDepth = 511;  // poll() reports at most 512 blocks

std::string name_list() {
    std::string out;
    for (const std::string& name : built_in_profile_names()) out += (out.empty() ? "" : ", ") + name;
    return out;
}

}  // namespace

Result<Profile> parse_profile(std::string_view json) {
    Result<Profile> profile = read_document<Profile>(json);
    if (!profile) return profile.failure();
    if (profile->chain_id == 0) return invalid("bad_chain", "/chain_id: must not be 0");
    if (profile->block_time_ms == 0) return invalid("bad_chain", "/block_time_ms: must not be 0");
    if (profile->finality.depth == 0 || profile->finality.depth > kMaxDepth) {
        return invalid("bad_chain", "/finality/depth: must be 1 to 511");
    }
    if (profile->logs.max_range == 0) return invalid("bad_chain", "/logs/max_range: must not be 0");
    if (profile->fees.gas_margin_permille < 1000 || profile->fees.gas_margin_permille > 3000) {
        return invalid("bad_chain", "/fees/gas_margin_permille: must be 1000 to 3000");
    }
    return profile;
}

Result<Profile> built_in_profile(std::string_view name) {
    for (const ProfileText& text : profile_texts()) {
        if (text.name == name) return parse_profile(text.json);
    }
    return invalid("unknown_chain", "/chain: must be one of " + name_list() + ", or custom with custom_chain");
}

std::vector<std::string> built_in_profile_names() {
    std::vector<std::string> out;
    for (const ProfileText& text : profile_texts()) out.emplace_back(text.name);
    return out;
}

}  // namespace bh::evm
