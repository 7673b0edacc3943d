// Inside testing/: the doubles' parts, and the faults that each of their verbs asks for first.
#pragma once

#include "kernel/lifecycle/seams.hpp"
#include "kernel/lifecycle/testing/world.hpp"

#include <memory>
#include <optional>

namespace bh::life::testing {

inline constexpr const char* kChain = "test:1";
inline constexpr const char* kContract = "0xcontract";

std::unique_ptr<ChainPort> make_world_chain(World& world);
std::unique_ptr<HypervisorPort> make_world_hypervisor(World& world);

// A fault of this verb that applies now, before (or after) its effect. "empty_vm_list" and "empty_volume_list": that
// list is answered, and there is nothing in it. "says_open": the chain says of an order that it was not delivered;
// "says_unclosed": that a delivered one was not closed.
inline std::optional<Failure> fault(World& w, std::string_view verb, bool after = false) {
    for (Fault& each : w.faults) {
        if (each.count == 0 || !(each.verb == verb) || each.after != after) continue;
        --each.count;
        return Failure{each.code, "fault", "an injected fault of " + std::string{verb}, 0};
    }
    return std::nullopt;
}

#define BH_FAULT(verb) \
    if (auto failure = fault(w_, verb)) return *failure
#define BH_LOST(verb) \
    if (auto failure = fault(w_, verb, true)) return *failure

}  // namespace bh::life::testing
