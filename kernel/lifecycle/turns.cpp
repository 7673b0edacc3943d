// Engine: whose turn it is. Each kind of work has its turn, one after the other, and within looks and jobs what is
// served has turns of its own: however many purchases come at once, a suspension, a renewal or a health check waits for
// one round and not for all of them.
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/engine.hpp"

#include <array>
#include <utility>

namespace bh::life {
namespace {

constexpr std::uint32_t kTimersPerStep = 64;
constexpr std::uint32_t kJobsPerPage = 64;
constexpr std::int64_t kRetryMs = 1000;  // the journal refused
constexpr std::string_view kAnd = ", ";  // in the name of a transaction that is two things

}  // namespace

// What ended is taken in after each other thing: ends never pile up, and never keep the rest waiting.
bool Engine::step() {
    watch_clock();
    if (stalled()) return false;
    take_touched();
    const bool others_first = std::exchange(took_end_, false);
    if (!others_first && complete_one()) {
        took_end_ = true;
        return true;
    }
    if (stalled()) return false;
    if (!stopping_ && begin_one()) return true;
    if (stalled() || !others_first) return false;
    took_end_ = complete_one();
    return took_end_;
}

bool Engine::begin_one() {
    if (recover_asked_) {
        recovering_ = true;  // before the question is taken: who asks recovering() sees the one or the other
        recover_asked_ = false;
        begin_recovery();
    }
    if (recovering_) return poll_chains() || recover_step();
    using Kind = bool (*)(Engine&);
    static constexpr std::array<Kind, 11> kKinds{
        [](Engine& e) { return e.look_at(&ChainSlot::served); },
        [](Engine& e) { return e.look_at(&ChainSlot::others); },
        [](Engine& e) { return e.run_due_jobs(Line::served); },
        [](Engine& e) { return e.run_due_jobs(Line::begun); },
        [](Engine& e) { return e.run_due_jobs(Line::fresh); },
        [](Engine& e) { return e.report_overdue() || e.unpark_instances(); },
        [](Engine& e) { return e.keep_delegations(); },
        [](Engine& e) { return e.send_statements(); },
        [](Engine& e) { return e.watch_vms(); },
        [](Engine& e) { return e.keep_sales(); },
        [](Engine& e) { return e.anchor_audit(); },
    };
    // The chains and the timers have every other turn: what follows rests on their newest word.
    constexpr std::size_t kTurns = 2 * kKinds.size();
    for (std::size_t tried = 0; tried < kTurns && !stalled(); ++tried) {
        const std::size_t turn = std::exchange(turn_, (turn_ + 1) % kTurns);
        if (turn % 2 == 0 ? poll_chains() || collect_timers() : kKinds[turn / 2](*this)) return true;
    }
    turn_ = 0;  // nothing is due
    return false;
}

// What others asked for, from any thread.
void Engine::take_touched() {
    std::vector<std::pair<std::int64_t, bool>> touched;
    {
        const std::lock_guard lock{mutex_};
        touched.swap(touched_);
    }
    if (touched.empty()) return;
    std::vector<SubscriptionRow> rows;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        for (const auto& [number, retry] : touched) {
            if (auto row = subscription_by_row(tx, number)) rows.push_back(std::move(*row));
        }
        return {};
    });
    if (!read) {
        stalled_until_ms_ = now() + kRetryMs;
        const std::lock_guard lock{mutex_};
        touched_.insert(touched_.begin(), touched.begin(), touched.end());
        return;
    }
    for (const auto& [number, retry] : touched) {
        if (retry) retry_.insert(number);
    }
    for (const SubscriptionRow& row : rows) mark_dirty(row, true);
}

// `asked`: a person waits for it.
void Engine::mark_dirty(const SubscriptionRow& row, bool asked) {
    const auto slot = chains_.find(row.instance);
    if (slot == chains_.end()) return;
    if (looking_.contains(row.row)) {
        again_.insert(row.row);
    } else if (dirty_.insert(row.row).second) {
        auto& line = asked || is_delivered(row.state) ? slot->second.served : slot->second.others;
        line.push_back(row.row);
    }
}

// Rows whose time has come, by the wall clock or by the newest final block; by index, a few at a time.
bool Engine::collect_timers() {
    const std::int64_t at = now();
    if (timers_checked_ms_ == at) return false;
    std::vector<SubscriptionRow> due;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        const auto take = [&](const std::vector<std::int64_t>& rows) {
            for (const std::int64_t number : rows) {
                if (looking_.contains(number) || dirty_.contains(number)) continue;
                auto row = subscription_by_row(tx, number);
                if (row && chains_.contains(row->instance)) due.push_back(std::move(*row));
            }
        };
        take(rows_to_wake(tx, at, kTimersPerStep));
        for (const auto& [name, slot] : chains_) {
            if (slot.cursor.final.position.known()) take(rows_due(tx, name, slot.cursor.final.time, kTimersPerStep));
        }
        return {};
    });
    if (!read) {
        stalled_until_ms_ = at + kRetryMs;
        return false;
    }
    for (const SubscriptionRow& row : due) mark_dirty(row);
    if (due.empty()) timers_checked_ms_ = at;
    return !due.empty();
}

