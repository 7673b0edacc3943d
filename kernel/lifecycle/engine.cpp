#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/capacity.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <algorithm>
#include <chrono>

namespace bh::life {
namespace {
constexpr std::int64_t kStallMs = 1000;                                // the journal refused: try again after that
constexpr std::int64_t kShortestSleepMs = 10, kLongestSleepMs = 1000;  // a verb that ends wakes at once
constexpr std::uint32_t kMostDoublings = 16;
constexpr std::int64_t kClockSlackMs = 1000;  // further back than that is no adjustment but a jump
}  // namespace

Engine::Engine(Journal& journal, Ports ports, EngineConfig config, Executor& executor)
    : journal_{journal},
      ports_{std::move(ports)},
      config_{std::move(config)},
      executor_{executor},
      boot_id_{ports_.clock.boot_id()},
      guard_{config_.guard} {
    std::set<std::string> followed;
    for (const auto& chain : config_.chains) {
        chains_[chain.instance].config = chain;
        followed.insert(chain.instance);
    }
    if (ports_.wakes != nullptr) {
        ports_.wakes->listen(std::move(followed), [this] {
            const std::lock_guard lock{mutex_};
            woken_ = true;
            changed_.notify_one();
        });
    }
    journal_.set_hooks([this](const std::string& name) { pass("before ", name); },
                       [this](const std::string& name) { pass("after ", name); });
}

// Verbs that still run hold a pointer to this engine: they are told to stop and waited for. What they learnt is not
// lost: their jobs are RUNNING in the journal, and the next start looks.
Engine::~Engine() {
    if (ports_.wakes != nullptr) ports_.wakes->stop();
    for (auto& [n, job] : running_) job.cancel->cancel(BH_CANCEL_SHUTDOWN);
    {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return completions_.size() >= static_cast<std::size_t>(in_flight_); });
    }
    journal_.set_hooks({}, {});
}

Status Engine::start() {
    begin_recovery();
    auto id = ports_.clock.random_id();
    if (!id) return id.failure();
    return journal_.write("start", [this, &id](Tx& tx) -> Status {
        if (journal_id(tx).empty()) set_journal_id(tx, *id);
        for (JobRow job : jobs_in_state(tx, JobState::running)) {
            ++job.looks;
            back_off(tx, job, JobState::uncertain, 0);
        }
        if (meta(tx, "boot_id") != boot_id_) {
            for (SubscriptionRow row : unfinished_subscriptions(tx)) {
                if (row.restarts == 0) continue;
                row.restarts = 0;
                save_subscription(tx, row);
            }
            set_meta(tx, "boot_id", boot_id_);
        }
        // Timers of a time when the clock was ahead. None is set for longer than this.
        const std::int64_t longest = std::max({config_.backoff_max_ms * 10, config_.unpark_ms,
                                               config_.statement_renew_ms, guard_.policy().interval_ms()});
        pull_timers(tx, tx.now_ms() + longest);
        append_audit(tx, "kernel", "start", "host", boot_id_);
        return {};
    });
}

std::int64_t Engine::backoff_ms(std::uint32_t failures) const {
    const std::uint32_t doublings = std::min(failures == 0 ? 0 : failures - 1, kMostDoublings);
    return std::min(config_.backoff_max_ms, config_.backoff_min_ms << doublings);
}

void Engine::touch(std::int64_t row, bool retry) {
    const std::lock_guard lock{mutex_};
    touched_.emplace_back(row, retry);
    woken_ = true;
    changed_.notify_one();
}

void Engine::post(std::function<Done()> work) {
    ++in_flight_;
    executor_.run([this, work = std::move(work)] {
        Done done = work();
        const std::lock_guard lock{mutex_};
        completions_.push_back(std::move(done));
        woken_ = true;
        changed_.notify_one();
    });
}

// What a verb learnt is never dropped: while the journal refuses, it waits here.
bool Engine::complete_one() {
    Done done;
    {
        const std::lock_guard lock{mutex_};
        if (completions_.empty()) return false;
        done = std::move(completions_.front());
        completions_.pop_front();
    }
    if (const Status status = done(); !status) {
        stalled_until_ms_ = now() + kStallMs;
        const std::lock_guard lock{mutex_};
        completions_.push_front(std::move(done));
        return false;
    }
    --in_flight_;
    return true;
}

bool Engine::stalled() { return stalled_until_ms_ > now(); }

