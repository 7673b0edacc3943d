#include "plugins/chain-evm/chain/config.hpp"

#include "plugins/chain-evm/chain/profile_fields.hpp"
#include "plugins/chain-evm/rpc/url.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::uint32_t kMaxTimeoutSeconds = 60;
constexpr std::uint32_t kBumpAfterBlocks = 5;
constexpr std::uint32_t kLeastBumpSeconds = 10;
constexpr std::uint64_t kMaxGwei = 1'000'000;

Failure bad(std::string_view field, std::string_view what) {
    return invalid("bad_config", "/" + std::string{field} + ": " + std::string{what});
}

Result<Profile> profile_of(const ConfigText& text) {
    Result<Profile> profile =
        text.chain == "custom" ? Result<Profile>{text.custom_chain.value_or(Profile{})} : built_in_profile(text.chain);
    if (!profile) return profile.failure();
    if (text.chain == "custom") {
        if (!text.custom_chain) return bad("custom_chain", "is missing; it describes the chain named custom");
        profile = parse_profile(write_document(*profile));
        if (!profile) return profile.failure().within("/custom_chain");
    }
    if (text.final_depth) profile->finality.depth = *text.final_depth;
    if (profile->finality.depth == 0 || profile->finality.depth > 511) return bad("final_depth", "must be 1 to 511");
    if (text.max_fee_gwei) profile->fees.max_fee_gwei = *text.max_fee_gwei;
    if (text.max_priority_fee_gwei) profile->fees.max_priority_fee_gwei = *text.max_priority_fee_gwei;
    if (profile->fees.max_fee_gwei == 0 || profile->fees.max_fee_gwei > kMaxGwei) {
        return bad("max_fee_gwei", "must be 1 to 1000000");
    }
    profile->fees.max_priority_fee_gwei = std::min(profile->fees.max_priority_fee_gwei, profile->fees.max_fee_gwei);
    return profile;
}

Result<EndpointConfig> endpoint_of(const ConfigText& text) {
    if (text.endpoints.size() != 1) return bad("endpoints", "must name one endpoint");
    const EndpointConfig& endpoint = text.endpoints.front();
    if (endpoint.url.empty() == endpoint.secret.empty()) {
        return bad("endpoints/0", "must have either url or secret");
    }
    if (!endpoint.url.empty()) {
        if (const Result<Url> url = parse_url(endpoint.url); !url) return url.failure().within("/endpoints/0/url");
    }
    return endpoint;
}

}  // namespace

Result<Config> parse_config(std::string_view json) {
    const Result<ConfigText> text = read_document<ConfigText>(json);
    if (!text) return text.failure();
    Config out;
    Result<Profile> profile = profile_of(*text);
    if (!profile) return profile.failure();
    out.profile = std::move(*profile);
    const Result<EndpointConfig> endpoint = endpoint_of(*text);
    if (!endpoint) return endpoint.failure();
    out.endpoint = *endpoint;
    const Result<Address> contract = Address::parse(text->contract);
    if (!contract) return contract.failure().within("/contract");
    const Result<Address> credential = Address::parse(text->credential);
    if (!credential) return credential.failure().within("/credential");
    if (*contract == *credential) return bad("credential", "must not be the subscription contract itself");
    out.contract = *contract;
    out.credential = *credential;
    out.start_block = text->start_block;
    if (text->timeout_s == 0 || text->timeout_s > kMaxTimeoutSeconds) return bad("timeout_s", "must be 1 to 60");
    out.timeout = std::chrono::seconds{text->timeout_s};
    const std::uint32_t blocks_s = kBumpAfterBlocks * out.profile.block_time_ms / 1000;
    out.bump_after = std::chrono::seconds{text->bump_after_s.value_or(std::max(blocks_s, kLeastBumpSeconds))};
    for (const TokenConfig& token : text->tokens) {
        const Result<Address> address = Address::parse(token.address);
        if (!address) return address.failure().within("/tokens");
        out.tokens.push_back({*address, token.symbol, token.decimals});
    }
    return out;
}

}  // namespace bh::evm
