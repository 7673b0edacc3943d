// Engine: running jobs and taking in how they ended (LIFECYCLE.md section 3).
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/funds.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/assign.hpp"
#include "kernel/lifecycle/op_id.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr std::size_t kMaxCheckpoint = std::size_t{64} * 1024;
constexpr std::int64_t kPendingMs = 1000;
constexpr std::int64_t kShortestPendingMs = 200;  // a plugin in a hurry doesn't keep the journal busy
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kOverdueMs = 10'000;  // after its deadline; a worker that late is no more

std::string alarm_subject(const JobRow& job) { return "job:" + std::to_string(job.n); }

}  // namespace

// On a chain that was rolled back below a final position nothing is delivered, suspended, closed or destroyed, whatever
// the job has passed before.
bool Engine::waits_for_operator(const JobRow& job) {
    const Guard guard = rules_of(job.step).guard;
    if (job.step != Step::deliver && (guard == Guard::none || guard == Guard::open)) return false;
    const auto parked = [](const auto& chain) { return chain.second.cursor.parked_destruction; };
    if (std::none_of(chains_.begin(), chains_.end(), parked)) return false;
    bool waits = true;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        const auto row = subscription_by_row(tx, job.row);
        const auto cursor = row ? cursor_of(tx, row->instance) : std::nullopt;
        waits = cursor && cursor->parked_destruction;  // the operator's word is there before the next poll
        return {};
    });
    return !read || waits;
}

bool Engine::postpone(JobRow& job, std::int64_t until_ms) {
    job.not_before_ms = until_ms;
    const auto postponed = journal_.write([&](Tx& tx) -> Status {
        save_job(tx, job);
        return {};
    });
    if (!postponed) stalled_until_ms_ = now() + kPendingMs;
    return true;
}

// False: it can't run now.
bool Engine::start_job(std::int64_t number) {
    std::optional<JobRow> found;
    std::optional<SubscriptionRow> row;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        found = job_by_number(tx, number);
        if (found) row = subscription_by_row(tx, found->row);
        return {};
    });
    if (!read) stalled_until_ms_ = now() + kPendingMs;
    if (!read || !found || !row) return false;
    JobRow& job = *found;
    if (waits_for_operator(job)) {
        return postpone(job, now() + config_.backoff_max_ms);
    }
    // A job that waits for its transaction has passed the guard; it is read anew before the verb in any case.
    if (job.state != JobState::waiting && !guard_.satisfied(job.row, rules_of(job.step).guard)) {
        postpone(job, now() + std::max(guard_.policy().interval_ms(), kPendingMs));
        mark_dirty(*row);
        return true;
    }
    std::shared_ptr<WorkInput> input;
    const auto started = journal_.write("run/" + std::string{to_text(job.step)}, [&](Tx& tx) -> Status {
        row = subscription_by_row(tx, job.row);
        if (!row) return Failure{BH_E_CORRUPT, "job_without_row", "a job belongs to no subscription", 0};
        input = claim(tx, *row, job);
        return {};
    });
    if (!started) {
        stalled_until_ms_ = now() + kPendingMs;
        return false;
    }
    launch(input);
    return true;
}

// RUNNING and the next attempt are committed before the verb is called.
std::shared_ptr<WorkInput> Engine::claim(Tx& tx, const SubscriptionRow& row, JobRow& job) {
    if (job.step == Step::deliver && job.attempt == 0) mark_stage(tx, row.row, "deliver_sent", tx.now_ms());
    job.state = JobState::running;
    ++job.attempt;
    save_job(tx, job);
    return std::make_shared<WorkInput>(input_of(tx, row, job));
}

