// Engine: reading chains. One poll per instance at a time; its events and its cursor are one transaction.
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/capacity.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <algorithm>

namespace bh::life {
namespace {
constexpr std::uint32_t kMaxEvents = 500;
}

bool Engine::poll_chains() {
    if (poll_now_.exchange(false)) {
        for (auto& [name, slot] : chains_) {
            slot.next_poll_ms = 0;
            slot.again = slot.polling;
        }
    }
    for (auto& [name, slot] : chains_) {
        if (slot.polling || due_ms(slot) > now()) continue;
        // Taken before the chain is read: who asks from now on may know of more. A poll that was due anyway is free.
        if (ports_.wakes != nullptr && ports_.wakes->take(name) && slot.next_poll_ms > now())
            slot.wake_limit.spend(now());
        poll(slot);
        return true;
    }
    return false;
}

// A plugin that asks comes before the interval and before the pause after a failure, as far as its limit goes.
std::int64_t Engine::due_ms(const ChainSlot& slot) const {
    const bool asked = ports_.wakes != nullptr && ports_.wakes->asked(slot.config.instance);
    return asked ? std::min(slot.next_poll_ms, slot.wake_limit.next_ms()) : slot.next_poll_ms;
}

void Engine::poll(ChainSlot& slot) {
    slot.polling = true;
    slot.again = false;
    post([this, &slot, described = slot.described, instance = slot.config.instance]() -> Done {
        // Only the engine's thread changes the slot, and it does so in what is returned here.
        auto chain = port_of(ports_.chains, instance);
        if (!chain) return [this, &slot, failure = chain.failure()] { return polled(slot, failure); };
        std::optional<ChainDescription> description;
        if (!described) {
            auto answer = (*chain)->describe();
            if (!answer) return [this, &slot, failure = answer.failure()] { return polled(slot, failure); };
            description = std::move(*answer);
        }
        std::string cursor;
        const auto read = journal_.read([&](Tx& tx) -> Status {
            const auto row = cursor_of(tx, instance);
            if (row) cursor = row->cursor;
            return {};
        });
        if (!read) return [this, &slot, failure = read.failure()] { return polled(slot, failure); };
        Call call;
        call.op_id = "poll", call.trace_id = instance;
        call.deadline_ns =
            ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(config_.short_deadline_ms) * 1'000'000;
        call.save = [](const Bytes&) -> Status { return {}; };  // the cursor is what a poll keeps
        auto events = (*chain)->poll(call, cursor, kMaxEvents);
        return [this, &slot, description = std::move(description), events = std::move(events)]() -> Status {
            if (description) slot.description = *description, slot.described = true;
            return polled(slot, events);
        };
    });
}

Status Engine::polled(ChainSlot& slot, const Result<ChainEvents>& events) {
    const std::string subject = "chain:" + slot.config.instance;
    if (!events) {
        slot.polling = false;
        slot.next_poll_ms = now() + std::max(config_.poll_ms, backoff_ms(++slot.failures));
        if (slot.again) slot.next_poll_ms = now();
        return journal_.write([&](Tx& tx) -> Status {
            raise_alarm(tx, subject, "unreadable", events.failure().message);
            return {};
        });
    }
    std::optional<Result<Ingested>> taken;
    std::vector<SubscriptionRow> touched;
    auto written = journal_.write(events->events.empty() ? "poll" : "ingest", [&](Tx& tx) -> Status {
        taken = ingest(tx, {slot.config.instance, slot.description, slot.config.finality}, *events);
        if (!*taken) {
            raise_alarm(tx, subject, taken->failure().reason, taken->failure().message);
            return {};
        }
        // What a transaction waits for can only have happened in a new block: its job need not wait for its timer.
        const CursorRow& next = (*taken)->cursor;
        if (!(next.head == slot.cursor.head) || !(next.final == slot.cursor.final)) {
            wake_waiting(tx, slot.config.instance);
            wake_capacities(tx, slot.config.instance);
        }
        if ((*taken)->kept) {
            if (auto ok = redo_sales(tx, slot, *(*taken)->kept); !ok) return ok;
        }
        if (slot.failures > 0) clear_alarms(tx, subject, "unreadable");
        touched.clear();
        for (const std::int64_t row : (*taken)->touched) {
            auto found = subscription_by_row(tx, row);
            if (!found) continue;
            // Its end may be gone from the chain. The mark stays until the operator has accepted that.
            if (found->state == State::ended && next.parked_destruction) {
                found->wake_ms = tx.now_ms();
                save_subscription(tx, *found);
            }
            touched.push_back(std::move(*found));
        }
        for (const std::int64_t row : (*taken)->transferred) {
            auto statement = statement_of(tx, row);
            if (!statement || statement->next_ms == 0) continue;
            statement->next_ms = tx.now_ms();
            save_statement(tx, *statement);
        }
        return {};
    });
    if (!written) return written;
    slot.polling = false;
    slot.failures = 0;
    const std::int64_t pause = events->wakes ? std::max(config_.poll_ms, config_.safety_poll_ms) : config_.poll_ms;
    slot.next_poll_ms = now() + (events->more || slot.again ? 0 : pause);
    if (!*taken) {
        slot.next_poll_ms = now() + config_.backoff_max_ms;
        return {};
    }
    slot.caught_up = !events->more && !slot.again;
    const bool moved = !(slot.cursor.final == (*taken)->cursor.final);
    slot.cursor = (*taken)->cursor;
    // Not only the rows that it touched: what any of them counted was counted on positions that are gone.
    if ((*taken)->below_final) guard_.forget_all();
    for (const SubscriptionRow& row : touched) mark_dirty(row);
    if (moved) timers_checked_ms_ = -1;
    return {};
}

}  // namespace bh::life
