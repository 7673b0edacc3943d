// Engine: looking at subscriptions that something happened to, and deciding what follows. Every decision rests on fresh
// reads of the chain at the newest final position and at the head.
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr std::int64_t kPermille = 1000;
constexpr std::int64_t kFinalityRetryMs = 1000;

// "an amount is at most a limit", both decimal texts without leading zeros.
bool at_most(const Amount& amount, const Amount& limit) {
    if (amount.units.size() != limit.units.size()) return amount.units.size() < limit.units.size();
    return amount.units <= limit.units;
}

// What the chain said, for the guard to compare: the same words and the same numbers.
std::string answer_of(const View& view, const Reading& reading) {
    const auto& state = view.final_state ? *view.final_state : view.head_state;
    return std::string{to_text(reading.final)} + "/" + state.order + "/" + std::to_string(state.expires_at.seconds) +
           "/" + std::to_string(view.head_state.expires_at.seconds);
}

// The job's own success, seen on the chain before its next attempt reports it.
bool is_own_effect(Step step, Fact fact) {
    switch (step) {
        case Step::deliver:
            return fact == Fact::delivered_final;
        case Step::decline:
            return fact == Fact::declined_final;
        case Step::close:
            return fact == Fact::closed_final;
        case Step::burn:
            return fact == Fact::burned_no_vm;
        default:
            return false;
    }
}

// What an operator reads about a subscription that only he can help.
std::string why_of(Fact fact, const SubscriptionRow& row, const Reading& reading) {
    switch (fact) {
        case Fact::window_late:
            return row.state == State::held && !row.reason.empty() ? row.reason : "not served within its window";
        case Fact::order_lost:
        case Fact::delivered_no_vm:
            if (reading.final == Standing::open) {
                return "the chain says that it is not delivered any more: `blockhost subscription retry " + row.id +
                       "` serves it anew";
            }
            if (!was_delivered(reading.final)) return "the order is not on the chain any more";
            return "delivered, but there is no VM: put it back, then `blockhost recover`; if it is lost, `blockhost "
                   "subscription rebuild " +
                   row.id + "` builds a new one";
        default:
            return {};
    }
}

// Of a rollback below a final position, which ended a subscription's end: marked until it could be derived anew.
bool is_marked(const SubscriptionRow& row) { return row.state == State::ended && row.wake_ms > 0; }

// Its next attempt tells how it went. Not one that was never tried: then somebody else's effect is seen, as after a
// restored journal; nor one that would have to pass the guard first, whose condition its own effect has ended.
bool will_report(const JobRow& job) {
    if (job.attempt == 0) return false;
    const Guard guard = rules_of(job.step).guard;
    const bool at_once = guard == Guard::none || guard == Guard::open;
    return job.state == JobState::waiting || job.state == JobState::running ||
           (job.state == JobState::queued && at_once);
}

}  // namespace

void Engine::start_look(ChainSlot& slot, const SubscriptionRow& row) {
    looking_.insert(row.row);
    ++slot.looks;
    post([this, &slot, number = row.row, instance = row.instance, id = row.id, final_block = slot.cursor.final,
          agree = slot.config.guard_agree]() -> Done {
        auto chain = port_of(ports_.chains, instance);
        Result<View> view = chain ? look(**chain, id, final_block, agree) : Result<View>{chain.failure()};
        return [this, &slot, number, view = std::move(view)] { return looked(slot, number, view); };
    });
}

Status Engine::looked(ChainSlot& slot, std::int64_t row, const Result<View>& view) {
    transition_name_.clear();
    bool moved = false, derived = false, counting = false;
    std::optional<SubscriptionRow> found;
    std::shared_ptr<WorkInput> next;
    auto written = journal_.write(transition_name_, [&](Tx& tx) -> Status {
        found = subscription_by_row(tx, row);
        if (!found) return {};
        if (!view) {
            // No word about the order: nothing follows, and what the guard counted does not count.
            guard_.forget(row);
            found->wake_ms = tx.now_ms() + backoff_ms(look_failures_[row] + 1);
            found->due_at = {};
            save_subscription(tx, *found);
            return {};
        }
        derived = true;
        const Status decided = decide(tx, *found, *view);
        moved = !transition_name_.empty() && !current_job(tx, row);
        // An operator's retry stands while the guard still counts.
        counting = found->state == State::held && found->wake_ms > 0;
        next = decided ? claim_at_once(tx, *found, At::look) : nullptr;
        return decided;
    });
    if (!written) return written;
    looking_.erase(row);
    --slot.looks;
    if (view) {
        look_failures_.erase(row);
        if (!counting) retry_.erase(row);
    } else {
        ++look_failures_[row];
    }
    if (derived) underived_.erase(row);
    if ((again_.erase(row) > 0 || moved) && found) mark_dirty(*found);
    timers_checked_ms_ = -1;
    if (next) launch(next);
    return {};
}

