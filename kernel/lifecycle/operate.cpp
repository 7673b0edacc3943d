#include "kernel/lifecycle/operate.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

namespace bh::life {
namespace {

Failure none_such(const std::string& what) { return {BH_E_NOT_FOUND, "not_found", "there is no " + what, 0}; }
Failure refused(const std::string& why) { return {BH_E_CONFLICT, "refused", why, 0}; }

struct HeldJob {
    JobRow job;
    SubscriptionRow row;
};
Result<HeldJob> held_job(Tx& tx, std::int64_t number) {
    auto job = job_by_number(tx, number);
    if (!job) return none_such("job " + std::to_string(number));
    auto row = subscription_by_row(tx, job->row);
    if (!row) return none_such("subscription of job " + std::to_string(number));
    if (job->state != JobState::held || row->state != State::held) {
        return refused("job " + std::to_string(number) + " is " + std::string{to_text(job->state)} +
                       ": only a held one can be " + "retried or abandoned");
    }
    return HeldJob{std::move(*job), std::move(*row)};
}

}  // namespace

Status Operator::once(Tx& tx, const Command& command, const std::string& text) {
    if (command.nonce.empty()) return invalid("nonce", "a command needs a nonce");
    if (command.expires_ms != 0 && command.expires_ms < tx.now_ms()) return refused("the command has expired");
    if (!use_nonce(tx, command.nonce, text)) return refused("this command ran before");
    append_audit(tx, "operator", "command", "host", text);
    return {};
}

Status Operator::job_retry(const Command& command, std::int64_t job) {
    std::int64_t row = 0;
    auto done = journal_.write("operator", [&](Tx& tx) -> Status {
        auto held = held_job(tx, job);
        if (!held) return held.failure();
        row = held->row.row;
        return once(tx, command, "job retry " + std::to_string(job));
    });
    if (done) engine_.touch(row, true);
    return done;
}

Status Operator::job_abandon(const Command& command, std::int64_t number, bool object_is_gone) {
    std::int64_t touched = 0;
    bool retry = false;
    std::string name = "operator";
    auto done = journal_.write(name, [&](Tx& tx) -> Status {
        auto held = held_job(tx, number);
        if (!held) return held.failure();
        auto& [job, row] = *held;
        const bool removal = rules_of(job.step).removes || job.step == Step::decline;
        if (removal && !object_is_gone) {
            return refused(
                "'" + std::string{to_text(job.step)} +
                "' removes something: confirm that it is gone (--object-is-gone), else a new order could meet it");
        }
        if (auto ok = once(tx, command, "job abandon " + std::to_string(number)); !ok) return ok;
        touched = row.row;
        job.state = JobState::aborted;
        save_job(tx, job);
        if (job.step == Step::destroy || job.step == Step::clean) {
            if (const auto vm = vm_of(tx, row.row)) remove_vm(tx, vm->op_id);
        }
        if (job.step == Step::volume_delete || job.step == Step::clean) {
            for (const auto& volume : volumes_of(tx, row.row)) remove_volume(tx, volume.op_id);
        }
        // Undelivered: the buyer gets the money back. Else what the chain says, without that step.
        const StepRules& rules = rules_of(job.step);
        if (rules.on_failure == StepRules::OnFailure::unservable) {
            const Transition* decline = find_transition(row.state, Fact::abandoned);
            if (decline == nullptr) return refused("this subscription can't be declined any more");
            name = name_of(*decline);
            apply(tx, {config_, ports_.clock.boot_id()}, row, *decline, "abandoned");
        } else {
            retry = true;
        }
        return {};
    });
    if (done) engine_.touch(touched, retry);
    return done;
}

Status Operator::undo(const Command& command, std::int64_t number) {
    auto done = journal_.write("retiring/undo", [&](Tx& tx) -> Status {
        auto row = subscription_by_row(tx, number);
        if (!row) return none_such("subscription row " + std::to_string(number));
        const Transition* undo = find_transition(row->state, Fact::undo);
        if (undo == nullptr || row->undo_until_ms == 0 || tx.now_ms() >= row->undo_until_ms ||
            current_job(tx, number)) {
            return refused("there is nothing to undo: the subscription is " + std::string{to_text(row->state)} +
                           ", and undo works between its VM's stop and the end of the undo window");
        }
        if (auto ok = once(tx, command, "undo " + std::to_string(number)); !ok) return ok;
        row->undo_until_ms = 0;
        apply(tx, {config_, ports_.clock.boot_id()}, *row, *undo, "undo: the VM is kept, off, for a rescue");
        return {};
    });
    if (done) engine_.touch(number);
    return done;
}

Status Operator::accept_reorg(const Command& command, const std::string& instance) {
    std::vector<std::int64_t> rows;
    auto done = journal_.write("operator", [&](Tx& tx) -> Status {
        if (auto ok = once(tx, command, "chain accept-reorg " + instance); !ok) return ok;
        for (const auto& row : unfinished_subscriptions(tx)) rows.push_back(row.row);
        return bh::life::accept_reorg(tx, instance);
    });
    if (!done) return done;
    for (const std::int64_t row : rows) engine_.touch(row);
    engine_.wake();
    return done;
}

Status Operator::unpark(const Command& command, const std::string& instance) {
    auto done = journal_.write("operator", [&](Tx& tx) -> Status {
        if (auto ok = once(tx, command, "plugin unpark " + instance); !ok) return ok;
        for (auto parked : parked_instances(tx)) {
            if (parked.instance != instance) continue;
            parked.next_check_ms = tx.now_ms();
            save_parked(tx, parked);
            return {};
        }
        return none_such("parked instance '" + instance + "'");
    });
    if (done) engine_.wake();
    return done;
}

}  // namespace bh::life
