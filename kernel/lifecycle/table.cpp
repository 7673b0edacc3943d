#include "kernel/lifecycle/table.hpp"

#include <array>
#include <initializer_list>

namespace bh::life {
namespace {

constexpr std::array<std::string_view, kFactCount> kFacts{
    "none",           "start_allowed",   "purchase_final",  "purchase_open",     "refund_seen",
    "open_again",     "rolled_back",     "remined",         "gone_final",        "declined_final",
    "refunded_final", "delivered_final", "delivered_no_vm", "undelivered_again", "expired",
    "paid",           "close_due",       "closed_final",    "closed_no_vm",      "burned_final",
    "burned_no_vm",   "burn_due",        "order_lost",      "window_late",       "step_done",
    "step_failed",    "step_held",       "vm_stopped",      "undo_over",         "undo",
    "abandoned",      "confirmed_gone",  "rebuild"};

using enum State;
using Set = std::vector<State>;

const Set kWaiting{purchased, reserving, building, reachable, awaiting_final, sealing, delivering, declining};
const Set kServing{purchased, reserving, building, reachable, awaiting_final, sealing, delivering};
const Set kKept{active, suspending, suspended, resuming, closing};
const Set kDelivered{active, suspending, suspended, resuming, closing, rebuilding};

Set join(std::initializer_list<Set> sets) {
    Set all;
    for (const Set& set : sets) all.insert(all.end(), set.begin(), set.end());
    return all;
}

struct Rule {
    Set from;
    Fact fact;
    Step done;
    State to;
    Step order;
};

// LIFECYCLE.md section 4, top to bottom.
std::vector<Rule> rules() {
    using F = Fact;
    using S = Step;
    return {
        // purchased -> reserving -> building -> reachable -> [awaiting_final] -> sealing -> delivering -> active
        {{purchased}, F::start_allowed, S::none, purchased, S::check},
        {{purchased}, F::step_done, S::check, reserving, S::reserve},
        {{reserving}, F::step_done, S::reserve, building, S::volume_create},
        {{building}, F::step_done, S::volume_create, building, S::vm_create},
        {{building}, F::step_done, S::vm_create, building, S::start},
        {{building}, F::step_done, S::start, building, S::reach},
        {{building}, F::step_done, S::reach, reachable, S::none},
        {{reachable}, F::purchase_open, S::none, awaiting_final, S::none},
        {{reachable, awaiting_final}, F::purchase_final, S::none, sealing, S::seal},
        {{sealing}, F::step_done, S::seal, delivering, S::deliver},
        {{delivering}, F::step_done, S::deliver, active, S::none},

        // active -> suspending -> suspended -> resuming -> active
        {{active, resuming, closing, retiring, held}, F::expired, S::none, suspending, S::suspend},
        {{suspending}, F::step_done, S::suspend, suspended, S::none},
        {{suspending, suspended, closing, retiring}, F::paid, S::none, resuming, S::resume},
        {{held}, F::paid, S::none, active, S::none},
        {{resuming}, F::step_done, S::resume, active, S::none},

        // -> closing -> retiring -> destroyed -> burning -> ended
        {{active, suspending, suspended, resuming, rebuilding, retiring, held},
         F::close_due,
         S::none,
         closing,
         S::close},
        {{closing}, F::step_done, S::close, retiring, S::retire},
        {join({kWaiting, kDelivered, Set{refunded, declined, cleaning, held}}), F::closed_final, S::none, retiring,
         S::retire},
        {join({kWaiting, kDelivered, Set{refunded, declined, cleaning, held}}), F::burned_final, S::none, retiring,
         S::retire},
        {{retiring}, F::step_done, S::retire, retiring, S::none},
        {{retiring}, F::undo_over, S::none, retiring, S::destroy},
        {{retiring}, F::step_done, S::destroy, retiring, S::volume_delete},
        {{retiring}, F::step_done, S::volume_delete, destroyed, S::none},
        {{destroyed}, F::burn_due, S::none, burning, S::burn},
        {{burning}, F::step_done, S::burn, ended, S::none},
        {{retiring}, F::undo, S::none, held, S::none},
        {{purchased, reserving, building, declining, refunded, declined, cleaning, held, ended},
         F::closed_no_vm,
         S::none,
         destroyed,
         S::none},
        {{purchased, reserving, building, declining, refunded, declined, cleaning, held, destroyed, burning},
         F::burned_no_vm,
         S::none,
         ended,
         S::none},

        // can't be served
        {{purchased, reserving, building, sealing, delivering}, F::step_failed, S::none, declining, S::decline},
        {join({kServing, Set{held}}), F::window_late, S::none, declining, S::decline},
        {{held}, F::abandoned, S::none, declining, S::decline},
        {{held}, F::confirmed_gone, S::none, ended, S::none},
        {{declining}, F::step_done, S::decline, declined, S::none},
        {join({kWaiting, Set{declined, refunded, held}}), F::declined_final, S::none, cleaning, S::clean},

        // the buyer was first
        {kWaiting, F::refund_seen, S::none, refunded, S::none},
        {join({kWaiting, Set{declined, refunded, held}}), F::refunded_final, S::none, cleaning, S::clean},
        {{refunded, declined, cleaning, held}, F::open_again, S::none, purchased, S::none},

        // the purchase's block left the chain
        {join({kWaiting, Set{declined, refunded, held}}), F::rolled_back, S::none, rolled_back, S::none},
        {{rolled_back, cleaning, ended}, F::remined, S::none, purchased, S::none},
        {{rolled_back}, F::gone_final, S::none, cleaning, S::clean},
        {{cleaning}, F::step_done, S::clean, ended, S::none},

        // the final state says delivered
        {join({kWaiting, Set{refunded, declined, cleaning, rolled_back}}), F::delivered_final, S::none, active,
         S::none},
        {{purchased, reserving, building, declining, refunded, declined, cleaning, rolled_back, ended},
         F::delivered_no_vm,
         S::none,
         held,
         S::none},

        // a rollback below a final position
        {kKept, F::undelivered_again, S::none, delivering, S::deliver},
        {{rebuilding}, F::undelivered_again, S::none, reserving, S::reserve},
        {join({kDelivered, Set{retiring, destroyed, burning}}), F::order_lost, S::none, held, S::none},

        // a delivered order whose VM is lost: built again under the op_ids of the first, nothing is delivered twice
        {{active, held}, F::rebuild, S::none, rebuilding, S::reserve},
        {{rebuilding}, F::step_done, S::reserve, rebuilding, S::volume_create},
        {{rebuilding}, F::step_done, S::volume_create, rebuilding, S::vm_create},
        {{rebuilding}, F::step_done, S::vm_create, rebuilding, S::start},
        {{rebuilding}, F::step_done, S::start, rebuilding, S::reach},
        {{rebuilding}, F::step_done, S::reach, active, S::none},

        // a VM found stopped
        {{active}, F::vm_stopped, S::none, active, S::restart},
        {{active}, F::step_done, S::restart, active, S::none},

        // any -> held
        {{purchased, reserving, building, sealing, delivering, declining, active, suspending, resuming, closing,
          rebuilding, retiring, burning, cleaning},
         F::step_held,
         S::none,
         held,
         S::none},
    };
}

std::vector<Transition> expand() {
    std::vector<Transition> all;
    for (const Rule& rule : rules()) {
        for (const State from : rule.from) all.push_back({from, rule.fact, rule.done, rule.to, rule.order});
    }
    return all;
}

const std::vector<Transition>& table() noexcept {
    static const std::vector<Transition> all = expand();
    return all;
}

using B = StepRules::Backend;
using O = StepRules::OnFailure;
// step, backend, creates, removes, long deadline, guard, what FAILED means
constexpr std::array<StepRules, kStepCount> kSteps{{
    {Step::none, B::none, false, false, false, Guard::none, O::held},
    {Step::check, B::vault, false, false, false, Guard::none, O::unservable},
    {Step::reserve, B::none, false, false, false, Guard::none, O::unservable},
    {Step::volume_create, B::storage, true, false, true, Guard::none, O::unservable},
    {Step::vm_create, B::hypervisor, true, false, true, Guard::none, O::unservable},
    {Step::start, B::hypervisor, true, false, true, Guard::none, O::unservable},
    {Step::reach, B::hypervisor, false, false, false, Guard::none, O::unservable},
    {Step::seal, B::vault, false, false, false, Guard::none, O::unservable},
    {Step::deliver, B::chain, false, false, false, Guard::none, O::unservable},
    {Step::decline, B::chain, false, false, false, Guard::open, O::held},
    {Step::clean, B::hypervisor, false, true, true, Guard::gone, O::held},
    {Step::suspend, B::hypervisor, false, false, true, Guard::expired, O::held},
    {Step::resume, B::hypervisor, false, false, true, Guard::none, O::held},
    {Step::close, B::chain, false, false, false, Guard::close_due, O::again},
    {Step::retire, B::hypervisor, false, false, true, Guard::closed, O::held},
    {Step::destroy, B::hypervisor, false, true, true, Guard::closed, O::held},
    {Step::volume_delete, B::storage, false, true, true, Guard::closed, O::held},
    {Step::burn, B::chain, false, false, false, Guard::closed, O::again},
    {Step::restart, B::hypervisor, false, false, true, Guard::none, O::held},
}};

constexpr std::array<Outcome, 16> kOutcomes{{
    {BH_OK, JobState::done},
    {BH_PENDING, JobState::waiting},
    {BH_E_BUSY, JobState::backoff},
    {BH_E_UNAVAILABLE, JobState::backoff},
    {BH_E_TIMEOUT, JobState::backoff},
    {BH_E_EXHAUSTED, JobState::backoff},
    {BH_E_UNKNOWN_OUTCOME, JobState::uncertain},
    {BH_E_INTERNAL, JobState::uncertain},
    {BH_E_INTERRUPTED, JobState::queued},
    {BH_E_DENIED, JobState::parked},
    {BH_E_NO_FUNDS, JobState::parked},
    {BH_E_CORRUPT, JobState::parked},
    {BH_E_CANCELLED, JobState::aborted},
    {BH_E_INVALID, JobState::failed},
    {BH_E_UNSUPPORTED, JobState::failed},
    {BH_E_CONFLICT, JobState::failed},
}};

bool contains(const Set& set, State state) noexcept {
    for (const State each : set) {
        if (each == state) return true;
    }
    return false;
}

}  // namespace

std::string_view to_text(Fact fact) noexcept {
    const auto index = static_cast<std::size_t>(fact);
    return index < kFacts.size() ? kFacts[index] : std::string_view{"?"};
}

std::span<const Transition> transitions() noexcept { return table(); }

const Transition* find_transition(State from, Fact fact, Step done) noexcept {
    for (const Transition& each : table()) {
        if (each.from == from && each.fact == fact && each.done == done) return &each;
    }
    return nullptr;
}

std::string name_of(const Transition& transition) {
    std::string name{to_text(transition.from)};
    name += '/';
    name += to_text(transition.fact);
    if (transition.done != Step::none) name += ':' + std::string{to_text(transition.done)};
    return name;
}

bool is_undelivered(State state) noexcept { return contains(kWaiting, state); }
bool is_delivered(State state) noexcept { return contains(kDelivered, state); }

const StepRules& rules_of(Step step) noexcept { return kSteps[static_cast<std::size_t>(step)]; }

Line line_of(Step step) noexcept {
    switch (step) {
        case Step::suspend:
        case Step::resume:
        case Step::close:
        case Step::restart:
            return Line::served;
        case Step::check:
        case Step::reserve:
        case Step::volume_create:
        case Step::vm_create:
            return Line::fresh;
        default:
            return Line::begun;
    }
}

std::span<const Outcome> outcomes() noexcept { return kOutcomes; }

JobState outcome_of(bh_status code, Step step) noexcept {
    if (code == BH_E_NOT_FOUND) return rules_of(step).removes ? JobState::done : JobState::uncertain;
    for (const Outcome& each : kOutcomes) {
        if (each.code == code) return each.next;
    }
    return JobState::uncertain;
}

}  // namespace bh::life
