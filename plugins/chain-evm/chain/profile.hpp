// What is the same for everybody on one chain: chains/*.json, built into the plugin. Adding a chain takes a file there,
// or the same text in the configuration ("custom_chain"). Values; safe on any thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>
#include <vector>

namespace bh::evm {

struct Profile {
    std::string name;   // as the configuration names it
    std::string title;  // for people
    std::uint64_t chain_id = 0;
    bool testnet = false;
    std::uint32_t block_time_ms = 0;

    struct Finality {
        bool tags = false;         // nodes know "safe" and "finalized"
        std::uint32_t depth = 64;  // blocks below the head that poll() reports and compares at each call
    } finality;

    struct Logs {
        std::uint64_t max_range = 1000;  // blocks in one eth_getLogs
    } logs;

    struct Fees {
        std::uint64_t max_fee_gwei = 0;           // per gas, all together
        std::uint64_t max_priority_fee_gwei = 0;  // of it, for the block's maker
        std::uint64_t min_priority_fee_wei = 0;   // below this, transactions are left lying
        std::uint32_t gas_margin_permille = 1250;
    } fees;

    struct Coin {
        std::string symbol;
        std::uint32_t decimals = 18;
    } coin;

    std::string explorer;  // URL, empty: none

    // CAIP-2.
    [[nodiscard]] std::string caip2() const { return "eip155:" + std::to_string(chain_id); }
};

// BH_E_INVALID, naming the member.
Result<Profile> parse_profile(std::string_view json);

// One of those that are built in. BH_E_INVALID lists their names.
Result<Profile> built_in_profile(std::string_view name);
std::vector<std::string> built_in_profile_names();

}  // namespace bh::evm
