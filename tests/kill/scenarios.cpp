#include "tests/kill/scenarios.hpp"

#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "tests/kill/rollbacks.hpp"

namespace bh::life::testing {
namespace {

using enum State;

// An operator's retry until the subscription is no longer held: it may be asked again after a kill.
Act retry_held() {
    const auto last_ms = std::make_shared<std::int64_t>(0);
    return {[last_ms](Scene& s) {
                const auto row = s.row();
                if (row && row->state == held && s.world.now_ms != *last_ms) {
                    *last_ms = s.world.now_ms;
                    s.engine->touch(row->row, true);
                }
                return row && row->state != held;
            },
            [](Scene&) {}};
}

bool needs_vm(Fact fact) {
    return fact == Fact::delivered_final || fact == Fact::closed_final || fact == Fact::burned_final;
}

// Makes `fact` true for a subscription that has just come to `from`.
Deed strike(State from, Fact fact) {
    const bool ended_on_chain = from == refunded || from == declined || from == cleaning;
    const bool gone_from_chain = from == rolled_back;
    const bool served = is_delivered(from) || from == retiring || from == destroyed || from == burning;
    const Deed open = ended_on_chain    ? Deed{undo_newest}
                      : gone_from_chain ? Deed{[](Scene& s) { user(s.world, "buy", "1"); }}
                                        : Deed{[](Scene&) {}};
    switch (fact) {
        case Fact::refund_seen:
            return users({"refund"}, 1);
        case Fact::refunded_final:
            return both(open, users({"refund"}, kFinalBlocks));
        case Fact::declined_final:
            return both(open, users({"decline"}, kFinalBlocks));
        case Fact::delivered_final:
        case Fact::delivered_no_vm:
            return both(open, users({"deliver"}, kFinalBlocks));
        case Fact::closed_final:
        case Fact::closed_no_vm:
            return both(open, served ? users({"cancel", "close"}, kFinalBlocks)
                                     : users({"deliver", "cancel", "close"}, kFinalBlocks));
        case Fact::burned_final:
        case Fact::burned_no_vm:
            if (from == destroyed || from == burning) return users({"burn"}, kFinalBlocks);
            return both(open, served ? users({"cancel", "close", "burn"}, kFinalBlocks)
                                     : users({"deliver", "cancel", "close", "burn"}, kFinalBlocks));
        case Fact::open_again:
            return from == held ? Deed{[](Scene&) {}} : Deed{undo_newest};
        case Fact::rolled_back:
            return undo_purchase;
        case Fact::order_lost:
            return [from](Scene& s) {
                // Not done before somebody has looked at the rollback.
                if (from == resuming || from == rebuilding) add_fault(s.world, "vm_start", BH_E_BUSY, 12);
                undo_purchase(s);
            };
        case Fact::remined:
            return users({"buy"}, from == rolled_back ? 1 : kFinalBlocks);
        case Fact::undelivered_again:
            return [](Scene& s) { undo_event(s, "delivered"); };
        case Fact::expired:
            return [from](Scene& s) {
                if (from == retiring) undo_newest(s);
                if (from == active) return;
                if (from == resuming) add_fault(s.world, "vm_start", BH_E_BUSY, 12);
                if (from != resuming) user(s.world, "extend", "1", kShortExtension);
                s.pass(1);
                pass_until(s, sub(s).expires);
            };
        case Fact::paid:
            return [from](Scene& s) {
                if (from == retiring) undo_newest(s);
                user(s.world, "extend", "1", kLongExtension);
                s.pass(kFinalBlocks);
            };
        case Fact::close_due:
            return [from](Scene& s) {
                if (from == retiring) return undo_newest(s);
                if (from == resuming || from == rebuilding) add_fault(s.world, "vm_start", BH_E_BUSY, 12);
                user(s.world, "cancel", "1");
                s.pass(kFinalBlocks);
            };
        case Fact::window_late:
            return [](Scene& s) { pass_until(s, sub(s).bought + kWindow * 8 / 10); };
        case Fact::vm_stopped:
            return [](Scene& s) { s.world.vms[0].running = false; };
        case Fact::step_held:
            return [from](Scene& s) {
                if (from == active) s.world.vms[0].running = false;
                const bool refused = from == active || from == suspending || from == resuming;
                add_fault(s.world, verb_of(from), refused ? BH_E_INVALID : BH_E_INTERNAL,
                          refused ? 2 : kLooksToHeld + (from == retiring ? 3 : 0));
            };
        case Fact::step_failed:
            return fail_next(verb_of(from), BH_E_INVALID);
        default:
            return [](Scene&) {};
    }
}

std::optional<Script> scenario_of(const Transition& t) {
    Script script;
    script.name = name_of(t);
    const Deed deed = strike(t.from, t.fact);
    switch (t.fact) {
        // On the ordinary way.
        case Fact::none:
        case Fact::step_done:
        case Fact::start_allowed:
        case Fact::purchase_open:
        case Fact::purchase_final:
        case Fact::gone_final:
        case Fact::undo_over:
        case Fact::burn_due:
            return std::nullopt;
        case Fact::undo:
            script.acts = {buy(),
                           {[](Scene& s) { return s.state_is(retiring) && s.row()->undo_until_ms > 0; },
                            [](Scene& s) {
                                if (const auto done = s.operate->undo(s.command(), s.row()->row); !done)
                                    violated(s.world, done.failure().message);
                            }}};
            return script;
        case Fact::rebuild:
            script.acts = rebuild_from(t.from);
            return script;
        case Fact::abandoned:
            script.acts = reach(held, false, [](Scene& s) {
                const auto job = s.job(Step::check);
                if (const auto done = s.operate->job_abandon(s.command(), job->n, false); !done)
                    violated(s.world, done.failure().message);
            });
            return script;
        case Fact::confirmed_gone:
            script.acts = reach(cleaning, false, fail_next("volume_list", BH_E_INTERNAL, kLooksToHeld));
            // After a kill the start's own list may have used up a fault: then the clean ends by itself.
            script.acts.push_back({[](Scene& s) { return s.state_is(held) || s.state_is(ended); },
                                   [](Scene& s) {
                                       if (s.state_is(ended)) return;
                                       const auto job = s.job(Step::clean);
                                       if (const auto done = s.operate->job_abandon(s.command(), job->n, true); !done)
                                           violated(s.world, done.failure().message);
                                   }});
            return script;
        default:
            break;
    }
    if (t.from == held && (t.fact == Fact::paid || t.fact == Fact::expired || t.fact == Fact::close_due)) {
        script.acts = reach_held_served(deed);
    } else if (t.from == ended && t.fact != Fact::remined) {
        script.acts = lose_end(t.fact == Fact::delivered_no_vm);
    } else if (t.from == cleaning && t.fact == Fact::remined) {
        script.acts = follow(reach(rolled_back, false, [](Scene&) {}), cleaning, deed);
    } else {
        script.acts = reach(t.from, needs_vm(t.fact), deed);
    }
    const bool by_itself =
        t.fact == Fact::declined_final || t.fact == Fact::refunded_final || t.fact == Fact::window_late;
    if (t.from == held && !by_itself) script.acts.push_back(retry_held());
    if (t.from == active && t.fact == Fact::step_held) script.acts.push_back({at_state(held), [](Scene&) {}});
    script.early_start = t.from == awaiting_final;
    return script;
}

// In that state; or at the end, without having been seen there: nothing could be written meanwhile.
std::function<bool(Scene&)> at_state_or_end(State state) {
    return [state](Scene& s) { return s.state_is(state) || s.state_is(ended); };
}

std::vector<Script> by_hand() {
    std::vector<Script> all;
    all.push_back({"the whole life",
                   {buy(),
                    {at_state_or_end(suspended),
                     [](Scene& s) {
                         if (s.state_is(suspended)) user(s.world, "extend", "1", kShortExtension);
                     }},
                    {at_state_or_end(active), [](Scene&) {}},
                    {at_state_or_end(suspended), [](Scene&) {}},
                    {at_state(ended), [](Scene&) {}}},
                   false,
                   true});
    all.push_back(
        {"a request that does not open is declined",
         {buy(), {at_once(), [](Scene& s) { s.world.request_opens = false; }}, {at_state(ended), [](Scene&) {}}},
         false,
         true});
    all.push_back(
        {"an early start waits for the purchase to be final", {buy(), {at_state(active), [](Scene&) {}}}, true, true});
    all.push_back({"cancelled by the operator: closed after the grace",
                   {buy(), {at_state(active), act_user("opcancel")}, {at_state(ended), [](Scene&) {}}},
                   false,
                   true});
    all.push_back({"every verb fails once",
                   {buy(),
                    {at_once(),
                     [](Scene& s) {
                         add_fault(s.world, "check_request", BH_E_INTERRUPTED);
                         add_fault(s.world, "hv_describe", BH_E_EXHAUSTED);
                         add_fault(s.world, "volume_create", BH_E_UNKNOWN_OUTCOME, 1, true);
                         add_fault(s.world, "vm_create", BH_E_INTERNAL, 1, true);
                         add_fault(s.world, "vm_start", BH_E_BUSY, 1, true);
                         add_fault(s.world, "guest_hello", BH_E_UNAVAILABLE, 2);
                         add_fault(s.world, "submit", BH_E_DENIED);
                     }},
                    {at_state(delivering), fail_next("submit", BH_E_UNKNOWN_OUTCOME, 1, true)},
                    {at_state(active), [](Scene&) {}}},
                   false,
                   true});
    all.push_back({"an extension that comes between the decision and the attempt stops the suspension",
                   {buy(),
                    {at_state(suspending),
                     [](Scene& s) {
                         user(s.world, "extend", "1", kShortExtension);
                         mine_block(s.world);
                     }},
                    {at_state(active), [](Scene&) {}}},
                   false,
                   true});
    all.push_back({"a lost answer of a create, then a refund: cleaned by created_by",
                   {buy(),
                    {at_once(), fail_next("vm_create", BH_E_UNKNOWN_OUTCOME, 3, true)},
                    {[](Scene& s) { return count_vms(s.world) == 1; }, users({"refund"}, 1)},
                    {at_state(ended), [](Scene&) {}}},
                   false,
                   true});
    all.push_back(
        {"the machine is rebooted",
         {buy(),
          {at_state(active),
           [](Scene& s) {
               reboot(s.world);
               s.restart();
           }},
          {[](Scene& s) { return s.state_is(active) && s.world.vms[0].running && count_bindings(s.world) == 1; },
           [](Scene&) {}}},
         false,
         true});
    all.push_back(deep_rollback());
    all.push_back({"a transfer",
                   {buy(),
                    {at_state(active), [](Scene& s) { user(s.world, "transfer", "1", 0, "0xother"); }},
                    {[](Scene& s) { return s.row()->owner == "0xother" && s.world.statements >= 2; }, [](Scene&) {}}},
                   false,
                   true});
    return all;
}

}  // namespace

std::vector<Script> kill_scenarios() {
    std::vector<Script> all = by_hand();
    for (const Transition& transition : transitions()) {
        if (auto script = scenario_of(transition)) all.push_back(std::move(*script));
    }
    return all;
}

std::vector<Script> pooled_scenarios() {
    std::vector<Script> all = by_hand();
    // It counts statements, and a kill between a number and its signature takes one.
    std::erase_if(all, [](const Script& script) { return script.name == "a transfer"; });
    for (Script& script : all) {
        script.name += ", pooled";
        script.as_a_pool = true;
    }
    return all;
}

}  // namespace bh::life::testing
