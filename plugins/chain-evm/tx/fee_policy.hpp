// Which fees a transaction offers, under the caps of the configuration. Pure.
#pragma once

#include "plugins/chain-evm/chain/profile.hpp"
#include "plugins/chain-evm/rpc/node.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"

namespace bh::evm {

// Room for the base fee to double, plus the usual priority fee. BH_E_UNAVAILABLE "fee_above_cap" when the cap does not
// even pay the next block's base fee.
Result<Fees> choose_fees(const FeeHistory& market, const Profile::Fees& rules);

// Fees that replace a transaction with `paid`: a quarter more of both, or what the market asks if that is more.
// nullopt: the caps leave no room for the tenth that nodes ask for.
std::optional<Fees> bump_fees(const Fees& paid, const FeeHistory& market, const Profile::Fees& rules);

std::uint64_t gas_limit(std::uint64_t estimate, const Profile::Fees& rules);

}  // namespace bh::evm
