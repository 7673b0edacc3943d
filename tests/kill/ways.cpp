#include "tests/kill/ways.hpp"

#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"

namespace bh::life::testing {

using enum State;

Deed fail_next(const char* verb, std::int32_t code, std::uint32_t count, bool after) {
    return [=](Scene& s) { add_fault(s.world, verb, code, count, after); };
}

Deed both(Deed a, Deed b) {
    return [=](Scene& s) {
        a(s);
        b(s);
    };
}

Deed users(std::vector<const char*> actions, std::int64_t blocks) {
    return [=](Scene& s) {
        for (const char* action : actions) user(s.world, action, "1");
        s.pass(blocks);
    };
}

void pass_until(Scene& s, std::int64_t at) {
    s.pass(std::max<std::int64_t>(at + 2 - head(s.world).time, 1));
    s.pass(kFinalBlocks - 1);
}

const Sub& sub(Scene& s) { return *find_sub(head(s.world), "1"); }

void undo_event(Scene& s, const char* type) {
    reorganise(s.world, height_of(s.world, type) - 1, true);
    s.world.now_ms += 1000;
}

void undo_newest(Scene& s) { undo_event(s, s.world.events[s.world.event_count - 1].type.data); }
void undo_purchase(Scene& s) { undo_event(s, "purchased"); }

const char* verb_of(State state) {
    switch (state) {
        case purchased:
            return "check_request";
        case reserving:
        case rebuilding:
            return "hv_describe";
        case building:
            return "volume_create";
        case sealing:
            return "seal_credential";
        case suspending:
            return "vm_stop";
        case active:
        case resuming:
            return "vm_start";
        case retiring:
            return "vm_get";
        case cleaning:
            return "volume_list";
        default:
            return "submit";
    }
}

Acts follow(Acts acts, State state, Deed then) {
    acts.push_back({at_state(state), std::move(then)});
    return acts;
}

Acts reach(State state, bool with_vm, const Deed& then) {
    const Deed nothing = [](Scene&) {};
    switch (state) {
        case purchased:
            if (!with_vm) return follow({buy()}, purchased, then);
            return follow({buy()}, delivering, [then](Scene& s) {
                s.wipe();
                then(s);
            });
        case reserving:
            if (!with_vm) return follow({buy()}, reserving, then);
            return follow(follow({buy()}, delivering, [](Scene& s) { s.wipe(); }), reserving, then);
        case building:
            if (!with_vm) return follow({buy()}, building, then);
            return {buy(), {[](Scene& s) { return s.state_is(building) && s.job(Step::start).has_value(); }, then}};
        case declining: {
            const char* verb = with_vm ? "seal_credential" : "check_request";
            return follow({buy(), {at_once(), fail_next(verb, BH_E_INVALID, 2)}}, declining, then);
        }
        case declined:
            return follow(reach(declining, with_vm, nothing), declined, then);
        case refunded:
            return follow(reach(with_vm ? delivering : purchased, false, users({"refund"}, 1)), refunded, then);
        case rolled_back:
            return follow(reach(with_vm ? delivering : purchased, false, undo_purchase), rolled_back, then);
        case cleaning:
            return follow(reach(refunded, with_vm, nothing), cleaning, then);
        case resuming:
            return follow(reach(suspended, true, act_user("extend", kLongExtension)), resuming, then);
        case rebuilding:
            return {{at_once(), [](Scene& s) { user(s.world, "buy", "1", kLongExtension, "0xbuyer"); }},
                    lose_and_rebuild(active, then)};
        case held:
            return follow(
                {buy(),
                 {at_once(), fail_next(with_vm ? "seal_credential" : "check_request", BH_E_INTERNAL, kLooksToHeld)}},
                held, then);
        case ended:
            return follow(reach(rolled_back, false, nothing), ended, then);
        default:
            return follow({buy()}, state, then);  // the ordinary way
    }
}

Acts reach_held_served(const Deed& then) {
    return follow(reach(suspending, true, fail_next("vm_stop", BH_E_INVALID, 2)), held, then);
}

}  // namespace bh::life::testing
