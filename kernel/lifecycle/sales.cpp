// Engine: a chain that was rolled back below a final position sells nothing until an operator has looked: the places of
// this host's plans go to 0 there, and come back with accept-reorg.
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/capacity.hpp"
#include "kernel/journal/funds.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/op_id.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr const char* kStep = "set_capacity";
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kPendingMs = 1000;

std::string subject_of(const CapacityRow& row) { return "plan:" + row.plan; }

}  // namespace

bool Engine::is_ours(const ChainSlot& slot, const PlanRow& plan) {
    const auto agent = slot.description.accounts.find("agent");
    return plan.agent.empty() || agent == slot.description.accounts.end() || plan.agent == agent->second;
}

// A random epoch, journalled before the transaction exists: a counter would repeat after a restore.
Status Engine::order_capacity(Tx& tx, const ChainSlot& slot, CapacityRow row, std::uint64_t want) {
    auto epoch = ports_.clock.random_id();
    if (!epoch) return epoch.failure();
    row.want = want, row.epoch = *epoch, row.checkpoint.clear(), row.attempt = 0, row.done = false;
    row.op_id = op_id({slot.description.chain, slot.description.contract, subject_of(row), kStep, "", *epoch});
    row.not_before_ms = tx.now_ms();
    save_capacity(tx, row);
    append_audit(tx, "kernel", kStep, "chain:" + row.instance,
                 subject_of(row) + " " + std::to_string(want) + " " + row.op_id);
    return {};
}

// What the plans of one chain need, by whether an operator has to look. `apply`: does it; else `changed` only says
// whether there is something to do.
Status Engine::plan_sales(Tx& tx, const ChainSlot& slot, bool apply, bool& changed) {
    const std::string& instance = slot.config.instance;
    if (slot.cursor.parked_destruction) {
        for (const auto& plan : list_plans(tx)) {
            if (plan.instance != instance || plan.total == 0 || !is_ours(slot, plan)) continue;
            const auto known = capacity_of(tx, instance, plan.plan);
            // Taken off sale already: its event is on its way, or the operator put it on sale by hand.
            if (known && known->want == 0) continue;
            changed = true;
            if (!apply) return {};
            CapacityRow row = known.value_or(CapacityRow{});
            row.instance = instance, row.plan = plan.plan;
            if (!known || known->done) row.restore = plan.total;
            if (auto ok = order_capacity(tx, slot, row, 0); !ok) return ok;
        }
        return {};
    }
    for (const auto& row : capacities(tx)) {
        if (row.instance != instance || row.want != 0) continue;
        const bool sent = row.attempt > 0 || row.height > 0;
        if (sent && !row.done) continue;  // its nonce may still be mined: it ends first
        changed = true;
        if (!apply) return {};
        const auto plan = plan_of(tx, instance, row.plan);
        // Never sent, or the operator has set another total since: that is his word.
        if (!sent || !plan || plan->total != 0) {
            remove_capacity(tx, instance, row.plan);
        } else if (auto ok = order_capacity(tx, slot, row, row.restore); !ok) {
            return ok;
        }
    }
    return {};
}

// A rollback took transactions that were final. Those that put plans on sale again may be mined again, or not: the
// plans are taken off sale anew, and what comes after that is as it was the first time.
Status Engine::redo_sales(Tx& tx, const ChainSlot& slot, std::uint64_t kept) {
    for (const auto& row : capacities(tx)) {
        if (row.instance != slot.config.instance || !row.done || row.height <= kept) continue;
        if (auto ok = order_capacity(tx, slot, row, 0); !ok) return ok;
    }
    return {};
}

