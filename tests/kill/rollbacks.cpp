#include "tests/kill/rollbacks.hpp"

#include "kernel/journal/events.hpp"

namespace bh::life::testing {
namespace {

using enum State;

bool is_parked(Scene& s) {
    return s.read<bool>([](Tx& tx) {
        const auto cursor = cursor_of(tx, "chain");
        return cursor && cursor->parked_destruction;
    });
}

}  // namespace

Script deep_rollback() {
    // The operator accepts as soon as nothing is sold any more, again after a kill.
    Script deep{"a rollback below a final position stops deliveries and sales until it is accepted",
                {buy(),
                 {at_state(active), [](Scene& s) { undo_event(s, "delivered"); }},
                 {is_parked, [](Scene&) {}},
                 {[](Scene& s) {
                      const bool stopped = head(s.world).capacity == 0 && s.state_is(delivering) && is_parked(s);
                      if (stopped) s.accept_reorg();
                      return s.state_is(active) && head(s.world).capacity == kCapacity && !is_parked(s);
                  },
                  [](Scene&) {}}}};
    deep.accept_reorgs = false;
    return deep;
}

Acts lose_end(bool close_too) {
    Acts acts = follow({buy()}, ended, [close_too](Scene& s) { undo_event(s, close_too ? "closed" : "burned"); });
    acts.push_back({[close_too](Scene& s) { return close_too ? s.state_is(held) : s.state_is(ended) && sub(s).burned; },
                    [](Scene&) {}});
    return acts;
}

Acts rebuild_from(State from) {
    Acts acts;
    if (from == active) {
        acts = reach(rebuilding, true, [](Scene&) {});
    } else {
        acts = reach_held_served(act_user("extend", kLongExtension));
        acts.push_back(lose_and_rebuild(held, [](Scene&) {}));
    }
    acts.push_back({at_state(active), [](Scene&) {}});
    return acts;
}

}  // namespace bh::life::testing
