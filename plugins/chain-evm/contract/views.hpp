// What the contract's views return (contracts/src/interfaces/ViewTypes.sol), decoded. Pure, safe on any thread.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

struct SubscriptionView {
    SubscriptionState state;  // all but position and time
    Address agent;
    std::uint64_t outage_until = 0;
};
Result<SubscriptionView> decode_subscription(ByteView data, std::string_view id);

struct PlanView {
    bool exists = false;
    ChainEvent::PlanState state;  // all but resources
    std::uint64_t open = 0;       // places taken
};
Result<PlanView> decode_plan(ByteView data);

Result<std::string> decode_text(ByteView data, std::size_t max_size);
Result<Address> decode_address(ByteView data);
Result<std::vector<Address>> decode_addresses(ByteView data, std::size_t max_count);
Result<Uint256> decode_uint(ByteView data);
Result<Uint256> decode_earned(ByteView money);
Result<Balances::Escrow> decode_money(ByteView money);

// Owners of a RevenueSplit at most; of contracts/src/RevenueSplit.sol, shares().
inline constexpr std::size_t kMaxShares = 32;
Result<std::vector<Balances::Share>> decode_shares(ByteView data);

}  // namespace bh::evm