void Engine::launch(const std::shared_ptr<WorkInput>& input) {
    const JobRow& job = input->job;
    auto cancel = std::make_shared<CancelToken>();
    ++busy_[job.instance];
    const std::int64_t deadline_ms =
        rules_of(job.step).deadline_is_long ? config_.long_deadline_ms : config_.short_deadline_ms;
    running_[job.n] = {job.row, job.instance, cancel, job.step, now() + deadline_ms + kOverdueMs};
    post([this, input, cancel, deadline = static_cast<std::uint64_t>(deadline_ms)]() -> Done {
        const JobRow& running = input->job;
        Call call;
        call.op_id = running.op_id;
        call.trace_id = subject_of(input->row) + "/" + std::string{to_text(running.step)};
        call.attempt = running.attempt;
        call.checkpoint = running.checkpoint;
        call.deadline_ns = ports_.clock.monotonic_ns() + deadline * kNsPerMs;
        call.cancel = cancel.get();
        call.save = [this, n = running.n,
                     name = "save/" + std::string{to_text(running.step)}](const Bytes& bytes) -> Status {
            if (bytes.size() > kMaxCheckpoint) return invalid("checkpoint", "a checkpoint has at most 64 KiB");
            return journal_.write(name, [&](Tx& tx) -> Status {
                save_checkpoint(tx, n, bytes);
                return {};
            });
        };
        auto result = std::make_shared<WorkResult>(perform(*input, config_, ports_, call));
        ports_.boundaries.at("effect/" + std::string{to_text(running.step)});
        return [this, n = running.n, result] { return settled(n, result); };
    });
}

// A verb in this process can't be ended from outside. It is waited for, and whoever looks after the host is told.
bool Engine::report_overdue() {
    const auto late = std::find_if(running_.begin(), running_.end(), [at = now()](const auto& entry) {
        return !entry.second.told && at > entry.second.overdue_ms;
    });
    if (late == running_.end()) return false;
    auto& [n, job] = *late;
    const auto written = journal_.write("overdue", [&, number = n, &verb = job](Tx& tx) -> Status {
        const auto row = job_by_number(tx, number);
        if (!row) return {};
        raise_alarm(
            tx, alarm_subject(*row), "overdue",
            std::string{to_text(verb.step)} + " in " + verb.instance +
                " is long past its deadline and has not returned. Its plugin runs in blockhostd, which can't end it: "
                "see the plugin's log; a restart of blockhostd ends it and looks what became of it. With "
                "`isolation: process` an overdue plugin is ended by itself");
        append_audit(tx, "kernel", "overdue", "instance:" + verb.instance,
                     std::string{to_text(verb.step)} + " " + row->op_id);
        return {};
    });
    if (!written) return false;
    job.told = true;
    return true;
}

WorkInput Engine::input_of(Tx& tx, const SubscriptionRow& row, const JobRow& job) {
    const ChainSlot& slot = chains_[row.instance];
    WorkInput in;
    in.row = row, in.job = job;
    in.plan = plan_of(tx, row.instance, row.plan);
    in.vm = vm_of(tx, row.row);
    in.volumes = volumes_of(tx, row.row);
    in.address = address_of(tx, row.row);
    in.delegation = delegation_of(tx, in.address);
    in.credential = credential_of(tx, row.row);
    for (const auto& stage : stages_of(tx, row.row)) in.stages[stage.stage] = stage.at_ms;
    in.final_block = slot.cursor.final;
    in.min_agree = slot.config.guard_agree;
    in.chain = slot.description;
    in.vm_op_id = op_id_of(row, Step::vm_create, purchase_epoch(row));
    in.volume_op_id = op_id_of(row, Step::volume_create, purchase_epoch(row));
    in.hypervisor = in.vm                                           ? in.vm->instance
                    : in.address && !in.address->hypervisor.empty() ? in.address->hypervisor
                                                                    : config_.hypervisor;
    in.storage = in.address && !in.address->storage.empty() ? in.address->storage : config_.storage;
    if (job.step == Step::reserve) in.taken = seen_lately();
    return in;
}

Status Engine::settled(std::int64_t n, const std::shared_ptr<WorkResult>& result) {
    transition_name_.clear();
    std::optional<SubscriptionRow> row;
    bool look_again = false;
    std::shared_ptr<WorkInput> next;
    auto written = journal_.write(transition_name_, [&](Tx& tx) -> Status {
        auto job = job_by_number(tx, n);
        if (!job) return {};
        if (running_[n].told) clear_alarms(tx, alarm_subject(*job), "overdue");
        row = subscription_by_row(tx, job->row);
        if (!row) return {};
        const Status done = settle(tx, *job, *row, *result);
        // A move without a job, or an end that only the chain's word can resolve.
        const auto current = current_job(tx, row->row);
        look_again = !current || is_settled(current->state);
        next = done && !look_again ? claim_at_once(tx, *row, At::end, job->instance) : nullptr;
        return done;
    });
    if (!written) return written;
    if (const auto running = running_.find(n); running != running_.end()) {
        --busy_[running->second.instance];
        running_.erase(running);
    }
    if (!row) return {};
    if (result->refused) guard_.forget(row->row);
    if (again_.erase(row->row) > 0 || look_again) mark_dirty(*row);
    if (next) launch(next);
    return {};
}