// Copied, never computed: expiry, window and owner are the chain's at a final position.
void Engine::copy_from_chain(SubscriptionRow& row, const View& view, const Reading& reading) {
    if (reading.head == Standing::open && row.window_ends.seconds == 0) row.window_ends = view.head_state.window_ends;
    if (reading.final == Standing::unknown || reading.final == Standing::absent) return;
    row.expires_at = view.final_state->expires_at;
    row.window_ends = view.final_state->window_ends;
    row.grace_ends = view.final_state->grace_ends;
    row.owner = view.final_state->owner;
}

FactInputs Engine::inputs_of(Tx& tx, const SubscriptionRow& row, const View& view, const std::optional<JobRow>& job) {
    FactInputs in = gather_inputs(tx, config_, chains_[row.instance].config,
                                  abilities_of(chains_[row.instance].description), row, view, job);
    in.retry = retry_.contains(row.row);
    if (is_marked(row)) {
        const auto cursor = cursor_of(tx, row.instance);  // the operator's word is there before the next poll
        in.rederive = cursor && !cursor->parked_destruction;
    }
    return in;
}

FactInputs gather_inputs(Tx& tx, const EngineConfig& config, const ChainConfig& chain, const Abilities& can,
                         const SubscriptionRow& row, const View& view, const std::optional<JobRow>& job) {
    FactInputs in;
    in.can = can;
    in.has_vm = vm_of(tx, row.row).has_value();
    in.has_objects = in.has_vm || !volumes_of(tx, row.row).empty();
    const auto limit = chain.early_start.find(row.token);
    in.early_allowed = limit != chain.early_start.end() && at_most(row.amount, limit->second);
    in.excludes_purchase = row.purchase == EventState::rolled_back && view.final_block.position.known() &&
                           view.final_block.position.height >= row.purchased_at.height;
    const std::int64_t window = row.window_ends.seconds - row.purchased_time.seconds;
    in.late = row.window_ends.seconds > 0 && view.final_block.position.known() &&
              view.final_block.time.seconds >= row.purchased_time.seconds + window * config.window_permille / kPermille;
    in.deliver_in_flight = job && job->step == Step::deliver && job->attempt > 0 && !is_settled(job->state) &&
                           job->state != JobState::held && job->state != JobState::parked;
    if (row.state == State::held) {
        if (const auto held = held_job_of(tx, row.row)) in.held_step = held->step;
        const auto jobs = jobs_of(tx, row.row);
        in.confirmed_gone = std::any_of(jobs.begin(), jobs.end(), [](const JobRow& each) {
            return each.step == Step::clean && each.state == JobState::aborted && each.last_reason == kConfirmedGone;
        });
    }
    return in;
}

