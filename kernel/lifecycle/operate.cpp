#include "kernel/lifecycle/operate.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <algorithm>

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
                       ": only a held one can be retried or abandoned");
    }
    return HeldJob{std::move(*job), std::move(*row)};
}

// Whoever waits for the order gets the money back when this step is given up.
bool is_for_delivery(Step step) {
    return rules_of(step).on_failure == StepRules::OnFailure::unservable || step == Step::decline;
}

// An operator has looked: what this step should have removed is not there.
void forget_objects(Tx& tx, Step step, std::int64_t row) {
    if (step == Step::destroy || step == Step::clean) {
        if (const auto vm = vm_of(tx, row)) remove_vm(tx, vm->op_id);
    }
    if (step == Step::volume_delete || step == Step::clean) {
        for (const auto& volume : volumes_of(tx, row)) remove_volume(tx, volume.op_id);
    }
}

}  // namespace

Status take_command(Tx& tx, const Command& command, const std::string& text) {
    if (command.nonce.empty()) return invalid("nonce", "a command needs a nonce");
    if (command.expires_ms != 0 && command.expires_ms < tx.now_ms()) return refused("the command has expired");
    const std::string recovered = meta(tx, kRecoveredMs);
    if (command.issued_ms != 0 && !recovered.empty() && command.issued_ms <= std::stoll(recovered)) {
        return refused("the command was given before the journal was recovered, and may have run: give it anew");
    }
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
        return take_command(tx, command, "job retry " + std::to_string(job));
    });
    if (done) engine_.touch(row, true);
    return done;
}

Status Operator::retry(const Command& command, std::int64_t number) {
    auto done = journal_.write("operator", [&](Tx& tx) -> Status {
        const auto row = subscription_by_row(tx, number);
        if (!row) return none_such("subscription row " + std::to_string(number));
        if (row->state != State::held) {
            return refused("the subscription is " + std::string{to_text(row->state)} +
                           ": only a held one waits for a person");
        }
        return take_command(tx, command, "subscription retry " + std::to_string(number));
    });
    if (done) engine_.touch(number, true);
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
        const bool removal = rules_of(job.step).removes;
        if (removal && !object_is_gone) {
            return refused("'" + std::string{to_text(job.step)} +
                           "' removes something: look whether it is gone, remove it by hand if not, and confirm that "
                           "(--gone); else it would stay behind without an owner");
        }
        const std::string said = std::string{"job abandon "} + std::to_string(number) + (removal ? " --gone" : "");
        if (auto ok = take_command(tx, command, said); !ok) return ok;
        touched = row.row;
        job.state = JobState::aborted;
        job.last_reason = job.step == Step::clean ? kConfirmedGone : "abandoned";
        save_job(tx, job);
        if (removal) forget_objects(tx, job.step, row.row);
        retry = !is_for_delivery(job.step);
        if (retry) return {};
        auto chain = port_of(ports_.chains, row.instance);
        const auto facts = chain ? (*chain)->describe() : Result<ChainDescription>{chain.failure()};
        if (facts && !abilities_of(*facts).decline) {
            return refused("this contract can't give the money back: refund the buyer by hand, then cancel it there");
        }
        const Transition* decline = find_transition(row.state, Fact::abandoned);
        if (decline == nullptr) return refused("this subscription can't be declined any more");
        name = name_of(*decline);
        apply(tx, {config_, ports_.clock.boot_id()}, row, *decline, "abandoned");
        return {};
    });
    if (done) engine_.touch(touched, retry);
    return done;
}

Status Operator::recover(const Command& command) {
    auto done = journal_.write("operator", [&](Tx& tx) { return take_command(tx, command, "recover"); });
    if (done) engine_.recover();
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
        if (auto ok = take_command(tx, command, "undo " + std::to_string(number)); !ok) return ok;
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
        if (auto ok = take_command(tx, command, "chain accept-reorg " + instance); !ok) return ok;
        for (const auto& row : unfinished_subscriptions(tx)) {
            if (row.instance != instance) continue;
            rows.push_back(row.row);
            // A delivery that waited for this need not wait for its timer.
            auto job = current_job(tx, row.row);
            if (!job || job->step != Step::deliver || job->state == JobState::running || is_settled(job->state))
                continue;
            job->not_before_ms = std::min(job->not_before_ms, tx.now_ms());
            save_job(tx, *job);
        }
        // What had ended, and whose end the rollback took.
        for (const std::int64_t number : rows_to_wake(tx, INT64_MAX, INT32_MAX)) {
            const auto row = subscription_by_row(tx, number);
            if (row && row->state == State::ended && row->instance == instance) rows.push_back(number);
        }
        return bh::life::accept_reorg(tx, instance);
    });
    if (!done) return done;
    for (const std::int64_t row : rows) engine_.touch(row);
    engine_.wake();
    return done;
}

Status Operator::unpark(const Command& command, const std::string& instance) {
    auto done = journal_.write("operator", [&](Tx& tx) -> Status {
        if (auto ok = take_command(tx, command, "plugin unpark " + instance); !ok) return ok;
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