bool Engine::keep_sales() {
    for (auto& [instance, slot] : chains_) {
        const auto& can = slot.description.capabilities;
        if (!slot.described || std::find(can.begin(), can.end(), kStep) == can.end()) continue;
        std::optional<CapacityRow> due;
        bool changed = false;
        const auto read = journal_.read([&, &slot = slot, &instance = instance](Tx& tx) -> Status {
            const auto rows = capacities(tx);
            if (rows.empty() && !slot.cursor.parked_destruction) return {};
            for (const auto& row : rows) {
                if (row.instance == instance && !row.done && row.not_before_ms <= tx.now_ms() &&
                    !submitting_.contains(row.op_id)) {
                    due = row;
                }
            }
            return plan_sales(tx, slot, false, changed);
        });
        if (!read) continue;
        if (changed) {
            const auto written =
                journal_.write("capacity", [&, &slot = slot](Tx& tx) { return plan_sales(tx, slot, true, changed); });
            if (written) return true;
        } else if (due && submit_capacity(slot, std::move(*due))) {
            return true;
        }
    }
    return false;
}

bool Engine::submit_capacity(const ChainSlot& slot, CapacityRow row) {
    const auto started = journal_.write("run/set_capacity", [&](Tx& tx) -> Status {
        ++row.attempt;
        save_capacity(tx, row);
        return {};
    });
    if (!started) return false;
    submitting_.insert(row.op_id);
    post([this, row, final_at = slot.cursor.final.position]() -> Done {
        Call call;
        call.op_id = row.op_id, call.trace_id = subject_of(row) + "/" + kStep, call.attempt = row.attempt;
        call.checkpoint = row.checkpoint;
        call.deadline_ns =
            ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(config_.short_deadline_ms) * kNsPerMs;
        call.save = [this, op = row.op_id](const Bytes& bytes) -> Status {
            return journal_.write("save/set_capacity", [&](Tx& tx) -> Status {
                save_capacity_checkpoint(tx, op, bytes);
                return {};
            });
        };
        Intent intent;
        intent.action = kStep, intent.plan = row.plan, intent.total = row.want;
        auto chain = port_of(ports_.chains, row.instance);
        auto receipt = chain ? (*chain)->submit(call, intent, final_at) : Result<Receipt>{chain.failure()};
        ports_.boundaries.at("effect/set_capacity");
        return [this, row, receipt = std::move(receipt)] { return capacity_set(row, receipt); };
    });
    return true;
}

Status Engine::capacity_set(const CapacityRow& sent, const Result<Receipt>& receipt) {
    const auto written = journal_.write("capacity_set", [&](Tx& tx) -> Status {
        auto row = capacity_of(tx, sent.instance, sent.plan);
        if (!row || row->op_id != sent.op_id) return {};
        const std::string subject = "chain:" + row->instance;
        if (receipt) {
            row->done = true, row->height = receipt->position.height;
            clear_alarms(tx, subject, "capacity");
            save_fee(tx, {0, row->instance, receipt->tx, row->op_id, kStep, receipt->fee.units, receipt->time});
            append_audit(tx, "kernel", "capacity_set", subject,
                         subject_of(*row) + " " + std::to_string(row->want) + " " + receipt->tx);
            save_capacity(tx, *row);
            return {};
        }
        const Failure& failure = receipt.failure();
        if (failure.code != BH_PENDING)
            raise_alarm(tx, subject, "capacity",
                        subject_of(*row) + " can't be taken off sale or put back: " + failure.message);
        // A final revert ended this nonce: the next attempt is another transaction.
        const auto& slot = chains_[row->instance];
        if (failure.code == BH_E_CONFLICT) {
            if (auto ok = order_capacity(tx, slot, *row, row->want); !ok) return ok;
            row = capacity_of(tx, sent.instance, sent.plan);
        }
        const std::int64_t wait = failure.code == BH_PENDING ? kPendingMs : config_.backoff_max_ms;
        row->not_before_ms = tx.now_ms() + std::max<std::int64_t>(wait, failure.retry_after_ms);
        save_capacity(tx, *row);
        return {};
    });
    if (written) submitting_.erase(sent.op_id);
    return written;
}

}  // namespace bh::life
