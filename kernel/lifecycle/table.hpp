// The life of a subscription as data: every transition of LIFECYCLE.md section 4 and every outcome of section 3, once.
// Tests and the kill matrix enumerate these tables; the engine does nothing that is not in them.
#pragma once

#include "kernel/journal/vocabulary.hpp"

#include <blockhost/base.h>

#include <span>
#include <string>
#include <vector>

namespace bh::life {

// What can move a subscription.
enum class Fact : std::uint8_t {
    none,
    // Read from the chain (standing.hpp).
    start_allowed,   // the purchase is final, or early within the operator's risk limit
    purchase_final,  // the final position says open
    purchase_open,   // reachable, and the purchase is not final yet
    refund_seen,     // the head says refunded
    open_again,      // a refund or decline is gone from the chain
    rolled_back,     // the purchase's block left the chain
    remined,         // and it is mined again
    gone_final,      // a final position excludes the purchase
    declined_final,
    refunded_final,
    delivered_final,  // delivered and ours, and there is the VM
    delivered_no_vm,
    undelivered_again,  // a rollback below a final position took the delivery
    expired,
    paid,
    close_due,
    closed_final,
    closed_no_vm,
    burned_final,
    burned_no_vm,  // or destroyed, where the contract can't burn
    burn_due,      // destroyed, and the credential is still there
    order_lost,    // a delivered order is not on the chain, or a close is gone and so is the VM
    window_late,   // 80 % of the delivery window have passed, and no deliver is in flight
    // From jobs.
    step_done,
    step_failed,
    step_held,
    // From the backend, timers and operators.
    vm_stopped,
    undo_over,
    undo,
    abandoned,
    confirmed_gone,  // what should have been cleaned is gone, an operator says, and the chain owes nobody anything
    rebuild,         // the VM of a delivered order is lost, an operator says, and no hypervisor has it
};
inline constexpr std::size_t kFactCount = 33;
std::string_view to_text(Fact fact) noexcept;

struct Transition {
    State from;
    Fact fact;
    Step done;  // which step ended, for step_done; else none
    State to;
    Step order;  // the job that is made in the same transaction; none = no job
};

// All of them, expanded to single states.
std::span<const Transition> transitions() noexcept;

// Null: this fact changes nothing in this state.
const Transition* find_transition(State from, Fact fact, Step done = Step::none) noexcept;

// "reserving/step_done:reserve": the name of its transaction, and of the boundaries before and after its commit.
std::string name_of(const Transition& transition);

// Groups of states.
bool is_undelivered(State state) noexcept;  // purchased .. delivering, declining: a buyer waits
bool is_delivered(State state) noexcept;    // active, suspending, suspended, resuming, closing, rebuilding

// What a job's step needs and is.
enum class Guard : std::uint8_t { none, expired, close_due, closed, gone, open, lost };
struct StepRules {
    Step step;
    enum class Backend : std::uint8_t { none, chain, hypervisor, storage, vault } backend;
    bool creates;  // may leave something in its backend when it is given up
    bool removes;  // NOT_FOUND is success
    bool deadline_is_long;
    Guard guard;  // what must hold, read anew, before each attempt
    // What FAILED means when the final state does not show the effect. `again`: kMaxReopened times, then held.
    enum class OnFailure : std::uint8_t { unservable, held, again } on_failure;
};
const StepRules& rules_of(Step step) noexcept;

// Jobs stand in three lines, and each line has its turn: for subscriptions that are served; those that bring what was
// begun to an end; those that begin something new. So many purchases at once keep no payer waiting, and the first of
// them is finished before the last is begun.
enum class Line : std::uint8_t { served, begun, fresh };
Line line_of(Step step) noexcept;

// A status of the ABI -> what becomes of the job.
struct Outcome {
    bh_status code;
    JobState next;
};
std::span<const Outcome> outcomes() noexcept;
// NOT_FOUND and the limits depend on the step and are applied by the engine; an unknown code is `uncertain`.
JobState outcome_of(bh_status code, Step step) noexcept;

inline constexpr std::uint32_t kMaxExhausted = 10;
inline constexpr std::uint32_t kMaxLooks = 8;
inline constexpr std::uint32_t kMaxReopened = 8;  // of a job that failed, or whose effect the chain denies

}  // namespace bh::life
