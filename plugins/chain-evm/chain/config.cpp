#include "plugins/chain-evm/chain/config.hpp"

#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/chain/profile_fields.hpp"
#include "plugins/chain-evm/heads/ws_url.hpp"
#include "plugins/chain-evm/rpc/url.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::size_t kMaxEndpoints = 8;
constexpr std::uint32_t kMaxTimeoutSeconds = 60;
constexpr std::uint32_t kBumpAfterBlocks = 5;
constexpr std::uint32_t kLeastBumpSeconds = 10;
constexpr std::uint64_t kMaxGwei = 1'000'000;
constexpr std::uint32_t kMaxGraceDays = 90;
constexpr std::size_t kMaxLegacyPlans = 256;

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

Status check_endpoint(const EndpointConfig& endpoint, const std::string& place) {
    if (endpoint.url.empty() == endpoint.secret.empty()) return bad(place, "must have either url or secret");
    if (!endpoint.proxy.empty() && !endpoint.proxy_secret.empty()) {
        return bad(place, "must have proxy or proxy_secret, not both");
    }
    if (!endpoint.url.empty()) {
        if (const Result<Url> url = parse_url(endpoint.url); !url) return url.failure().within("/" + place + "/url");
    }
    if (!endpoint.ws.empty() && !endpoint.ws_secret.empty()) return bad(place, "must have ws or ws_secret, not both");
    if (!endpoint.ws.empty()) {
        if (const Result<Url> url = parse_ws_url(endpoint.ws); !url) return url.failure().within("/" + place + "/ws");
        const bool proxied = !endpoint.proxy.empty() || !endpoint.proxy_secret.empty();
        if (proxied && endpoint.ws.starts_with("ws://")) {
            return bad(place + "/ws", "must be wss:// where there is a proxy");
        }
    }
    if (!endpoint.ca_file.empty() && endpoint.ca_file.front() != '/') {
        return bad(place + "/ca_file", "must be an absolute path");
    }
    return {};
}

Status read_endpoints(const ConfigText& text, Config& out) {
    if (text.endpoints.empty() || text.endpoints.size() > kMaxEndpoints) {
        return bad("endpoints", "must name 1 to " + std::to_string(kMaxEndpoints) + " endpoints");
    }
    std::uint32_t voters = 0;
    for (std::size_t i = 0; i < text.endpoints.size(); ++i) {
        const Status usable = check_endpoint(text.endpoints[i], "endpoints/" + std::to_string(i));
        if (!usable) return usable;
        if (text.endpoints[i].votes.value_or(true)) ++voters;
    }
    if (voters == 0) return bad("endpoints", "must have one that votes: whose blocks are the chain's");
    out.endpoints = text.endpoints;
    out.agree = text.agree.value_or(voters / 2 + 1);
    if (out.agree == 0 || out.agree > voters) {
        return bad("agree", "must be 1 to " + std::to_string(voters) + ", the number of endpoints that vote");
    }
    if (text.proof.empty() || text.proof == "disputes") {
        out.proof = ProofMode::disputes;
    } else if (text.proof == "always" || text.proof == "never") {
        out.proof = text.proof == "always" ? ProofMode::always : ProofMode::never;
    } else {
        return bad("proof", "must be never, disputes or always");
    }
    if (out.proof == ProofMode::always) {
        out.profile.logs.max_range = std::min(out.profile.logs.max_range, kMaxProofs);
    }
    if (voters < text.endpoints.size() && out.proof == ProofMode::never) {
        return bad("proof", "must not be never where an endpoint does not vote: what that one says has to be proven");
    }
    return {};
}

Status read_legacy(const ConfigText& text, Config& out) {
    const bool legacy = text.contract_kind == "legacy";
    if (!legacy && !text.contract_kind.empty() && text.contract_kind != "blockhost") {
        return bad("contract_kind", "must be blockhost or legacy");
    }
    if (!legacy) return text.legacy ? bad("legacy", "is for contract_kind legacy only") : Status{};
    if (out.split) return bad("split", "must not be there: an existing deployment pays its owner");
    if (!text.legacy) return bad("legacy", "must say what the contracts of an existing deployment do not");
    const LegacyText& written = *text.legacy;
    Config::Legacy read;
    read.serve_from = written.serve_from;
    if (read.serve_from < text.start_block) {
        return bad("legacy/serve_from", "must not be before start_block, which is the block of the deployment");
    }
    read.grace_days = written.grace_days.value_or(static_cast<std::uint32_t>(read.grace_days));
    if (read.grace_days > kMaxGraceDays) return bad("legacy/grace_days", "must be 0 to 90");
    if (written.plans.size() > kMaxLegacyPlans) return bad("legacy/plans", "must be at most 256");
    for (std::size_t i = 0; i < written.plans.size(); ++i) {
        const LegacyPlanText& plan = written.plans[i];
        const std::string place = "legacy/plans/" + std::to_string(i);
        const auto id = Uint256::from_decimal(plan.plan);
        if (!id) return bad(place + "/plan", "must be a decimal number");
        if (plan.cpus == 0 || plan.memory_bytes == 0 || plan.disk_bytes == 0) {
            return bad(place, "must have cpus, memory_bytes and disk_bytes above 0");
        }
        nlohmann::json resources{
            {"cpus", plan.cpus}, {"disk_bytes", plan.disk_bytes}, {"memory_bytes", plan.memory_bytes}};
        if (!plan.image.empty()) resources["image"] = plan.image;
        if (!read.plans.emplace(id->decimal(), resources.dump()).second) return bad(place + "/plan", "is there twice");
    }
    out.legacy = std::move(read);
    return {};
}

}  // namespace

Result<Config> parse_config(std::string_view json) {
    const Result<ConfigText> text = read_document<ConfigText>(json);
    if (!text) return text.failure();
    Config out;
    Result<Profile> profile = profile_of(*text);
    if (!profile) return profile.failure();
    out.profile = std::move(*profile);
    if (const Status status = read_endpoints(*text, out); !status) return status.failure();
    const Result<Address> contract = Address::parse(text->contract);
    if (!contract) return contract.failure().within("/contract");
    const Result<Address> credential = Address::parse(text->credential);
    if (!credential) return credential.failure().within("/credential");
    if (*contract == *credential) return bad("credential", "must not be the subscription contract itself");
    if (!text->split.empty()) {
        const Result<Address> split = Address::parse(text->split);
        if (!split) return split.failure().within("/split");
        if (*split == *contract || *split == *credential) return bad("split", "must be a contract of its own");
        out.split = *split;
    }
    out.contract = *contract;
    out.credential = *credential;
    if (const Status status = read_legacy(*text, out); !status) return status.failure();
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