// One look: at the chain whose turn it is among those that have a row in this line and take one more.
bool Engine::look_at(std::deque<std::int64_t> ChainSlot::* line) {
    auto next = chains_.upper_bound(looked_at_);
    for (std::size_t tried = 0; tried < chains_.size(); ++tried, ++next) {
        if (next == chains_.end()) next = chains_.begin();
        ChainSlot& slot = next->second;
        auto& rows = slot.*line;
        if (rows.empty() || slot.looks >= config_.looks_per_chain) continue;
        const std::int64_t number = rows.front();
        std::optional<SubscriptionRow> row;
        const auto read = journal_.read([&](Tx& tx) -> Status {
            row = subscription_by_row(tx, number);
            return {};
        });
        if (!read) {
            stalled_until_ms_ = now() + kRetryMs;
            return false;
        }
        rows.pop_front();
        dirty_.erase(number);
        looked_at_ = next->first;
        if (row) start_look(slot, *row);
        return true;
    }
    return false;
}

bool Engine::run_due_jobs(Line line) {
    const std::int64_t at = now();
    for (std::uint32_t offset = 0;; offset += kJobsPerPage) {
        std::vector<DueJob> due;
        const auto read = journal_.read([&](Tx& tx) -> Status {
            due = jobs_due(tx, at, kJobsPerPage, offset);
            return {};
        });
        if (!read) {
            stalled_until_ms_ = at + kRetryMs;
            return false;
        }
        for (const DueJob& job : due) {
            if (line_of(job.step) != line || running_.contains(job.n) || !may_start(job.row, job.instance)) continue;
            if (start_job(job.n)) {
                wanted_.erase(job.instance);
                return true;
            }
            if (stalled()) return false;
        }
        if (due.size() < kJobsPerPage) return false;
    }
}

// Nothing of this row is under way that its job waits for, and its instance takes one more verb.
bool Engine::may_start(std::int64_t row, const std::string& instance) {
    if (looking_.contains(row) || dirty_.contains(row) || underived_.contains(row) || repairing_.contains(row))
        return false;
    if (busy_[instance] < config_.parallel_per_instance) return true;
    wanted_.insert(instance);
    return false;
}

// In the transaction that orders this row's job, or makes it due: it is RUNNING at once, which saves a commit, if it
// may and if no other job waits for its instance. Null: it waits for its turn. `freed` is the instance whose verb
// ended.
std::shared_ptr<WorkInput> Engine::claim_at_once(Tx& tx, const SubscriptionRow& row, At at, const std::string& freed) {
    const bool free = at == At::look || !(looking_.contains(row.row) || underived_.contains(row.row));
    if (!free || !executor_.defers() || stopping_ || recovering() || again_.contains(row.row) ||
        dirty_.contains(row.row) || repairing_.contains(row.row)) {
        return nullptr;
    }
    auto job = current_job(tx, row.row);
    if (!job || running_.contains(job->n) || job->not_before_ms > tx.now_ms() || wanted_.contains(job->instance))
        return nullptr;
    // What the guard counts for, and what an operator has to see first, is started from a turn of its own.
    const Guard guard = rules_of(job->step).guard;
    const bool counts = guard != Guard::none && guard != Guard::open;
    const auto slot = chains_.find(row.instance);
    if (counts || slot == chains_.end() || slot->second.cursor.parked_destruction) return nullptr;
    if (job->state != JobState::queued && job->state != JobState::waiting) return nullptr;
    const std::uint32_t ended = at == At::end && freed == job->instance ? 1 : 0;
    if (busy_[job->instance] - ended >= config_.parallel_per_instance) return nullptr;
    if (!transition_name_.empty()) transition_name_ += kAnd;
    transition_name_ += "run/" + std::string{to_text(job->step)};
    return claim(tx, row, *job);
}

// A transaction that is two things passes the boundaries of both.
void Engine::pass(const std::string& when, std::string_view names) {
    const std::size_t first = names.find(kAnd);
    ports_.boundaries.at(when + std::string{names.substr(0, first)});
    if (first != std::string_view::npos) ports_.boundaries.at(when + std::string{names.substr(first + kAnd.size())});
}

}  // namespace bh::life