Status Engine::decide(Tx& tx, SubscriptionRow& row, const View& view) {
    const Abilities can = abilities_of(chains_[row.instance].description);
    const Reading reading = read_view(view, row.order, can);
    copy_from_chain(row, view, reading);
    auto job = current_job(tx, row.row);
    const FactInputs in = inputs_of(tx, row, view, job);
    Fact fact = fact_of(row, reading, in);
    std::int64_t wake = 0;
    if (row.state == State::retiring && fact == Fact::none && !job && row.undo_until_ms > 0) {
        if (tx.now_ms() >= row.undo_until_ms) {
            fact = Fact::undo_over;
        } else {
            wake = row.undo_until_ms;
        }
    }
    if (in.late && in.deliver_in_flight) {
        raise_alarm(tx, subject_of(row), "late_delivery",
                    "80 % of the delivery window have passed and the delivery is not final");
    }
    if (row.state == State::active && was_delivered(reading.final)) clear_alarms(tx, subject_of(row), kDeliveryDenied);
    if (row.state == State::ended && reading.final == Standing::paid && !can.close) {
        raise_alarm(tx, subject_of(row), "paid_after_end",
                    "it was paid for again after its VM was destroyed, which this contract allows: give the money back "
                    "by hand");
    }
    const Transition* transition = fact == Fact::none ? nullptr : find_transition(row.state, fact);
    // The step of this state is under way.
    if (transition != nullptr && job && transition->from == transition->to) transition = nullptr;
    const bool parked = chains_[row.instance].cursor.parked_destruction;
    const Guard guard = fact == Fact::undo_over ? Guard::closed : guard_of(fact);
    bool guard_pending = false;
    if (transition != nullptr && guard != Guard::none) {
        const bool holds = guard_holds(guard, reading, in) && !parked;
        if (holds) guard_.observe(row.row, guard, answer_of(view, reading), ports_.clock.monotonic_ns());
        if (!holds) guard_.forget(row.row);
        if (!holds || !guard_.satisfied(row.row, guard)) {
            // The guard is still counting for this fact: the job of the present state does not count for another.
            guard_pending = holds;
            transition = nullptr;
            wake = tx.now_ms() + std::max(guard_.policy().interval_ms(), kFinalityRetryMs);
        }
    }
    if (transition != nullptr && job) {
        if (const auto running = running_.find(job->n); running != running_.end()) {
            // It is told to stop; when it has, this row is looked at again.
            if (!is_own_effect(job->step, fact)) running->second.cancel->cancel(BH_CANCEL_ORDER);
            again_.insert(row.row);
            plan_look(tx, row, view, reading, wake);
            return {};
        }
        if (is_own_effect(job->step, fact) && will_report(*job)) {
            job->not_before_ms = tx.now_ms();
            save_job(tx, *job);
            plan_look(tx, row, view, reading, wake);
            return {};
        }
        give_up_job(tx, env(), *job, std::string{to_text(fact)});
    }
    if (transition != nullptr) {
        std::string why = why_of(fact, row, reading);
        if (row.state == State::retiring && hold_worn_out(tx, env(), row, transition->order)) {
            transition = find_transition(row.state, Fact::step_held);
            why =
                "the chain says that it is to be closed, each time that its close is final: look at the endpoints of " +
                row.instance + " and its plugin's log, then `blockhost subscription retry " + row.id + "`";
        }
        transition_name_ = name_of(*transition);
        apply(tx, env(), row, *transition, why);
        plan_look(tx, row, view, reading, row.wake_ms);
        return {};
    }
    if (job && !guard_pending) {
        const std::int64_t job_wake = drive_job(tx, row, *job, view, in);
        if (job_wake > 0) wake = wake == 0 ? job_wake : std::min(wake, job_wake);
    }
    const bool settled = in.rederive && reading.final == reading.head;
    if (is_marked(row) && !settled) wake = tx.now_ms() + config_.backoff_max_ms;
    plan_look(tx, row, view, reading, wake);
    return {};
}

// No fact moves the row: its job does, if it has ended or may run. Returns when to look again (0 = no need).
std::int64_t Engine::drive_job(Tx& tx, SubscriptionRow& row, JobRow& job, const View& view, const FactInputs& in) {
    const Reading reading = read_view(view, row.order, in.can);
    if (running_.contains(job.n)) return 0;
    const std::int64_t later = tx.now_ms() + std::max(guard_.policy().interval_ms(), kFinalityRetryMs);
    if (job.state == JobState::done) {
        job.consumed = true;
        save_job(tx, job);
        if (const Transition* next = find_transition(row.state, Fact::step_done, job.step)) {
            transition_name_ = name_of(*next);
            apply(tx, env(), row, *next, "");
        }
        return row.wake_ms;
    }
    if (job.state == JobState::failed) return resolve_failed(tx, row, job, reading, in.can) ? row.wake_ms : 0;
    const Guard guard = rules_of(job.step).guard;
    const bool holds = guard_holds(guard, reading, in) && (guard == Guard::none || guard == Guard::open ||
                                                           !chains_[row.instance].cursor.parked_destruction);
    if (guard != Guard::none) {
        if (!holds) guard_.forget(row.row);
        if (holds) {
            guard_.observe(row.row, guard, answer_of(view, reading), ports_.clock.monotonic_ns());
        }
        if (!holds || !guard_.satisfied(row.row, guard)) return later;
    }
    if (job.state == JobState::aborted) {
        // The order of the state stands, so its step is made again.
        job.state = JobState::queued;
        ++job.reopened;
        job.not_before_ms = tx.now_ms();
        save_job(tx, job);
    } else if (job.state == JobState::queued && job.not_before_ms > tx.now_ms() && guard != Guard::none) {
        job.not_before_ms = tx.now_ms();
        save_job(tx, job);
    }
    return 0;
}

