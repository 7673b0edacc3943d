// The configuration of one instance. Its JSON was checked against config.schema.json before it comes here.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"
#include "plugins/chain-evm/chain/profile.hpp"

#include <chrono>

namespace bh::evm {

struct EndpointConfig {
    std::string url;     // plain, or
    std::string secret;  // the name of a secret that holds it, when it contains a key
};

struct TokenConfig {
    std::string address, symbol;
    std::uint32_t decimals = 18;
};

// As written.
struct ConfigText {
    std::string chain;
    std::optional<Profile> custom_chain;
    std::vector<EndpointConfig> endpoints;
    std::string contract, credential;
    std::uint64_t start_block = 0;
    std::optional<std::uint32_t> final_depth;
    std::optional<std::uint64_t> max_fee_gwei, max_priority_fee_gwei;
    std::optional<std::uint32_t> bump_after_s;
    std::uint32_t timeout_s = 10;
    std::vector<TokenConfig> tokens;
};

struct Config {
    Profile profile;  // with the configuration's own limits in it
    EndpointConfig endpoint;
    Address contract, credential;
    std::uint64_t start_block = 0;
    std::chrono::seconds bump_after{60};
    std::chrono::seconds timeout{10};
    struct Token {
        Address address;
        std::string symbol;
        std::uint32_t decimals = 18;
    };
    std::vector<Token> tokens;
};

// BH_E_INVALID: names the member and the remedy.
Result<Config> parse_config(std::string_view json);

}  // namespace bh::evm
