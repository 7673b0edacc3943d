#include "kernel/lifecycle/machine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/op_id.hpp"
#include "kernel/lifecycle/work.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr const char* kVaultInstance = "signer";

// The fact that caused the step (LIFECYCLE.md section 2).
std::string epoch_of(const MachineEnv& env, const SubscriptionRow& row, Step step) {
    switch (step) {
        case Step::suspend:
        case Step::close:
        case Step::destroy:
        case Step::volume_delete:
        case Step::burn:
        case Step::resume:
            return std::to_string(row.expires_at.seconds);
        case Step::retire:
            // What no transaction closes is over by its expiry.
            return row.close_tx.empty() ? std::to_string(row.expires_at.seconds) : row.close_tx;
        case Step::restart:
            return env.boot_id + ":" + std::to_string(row.restarts);
        default:
            return purchase_epoch(row);
    }
}

// Starts of a VM that stops again and again come slower and slower; the first comes at once.
std::int64_t restart_delay_ms(const EngineConfig& config, std::uint32_t restarts) {
    constexpr std::uint32_t kMostDoublings = 10;
    if (restarts <= 1) return 0;
    const std::uint32_t doublings = std::min(restarts - 2, kMostDoublings);
    return std::min(config.backoff_max_ms * 10, config.backoff_min_ms << doublings);
}

// A chain that denies again and again what it called final (it says "not delivered" of an order, or that a closed
// subscription is to be closed) is asked slower and slower, and a person is told. What a rollback took is made at once.
void slow_down(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, JobRow& job) {
    const std::int64_t delay = repeat_delay_ms(env.config, job.reopened);
    if (delay == 0) return;
    job.not_before_ms += delay;
    // A guard that has counted makes a queued job due.
    if (rules_of(job.step).guard != Guard::none) job.state = JobState::backoff, job.waiting_since_ms = tx.now_ms();
    save_job(tx, job);
    const bool close = job.step == Step::close;
    const std::string look = ": look at the endpoints of " + row.instance + " and its plugin's log; ";
    raise_alarm(tx, subject_of(row), close ? kStepRepeated : kDeliveryDenied,
                close ? "the chain says again that this subscription is to be closed, after it said that its close is "
                        "final" +
                            look + "the VM is kept"
                      : "the chain says again that this order is not delivered, after it said that its delivery is "
                        "final" +
                            look + "the VM runs on, but its owner may not get in meanwhile");
}

bool is_said_by_operator(Fact fact) noexcept {
    return fact == Fact::undo || fact == Fact::abandoned || fact == Fact::confirmed_gone || fact == Fact::rebuild;
}

void mark_arrival(Tx& tx, const SubscriptionRow& row, State from) {
    if (row.state == State::active && (is_undelivered(from) || !is_delivered(from))) {
        mark_stage(tx, row.row, "deliver_final", tx.now_ms());
        mark_stage(tx, row.row, "active", tx.now_ms());
    }
    if (row.state != from) mark_stage(tx, row.row, "state:" + std::string{to_text(row.state)}, tx.now_ms());
}

// Statements go out while the VM runs for its owner, and only then.
void plan_statements(Tx& tx, const SubscriptionRow& row) {
    auto known = statement_of(tx, row.row);
    if (row.state == State::active) {
        StatementRow statement = known.value_or(StatementRow{row.row, 0, 0, 0, ""});
        if (statement.next_ms == 0) statement.next_ms = tx.now_ms();
        save_statement(tx, statement);
    } else if (known && known->next_ms != 0) {
        known->next_ms = 0;
        save_statement(tx, *known);
    }
}

}  // namespace

std::string subject_of(const SubscriptionRow& row) { return "subscription:" + row.id; }

std::string instance_of(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, Step step) {
    const auto vm = vm_of(tx, row.row);
    const auto address = address_of(tx, row.row);
    switch (rules_of(step).backend) {
        case StepRules::Backend::chain:
            return row.instance;
        case StepRules::Backend::vault:
            return kVaultInstance;
        case StepRules::Backend::hypervisor:
            return vm                                        ? vm->instance
                   : address && !address->hypervisor.empty() ? address->hypervisor
                                                             : env.config.hypervisor;
        case StepRules::Backend::storage:
            return address && !address->storage.empty() ? address->storage : env.config.storage;
        case StepRules::Backend::none:
            break;
    }
    return {};
}

std::int64_t repeat_delay_ms(const EngineConfig& config, std::uint32_t reopened) {
    constexpr std::uint32_t kMostDoublings = 16;
    if (reopened <= 1) return 0;
    return std::min(config.backoff_max_ms, config.backoff_min_ms << std::min(reopened - 2, kMostDoublings));
}

