// The context of a call as it travels to the worker, and the word that ends it early.
#pragma once

#include "kernel/worker/wire.hpp"

#include <blockhost/call.h>

namespace bh::worker {

inline void put_call(Writer& out, const bh_call* call) {
    out.number(call->attempt);
    out.text({call->op_id.ptr, call->op_id.len});
    out.text({call->trace_id.ptr, call->trace_id.len});
    out.bytes(call->checkpoint.ptr, call->checkpoint.len);
    out.number(call->deadline_ns);
}

// One packet on a channel's second socket: which call shall stop (its number on this channel) and why.
struct Stop {
    std::uint32_t call = 0;
    std::uint32_t reason = BH_CANCEL_NONE;
};

}  // namespace bh::worker
