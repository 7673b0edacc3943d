// The verb submit on the pretended chain.
#pragma once

#include "tests/plugins/mem-chain/state.hpp"

#include <functional>

namespace bh::mem {

// What one op_id wants: the call, the document that it came as, and whether its effect is there already.
struct Wanted {
    ContractCall call;
    std::string document;
    std::function<bool(const Ledger&)> done;
};
Wanted wanted_of(const Intent& intent);

// Sends it once per op_id and waits for it: the checkpoint holds the transaction, saved before it is sent.
Result<Receipt> submit_once(ChainState& state, const sdk::Call& call, const Wanted& wanted, const Position& final_at);

}  // namespace bh::mem
