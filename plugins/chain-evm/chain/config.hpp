// The configuration of one instance. Its JSON was checked against config.schema.json before it comes here.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"
#include "plugins/chain-evm/chain/profile.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace bh::evm {

// When logs are proven by the block's transactions and receipts.
enum class ProofMode {
    never,     // where endpoints differ, `agree` of them decide
    disputes,  // where endpoints differ
    always     // each block whose bloom filter may hold a log of ours
};

// Blocks that are proven at once.
inline constexpr std::uint64_t kMaxProofs = 64;

struct EndpointConfig {
    std::string url;           // plain, or
    std::string secret;        // the name of a secret that holds it, when it contains a key
    std::string bearer;        // the name of a secret that is sent as Authorization: Bearer
    std::string proxy;         // URL of an HTTP proxy, or
    std::string proxy_secret;  // the name of a secret that holds it, when it contains a password
    std::string ca_file;
    std::string ws;         // where it tells of new blocks: ws:// or wss://, or
    std::string ws_secret;  // the name of a secret that holds it; both empty: nowhere
    // nullopt: true. One that does not vote gives logs, receipts and transactions only, which are proven.
    std::optional<bool> votes;
};

struct TokenConfig {
    std::string address, symbol;
    std::uint32_t decimals = 18;
};

// What a VM of a plan gets, where the contract does not say.
struct LegacyPlanText {
    std::string plan;  // decimal id
    std::uint32_t cpus = 0;
    std::uint64_t memory_bytes = 0, disk_bytes = 0;
    std::string image;  // "" = the kernel's default
};
struct LegacyText {
    std::uint64_t serve_from = 0;
    std::optional<std::uint32_t> grace_days;
    std::vector<LegacyPlanText> plans;
};

// As written.
struct ConfigText {
    std::string chain;
    std::optional<Profile> custom_chain;
    std::vector<EndpointConfig> endpoints;
    std::optional<std::uint32_t> agree;
    std::string proof;
    std::string contract, credential, split;
    std::string contract_kind;
    std::optional<LegacyText> legacy;
    std::uint64_t start_block = 0;
    std::optional<std::uint32_t> final_depth;
    std::optional<std::uint64_t> max_fee_gwei, max_priority_fee_gwei;
    std::optional<std::uint32_t> bump_after_s;
    std::uint32_t timeout_s = 10;
    std::vector<TokenConfig> tokens;
};

struct Config {
    Profile profile;  // with the configuration's own limits in it
    std::vector<EndpointConfig> endpoints;
    std::uint32_t agree = 1;  // of those that vote
    ProofMode proof = ProofMode::disputes;
    Address contract, credential;
    std::optional<Address> split;  // a RevenueSplit that the treasury may be
    std::uint64_t start_block = 0;
    std::chrono::seconds bump_after{60};
    std::chrono::seconds timeout{10};
    struct Token {
        Address address;
        std::string symbol;
        std::uint32_t decimals = 18;
    };
    std::vector<Token> tokens;
    // Set where the contracts are an existing BlockhostSubscriptions and its AccessCredentialNFT (legacy/).
    struct Legacy {
        std::uint64_t serve_from = 0;  // the first block whose purchases are served
        std::int64_t grace_days = 7;
        std::map<std::string, std::string> plans;  // by decimal id: the resources, as canonical JSON text
    };
    std::optional<Legacy> legacy;
};

// BH_E_INVALID: names the member and the remedy.
Result<Config> parse_config(std::string_view json);

}  // namespace bh::evm