Status Engine::settle(Tx& tx, JobRow& job, SubscriptionRow& row, WorkResult& result) {
    if (result.code == BH_OK && job.step == Step::reserve && !reserve(tx, row, result))
        result.code = result.failure.code;
    JobState next = outcome_of(result.code, job.step);
    job.last_code = result.code;
    job.last_reason = result.code == BH_OK ? "" : result.failure.reason;
    job.last_error = result.code == BH_OK ? "" : result.failure.message;
    if (next == JobState::done && rules_of(job.step).removes && unsettled_until_ms(tx, row.row) > tx.now_ms()) {
        next = JobState::backoff;
        job.last_reason = "unsettled", job.last_error = "a create of this order may still appear in its backend";
    }
    if (result.code == BH_E_EXHAUSTED && ++job.exhausted >= kMaxExhausted) next = JobState::failed;
    if (next == JobState::uncertain && ++job.looks > kMaxLooks) next = JobState::held;
    transition_name_ = "job/" + std::string{to_text(job.step)} + "/" + std::string{to_text(next)};
    switch (next) {
        case JobState::waiting:
            job.looks = job.exhausted = 0;
            back_off(tx, job, next,
                     result.failure.retry_after_ms > 0
                         ? std::max<std::int64_t>(result.failure.retry_after_ms, kShortestPendingMs)
                         : kPendingMs);
            return {};
        case JobState::backoff:
        case JobState::uncertain: {
            const std::int64_t waited = job.waiting_since_ms > 0 ? tx.now_ms() - job.waiting_since_ms : 0;
            const std::int64_t delay = std::clamp(waited, config_.backoff_min_ms, config_.backoff_max_ms);
            back_off(tx, job, next, std::max<std::int64_t>(delay, result.failure.retry_after_ms));
            return {};
        }
        case JobState::queued:
            back_off(tx, job, next, 0);
            return {};
        case JobState::parked:
            park(tx, job, result.failure);
            return {};
        case JobState::held: {
            job.state = JobState::held;
            give_up_job(tx, env(), job, job.last_error);
            if (const Transition* held = find_transition(row.state, Fact::step_held)) {
                transition_name_ = name_of(*held);
                apply(tx, env(), row, *held, job.last_reason);
            }
            return {};
        }
        default:
            break;
    }
    // done, failed, aborted
    job.state = next;
    job.waiting_since_ms = 0;
    job.looks = job.exhausted = 0;
    if (next == JobState::done) {
        clear_alarms(tx, alarm_subject(job));
        if (const auto& receipt = result.receipt) {
            save_fee(tx, {0, row.instance, receipt->tx, job.op_id, std::string{to_text(job.step)}, receipt->fee.units,
                          receipt->time});
        }
        record_effects(tx, row, job, result);
    }
    const bool interrupted = again_.contains(row.row);
    const Transition* done =
        next == JobState::done && !interrupted ? find_transition(row.state, Fact::step_done, job.step) : nullptr;
    job.consumed = done != nullptr;
    save_job(tx, job);
    append_audit(tx, "kernel", "job", subject_of(row),
                 std::string{to_text(job.step)} + " " + std::string{to_text(next)} + " " + job.op_id +
                     (job.last_reason.empty() ? "" : " " + job.last_reason));
    if (done == nullptr) return {};
    transition_name_ = name_of(*done);
    apply(tx, env(), row, *done, "");
    return {};
}

void Engine::back_off(Tx& tx, JobRow& job, JobState state, std::int64_t delay_ms) {
    job.state = state;
    job.not_before_ms = tx.now_ms() + delay_ms;
    if (state != JobState::queued && job.waiting_since_ms == 0) job.waiting_since_ms = tx.now_ms();
    if (state == JobState::queued) job.waiting_since_ms = 0;
    if (job.waiting_since_ms > 0 && tx.now_ms() - job.waiting_since_ms > config_.alarm_after_ms && !job.alarmed) {
        job.alarmed = true;
        raise_alarm(tx, alarm_subject(job), "slow_job",
                    std::string{to_text(job.step)} + " has been tried for more than an hour: " + job.last_error);
    }
    save_job(tx, job);
}