bool hold_worn_out(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, Step step) {
    if (rules_of(step).on_failure != StepRules::OnFailure::again) return false;
    auto job = job_by_op_id(tx, op_id_of(row, step, epoch_of(env, row, step)), step);
    if (!job || job->reopened < kMaxReopened) return false;
    job->state = JobState::held;
    job->consumed = true;
    save_job(tx, *job);
    return true;
}

JobRow order_job(Tx& tx, const MachineEnv& env, const SubscriptionRow& row, Step step) {
    const std::string epoch = epoch_of(env, row, step);
    const std::string op = op_id_of(row, step, epoch);
    auto known = job_by_op_id(tx, op, step);
    JobRow job = known.value_or(JobRow{});
    job.row = row.row, job.op_id = op, job.step = step, job.part = part_of(step), job.epoch = epoch;
    job.instance = instance_of(tx, env, row, step);
    job.state = JobState::queued;
    job.consumed = false;
    job.exhausted = job.looks = 0;
    job.waiting_since_ms = job.unsettled_until_ms = 0;
    job.not_before_ms = tx.now_ms();
    if (step == Step::restart) job.not_before_ms += restart_delay_ms(env.config, row.restarts);
    if (known) {
        ++job.reopened;
        save_job(tx, job);
    } else {
        add_job(tx, job);
    }
    return job;
}

void give_up_job(Tx& tx, const MachineEnv& env, JobRow& job, const std::string& why) {
    const bool may_appear =
        rules_of(job.step).creates && (job.state == JobState::waiting || job.state == JobState::uncertain ||
                                       job.state == JobState::held || job.state == JobState::running);
    if (may_appear) job.unsettled_until_ms = tx.now_ms() + longest_unsettled_ms(env.config);
    if (!is_settled(job.state) && job.state != JobState::held) {
        job.state = JobState::aborted;
        job.last_error = why;
    }
    job.consumed = true;
    job.waiting_since_ms = 0;
    save_job(tx, job);
    clear_alarms(tx, "job:" + std::to_string(job.n));
}

void apply(Tx& tx, const MachineEnv& env, SubscriptionRow& row, const Transition& transition, const std::string& why) {
    const State from = row.state;
    row.state = transition.to;
    row.wake_ms = 0;
    if (row.state == State::declining || row.state == State::held) row.reason = why;
    if (row.state == State::rolled_back) row.reason = "rolled_back";
    if (row.state == State::purchased || row.state == State::active) row.reason.clear();
    if (transition.to == State::retiring && from != State::retiring) row.undo_until_ms = 0;
    if (transition.done == Step::retire) {
        row.undo_until_ms = tx.now_ms() + env.config.undo_window_ms;
        row.wake_ms = row.undo_until_ms;
    }
    if (transition.fact == Fact::vm_stopped) ++row.restarts;
    if (row.state == State::ended) {
        row.due_at = {};
        remove_credential(tx, row.row);
    }
    // An address goes back only with the end of what used it.
    if (row.state == State::destroyed || row.state == State::ended) release_addresses(tx, row.row);
    if (row.state == State::held) {
        raise_alarm(tx, subject_of(row), "held",
                    why.empty() ? "a person is needed: see `blockhost subscription show`" : why);
    } else if (from == State::held) {
        clear_alarms(tx, subject_of(row), "held");
        // What was held is answered: only the newest question of a row waits for a person.
        for (JobRow& job : jobs_of(tx, row.row)) {
            if (job.state != JobState::held) continue;
            job.state = JobState::aborted;
            save_job(tx, job);
        }
    }
    if (row.state == State::active) clear_alarms(tx, subject_of(row), "late_delivery");
    // It is closed indeed, paid for again, or the alarm of what is held says it.
    if (transition.done == Step::retire || row.state == State::active || row.state == State::held)
        clear_alarms(tx, subject_of(row), kStepRepeated);
    if (row.state == State::ended) {
        for (const char* reason :
             {"late_delivery", "network", "tap_lost", kDeliveryDenied, kStepRepeated, "old_details"})
            clear_alarms(tx, subject_of(row), reason);
    }
    mark_arrival(tx, row, from);
    save_subscription(tx, row);
    plan_statements(tx, row);
    append_audit(tx, is_said_by_operator(transition.fact) ? "operator" : "kernel", "transition", subject_of(row),
                 name_of(transition) + " -> " + std::string{to_text(row.state)} + (why.empty() ? "" : ": " + why));
    if (transition.order != Step::none) {
        JobRow job = order_job(tx, env, row, transition.order);
        const bool denied =
            transition.fact == Fact::undelivered_again || (from == State::retiring && transition.order == Step::close);
        if (denied) slow_down(tx, env, row, job);
        append_audit(tx, "kernel", "order", subject_of(row), std::string{to_text(job.step)} + " " + job.op_id);
    }
}

}  // namespace bh::life
