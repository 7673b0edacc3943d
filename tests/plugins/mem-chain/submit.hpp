// The verb submit on the pretended chain.
#pragma once

#include "tests/plugins/mem-chain/state.hpp"

namespace bh::mem {

// Sends `intent` once per op_id and waits for it: the checkpoint holds the transaction, saved before it is sent.
Result<Receipt> submit_once(ChainState& state, const sdk::Call& call, const Intent& intent, const Position& final_at);

}  // namespace bh::mem