void Engine::park(Tx& tx, JobRow& job, const Failure& failure) {
    job.state = JobState::parked;
    save_job(tx, job);
    save_parked(tx, {job.instance, failure.reason, failure.message, tx.now_ms(), tx.now_ms() + config_.unpark_ms});
    raise_alarm(tx, "instance:" + job.instance, failure.reason, failure.message);
    append_audit(tx, "kernel", "park", "instance:" + job.instance, failure.reason);
}

// Name, address and host: all or nothing, in this transaction. False: result.failure says why not.
bool Engine::reserve(Tx& tx, const SubscriptionRow& row, WorkResult& result) {
    if (address_of(tx, row.row)) return true;  // adopted, or an earlier attempt's
    const std::uint32_t most = config_.max_vms > 0 ? config_.max_vms : result.max_vms;
    if (most > 0 && count_addresses(tx, config_.hypervisor) >= most) {
        result.failure = {BH_E_EXHAUSTED, "no_room", "the host runs as many VMs as it may", 0};
        return false;
    }
    const std::string op = op_id_of(row, Step::vm_create, purchase_epoch(row));
    result.failure = {BH_E_UNAVAILABLE, "no_prefix", "no IPv6 prefix is delegated yet", 0};
    for (const auto& delegation : delegations(tx)) {
        if (!delegation.usable || delegation.instance != config_.ipv6) continue;
        auto address = choose_address(delegation, op, [&](const std::string& candidate) {
            return address_is_taken(tx, candidate) ||
                   std::ranges::any_of(result.taken, [&](const auto& list) { return list->contains(candidate); });
        });
        if (!address) {
            result.failure = address.failure();
            continue;
        }
        if (assign_address(
                tx, {*address, delegation.op_id, vm_name(row.id, op), config_.hypervisor, config_.storage, row.row})) {
            append_audit(tx, "kernel", "reserve", subject_of(row), *address + " " + vm_name(row.id, op));
            return true;
        }
        result.failure = {BH_E_CONFLICT, "name_taken", "another subscription holds the name " + vm_name(row.id, op), 0};
    }
    return false;
}

void Engine::record_effects(Tx& tx, SubscriptionRow& row, const JobRow& job, WorkResult& result) {
    const auto stage = [&](const char* name) { mark_stage(tx, row.row, name, tx.now_ms()); };
    switch (job.step) {
        case Step::volume_create:
            save_volume(tx, {job.op_id, row.row, job.instance, result.volume->volume, "system", to_json(*result.volume),
                             tx.now_ms()});
            stage("volume");
            break;
        case Step::vm_create: {
            const auto address = address_of(tx, row.row);
            save_vm(tx, {job.op_id, row.row, job.instance, result.vm->vm, address ? address->name : result.vm->name,
                         tap_name(job.op_id), mac_address(job.op_id), address ? address->address : result.vm->address,
                         "", result.image_digest, tx.now_ms()});
            stage("created");
            break;
        }
        case Step::start:
            stage("started");
            break;
        case Step::resume:
        case Step::restart:
            clear_alarms(tx, subject_of(row), "network");
            clear_alarms(tx, subject_of(row), "tap_lost");
            break;
        case Step::reach:
            if (auto vm = vm_of(tx, row.row)) {
                vm->host_key = result.hello->host_key;
                save_vm(tx, *vm);
            }
            stage("reachable");
            break;
        case Step::seal:
            save_credential(tx, *result.credential);
            break;
        case Step::deliver:
            if (auto credential = credential_of(tx, row.row)) {
                credential->tx = result.receipt->tx;
                save_credential(tx, *credential);
            }
            append_audit(tx, "kernel", "delivered", subject_of(row), result.receipt->tx);
            break;
        case Step::close:
            row.close_tx = result.receipt->tx;
            break;
        case Step::destroy:
            if (const auto vm = vm_of(tx, row.row)) remove_vm(tx, vm->op_id);
            break;
        case Step::volume_delete:
            for (const auto& volume : volumes_of(tx, row.row)) remove_volume(tx, volume.op_id);
            break;
        case Step::clean:
            if (const auto vm = vm_of(tx, row.row)) remove_vm(tx, vm->op_id);
            for (const auto& volume : volumes_of(tx, row.row)) remove_volume(tx, volume.op_id);
            break;
        default:
            break;
    }
}

}  // namespace bh::life