// Timers that are set for later than that are due now, which is always safe: each plans itself anew.
void Engine::pull_timers(Tx& tx, std::int64_t later_than) {
    const auto pulled = [&](std::int64_t& ms) {
        if (ms <= later_than) return false;
        ms = tx.now_ms();
        return true;
    };
    for (SubscriptionRow row : unfinished_subscriptions(tx)) {
        const std::int64_t undo_until = std::min(row.undo_until_ms, tx.now_ms() + config_.undo_window_ms);
        if (!pulled(row.wake_ms) && undo_until == row.undo_until_ms) continue;
        row.undo_until_ms = undo_until;
        save_subscription(tx, row);
    }
    // Of an ended one whose end a rollback took, too.
    for (const std::int64_t number : rows_to_wake(tx, INT64_MAX, INT32_MAX)) {
        auto row = subscription_by_row(tx, number);
        if (row && row->state == State::ended && pulled(row->wake_ms)) save_subscription(tx, *row);
    }
    limit_unsettled(tx, tx.now_ms() + longest_unsettled_ms(config_));
    for (JobRow job : waiting_jobs(tx)) {
        job.waiting_since_ms = std::min(job.waiting_since_ms, tx.now_ms());
        if (pulled(job.not_before_ms)) save_job(tx, job);
    }
    for (StatementRow statement : statements_due(tx, INT64_MAX, INT32_MAX)) {
        if (pulled(statement.next_ms)) save_statement(tx, statement);
    }
    for (ParkedRow parked : parked_instances(tx)) {
        if (pulled(parked.next_check_ms)) save_parked(tx, parked);
    }
}

// Timers are wall clock times, so that they survive a reboot. When the clock is set back, those that were made before
// would come late by as much as it was.
void Engine::watch_clock() {
    const std::int64_t at = now();
    if (at >= last_now_ms_ - kClockSlackMs) {
        last_now_ms_ = std::max(last_now_ms_, at);
        return;
    }
    stalled_until_ms_ = 0;
    timers_checked_ms_ = -1;
    for (auto& [name, slot] : chains_) slot.next_poll_ms = 0, slot.wake_limit = {};
    next_watch_ms_.clear();
    seen_.clear();
    next_list_ms_.clear();
    const auto written = journal_.write("clock", [&](Tx& tx) -> Status {
        pull_timers(tx, at);
        append_audit(tx, "kernel", "clock_set_back", "host", std::to_string(last_now_ms_ - at) + " ms");
        return {};
    });
    if (written) last_now_ms_ = at;
}

std::int64_t Engine::next_due_ms() {
    const std::int64_t at = now();
    std::int64_t next = at + kLongestSleepMs;
    const auto sooner = [&next](std::int64_t ms) {
        if (ms > 0) next = std::min(next, ms);
    };
    sooner(anchoring_ ? 0 : next_anchor_ms_);
    sooner(stalled_until_ms_ > at ? stalled_until_ms_ : 0);
    for (const auto& [name, slot] : chains_) sooner(slot.polling ? 0 : due_ms(slot));
    for (const auto& [name, ms] : next_watch_ms_) sooner(watching_.contains(name) ? 0 : ms);
    for (const auto& [name, ms] : next_list_ms_) sooner(ms > at ? ms : 0);
    const auto read = journal_.read([&](Tx& tx) -> Status {
        sooner(next_wake_ms(tx));
        sooner(next_job_ms(tx, last_now_ms_));  // what was due at the newest step waits for something to end
        sooner(next_statement_ms(tx));
        sooner(next_delegation_ms(tx));
        for (const auto& parked : parked_instances(tx)) sooner(parked.next_check_ms);
        for (const auto& row : capacities(tx)) sooner(row.done ? 0 : row.not_before_ms);
        return {};
    });
    return read ? std::max(next, at) : at + kStallMs;
}

void Engine::recover() {
    recover_asked_ = true;
    wake();
}

void Engine::wake() {
    poll_now_ = true;
    const std::lock_guard lock{mutex_};
    woken_ = true;
    changed_.notify_one();
}

void Engine::stop() {
    stopping_ = true;
    const std::lock_guard lock{mutex_};
    woken_ = true;
    changed_.notify_one();
}

void Engine::run() {
    bool asked = false;
    for (;;) {
        if (stopping_ && !asked) {
            asked = true;
            for (auto& [n, job] : running_) job.cancel->cancel(BH_CANCEL_SHUTDOWN);
        }
        if (step()) continue;
        if (stopping_ && (in_flight_ == 0 || stalled())) {
            anchor_last();
            return;
        }
        const std::int64_t sleep = std::clamp(next_due_ms() - now(), kShortestSleepMs, kLongestSleepMs);
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, std::chrono::milliseconds{sleep}, [this] { return woken_; });
        woken_ = false;
    }
}

}  // namespace bh::life