// LIFECYCLE.md section 3, FAILED. The effect is not there, or a fact of the chain would have moved the row.
bool Engine::resolve_failed(Tx& tx, SubscriptionRow& row, JobRow& job, const Reading& reading, const Abilities& can) {
    using OnFailure = StepRules::OnFailure;
    const OnFailure rule = rules_of(job.step).on_failure;
    const bool before_final =
        reading.head == Standing::open && (reading.final == Standing::absent || reading.final == Standing::unknown);
    if (reading.final != reading.head && !(rule == OnFailure::unservable && before_final)) {
        back_off(tx, job, JobState::backoff, kFinalityRetryMs);
        return false;
    }
    std::string why = job.last_reason.empty() ? job.last_error : job.last_reason;
    if (rule == OnFailure::again && job.reopened < kMaxReopened) {
        ++job.reopened;
        // Not `queued`: a guard that has counted makes a queued job due.
        back_off(tx, job, JobState::backoff, std::max(kFinalityRetryMs, repeat_delay_ms(config_, job.reopened)));
        if (job.reopened > 1) {
            raise_alarm(tx, subject_of(row), kStepRepeated,
                        std::string{to_text(job.step)} + " has failed " + std::to_string(job.reopened) +
                            " times and is made again, slower each time: " + why);
        }
        return false;
    }
    const bool unservable = rule == OnFailure::unservable;
    const Fact fact = unservable && can.decline ? Fact::step_failed : Fact::step_held;
    const Transition* next = find_transition(row.state, fact);
    if (next == nullptr) next = find_transition(row.state, Fact::step_held);
    if (next == nullptr) return false;
    give_up_job(tx, env(), job, job.last_error);  // it has failed: nothing of it can still appear
    if (next->fact == Fact::step_held) {
        job.state = JobState::held;
        save_job(tx, job);
    }
    transition_name_ = name_of(*next);
    if (unservable && !can.decline) {
        why +=
            ": it can't be served, and this contract can't give the money back: refund the buyer by hand, then "
            "cancel it there";
    }
    apply(tx, env(), row, *next, why);
    return true;
}

// Sets the row's timers and saves it.
void Engine::plan_look(Tx& tx, SubscriptionRow& row, const View& view, const Reading& reading, std::int64_t wake_ms) {
    const UnixTime chain_now = view.final_block.time;
    UnixTime due{};
    const std::int64_t window = row.window_ends.seconds - row.purchased_time.seconds;
    const bool undelivered = is_undelivered(row.state) || (row.state == State::held && reading.final == Standing::open);
    if (undelivered && row.state != State::declining && row.window_ends.seconds > 0) {
        due.seconds = row.purchased_time.seconds + (window * config_.window_permille + kPermille - 1) / kPermille;
    } else if (row.state == State::active || row.state == State::resuming) {
        due = row.expires_at;
    } else if (row.state == State::suspending || row.state == State::suspended || row.state == State::rebuilding) {
        due = row.grace_ends;
    }
    row.due_at = due > chain_now ? due : UnixTime{};
    // A rolled-back purchase waits for a final position that excludes it.
    if (row.state == State::rolled_back && wake_ms == 0) wake_ms = tx.now_ms() + kFinalityRetryMs;
    // Whoever waits for the chain without a timer or a job waits for an event. Its look may have met a wrong answer,
    // and no second event comes.
    const bool rests = row.state == State::held || row.state == State::ended;
    if (!rests && wake_ms == 0 && row.due_at.seconds == 0 && !current_job(tx, row.row)) {
        wake_ms = tx.now_ms() + config_.backoff_max_ms;
    }
    row.wake_ms = wake_ms;
    save_subscription(tx, row);
}

}  // namespace bh::life
