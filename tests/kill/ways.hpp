// Ways: what scenarios are put together from, and how a subscription comes to a state.
#pragma once

#include "kernel/lifecycle/testing/driver.hpp"

namespace bh::life::testing {

using Acts = std::vector<Act>;
using Deed = std::function<void(Scene&)>;

inline constexpr std::uint32_t kLooksToHeld = 9;  // that end UNCERTAIN, until a job is held
inline constexpr std::int64_t kFinalBlocks = 5, kLongExtension = 200, kShortExtension = 30;

Deed fail_next(const char* verb, std::int32_t code, std::uint32_t count = 1, bool after = false);
Deed both(Deed a, Deed b);
// The owner's transactions, and so many blocks on top.
Deed users(std::vector<const char*> actions, std::int64_t blocks);
// Time passes on the chain until `at`, and that is final.
void pass_until(Scene& s, std::int64_t at);
// The subscription of a scenario, as the head has it.
const Sub& sub(Scene& s);

// The newest event of this type, or the newest thing at all, or the purchase never happened.
void undo_event(Scene& s, const char* type);
void undo_newest(Scene& s);
void undo_purchase(Scene& s);

// Why a job of this state's step would be held.
const char* verb_of(State state);

Acts follow(Acts acts, State state, Deed then);
// Acts after which the subscription is in `state`; the last act is `then`, at the first moment of that state.
Acts reach(State state, bool with_vm, const Deed& then);
// A delivered subscription that is held: its VM would not stop.
Acts reach_held_served(const Deed& then);

}  // namespace bh::life::testing
