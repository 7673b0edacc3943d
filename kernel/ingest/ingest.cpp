#include "kernel/ingest/ingest.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <set>
#include <unordered_set>

namespace bh::life {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kListedAtOnce = 100'000;  // events, while there is more to poll: some 0.1 s

EventRow row_of(const std::string& instance, const ChainEvent& event) {
    EventRow row;
    row.instance = instance, row.type = event.type, row.position = event.position, row.time = event.time;
    row.tx = event.tx, row.log_index = event.log_index, row.ordinal = event.ordinal;
    row.subscription = event.subscription;
    ChainEvent rest = event;
    rest.position = {}, rest.time = {}, rest.log_index = rest.ordinal = 0;
    rest.tx.clear(), rest.subscription.clear();
    row.document = to_json(rest);
    return row;
}

class Ingestion {
public:
    Ingestion(Tx& tx, const IngestSource& source, Ingested& out) : tx_{tx}, source_{source}, out_{out} {}

    void rollback(const ChainEvent& event) {
        const std::uint64_t height = event.position.height;
        reopen(height + 1);
        out_.kept = std::min(height, out_.kept.value_or(height));
        for (const EventRow& gone : roll_back_events(tx_, source_.instance, height)) {
            if (gone.type == "purchased") {
                set_purchase(gone.subscription, gone.tx, gone.ordinal, EventState::rolled_back);
            }
            if (gone.type == "plan") plans_.insert(event_of(gone).plan);
            touch(gone.subscription);
        }
        for (const auto& id : plans_) restore_plan(id);
        plans_.clear();
        if (out_.cursor.final.position.known() && out_.cursor.final.position.height > height) below_final(height);
        out_.changed = true;
    }

    void add(const ChainEvent& event) {
        EventRow row = row_of(source_.instance, event);
        if (!add_event(tx_, row)) return;
        reopen(event.position.height);
        out_.cursor.newest_event = std::max(out_.cursor.newest_event, row.n);
        out_.changed = true;
        if (event.type == "plan") return plan(event);
        if (event.type == "purchased") return purchased(event);
        if (event.type == "closed") closed(event);
        touch(event.subscription);
    }

    void finalize(const Block& block) {
        std::uint64_t& from = out_.cursor.open_from;
        const std::uint64_t to = block.position.height;
        if (from > to) return;
        events_between(tx_, source_.instance, from, to, [this](const EventSubject& event) {
            if (event.type == "purchased") {
                set_purchase(event.subscription, event.tx, event.ordinal, EventState::final);
            }
            touch(event.subscription);
            if (event.type != "transferred") return;
            for (const auto& subject : subscriptions_by_id(tx_, source_.instance, event.subscription)) {
                out_.transferred.push_back(subject.row);
            }
        });
        from = to + 1;
    }

    void list(bool more) {
        CursorRow& cursor = out_.cursor;
        const std::int64_t count = cursor.newest_event - cursor.listed_event;
        if (count <= 0 || (more && count < kListedAtOnce)) return;
        list_subjects(tx_, source_.instance, cursor.listed_event, cursor.newest_event);
        cursor.listed_event = cursor.newest_event;
    }

private:
    void reopen(std::uint64_t height) { out_.cursor.open_from = std::min(out_.cursor.open_from, height); }

    void below_final(std::uint64_t height) {
        out_.below_final = true;
        out_.cursor.parked_destruction = true;
        out_.cursor.final = {};  // that position is on no branch any more: the rule finds a new one
        const std::string message =
            "the chain was rolled back to height " + std::to_string(height) +
            ", below a position that was held for final: nothing is suspended or destroyed until "
            "`blockhost chain accept-reorg " +
            source_.instance + "`";
        raise_alarm(tx_, "chain:" + source_.instance, "reorg_below_final", message);
        append_audit(tx_, "kernel", "reorg_below_final", "chain:" + source_.instance, message);
    }

    static ChainEvent event_of(const EventRow& row) {
        auto event = parse_chain_event(row.document);
        return event ? std::move(*event) : ChainEvent{};
    }

    // As its newest event says that is still on the chain. One whose creation is gone stays: nobody can buy it, and
    // what was bought of it before needs its terms.
    void restore_plan(const std::string& id) {
        const auto newest = newest_event(tx_, source_.instance, "plan",
                                         [&id](const EventRow& row) { return event_of(row).plan == id; });
        if (newest) plan(event_of(*newest));
    }

    void plan(const ChainEvent& event) {
        if (!event.plan_state) return;
        const auto& state = *event.plan_state;
        save_plan(tx_, {source_.instance, event.plan, state.resources, state.delivery_window_s, state.grace_s,
                        state.total, state.active, state.agent});
    }

    // Several hosts can serve one contract: a plan names its agent.
    [[nodiscard]] bool is_ours(const ChainEvent& event) {
        const auto known = plan_of(tx_, source_.instance, event.plan);
        const auto agent = source_.chain.accounts.find("agent");
        return !known || known->agent.empty() || agent == source_.chain.accounts.end() || known->agent == agent->second;
    }

    void purchased(const ChainEvent& event) {
        auto known = subscription_by_purchase(tx_, source_.instance, event.subscription, event.tx, event.ordinal);
        if (!known && !is_ours(event)) return;
        SubscriptionRow row = known.value_or(SubscriptionRow{});
        row.purchase = EventState::seen;
        row.purchased_at = event.position;
        row.purchased_time = event.time;
        if (known) {
            save_subscription(tx_, row);
        } else {
            row.instance = source_.instance, row.chain = source_.chain.chain, row.contract = source_.chain.contract;
            row.id = event.subscription, row.tx = event.tx, row.ordinal = event.ordinal, row.order = event.order;
            row.plan = event.plan, row.buyer = event.actor, row.token = event.token, row.amount = event.amount;
            row.paid_seconds = event.paid_seconds, row.sealed_request = event.data;
            add_subscription(tx_, row);
            mark_stage(tx_, row.row, "mined", event.time.seconds * kMsPerSecond);
            mark_stage(tx_, row.row, "seen", tx_.now_ms());
            append_audit(tx_, "kernel", "purchase_seen", "subscription:" + row.id, row.tx);
            touched_ids_.erase(row.id);  // it has a row more
        }
        touch(event.subscription);
    }

    void closed(const ChainEvent& event) {
        for (SubscriptionRow& subject : subscriptions_by_id(tx_, source_.instance, event.subscription)) {
            subject.close_tx = event.tx;
            save_subscription(tx_, subject);
        }
    }

    void set_purchase(const std::string& id, const std::string& tx, std::uint32_t ordinal, EventState status) {
        auto row = subscription_by_purchase(tx_, source_.instance, id, tx, ordinal);
        if (!row) return;
        row->purchase = status;
        save_subscription(tx_, *row);
        if (status == EventState::final) mark_stage(tx_, row->row, "final", tx_.now_ms());
    }

    // Every row of that id; each id once, for after an outage most events are about few of them or about none of ours.
    void touch(const std::string& subscription) {
        if (subscription.empty() || !touched_ids_.insert(subscription).second) return;
        for (const auto& subject : subscriptions_by_id(tx_, source_.instance, subscription)) {
            if (touched_rows_.insert(subject.row).second) out_.touched.push_back(subject.row);
        }
    }

    Tx& tx_;
    const IngestSource& source_;
    Ingested& out_;
    std::set<std::string> plans_;  // whose events a rollback took
    std::unordered_set<std::string> touched_ids_;
    std::unordered_set<std::int64_t> touched_rows_;
};

}  // namespace

Result<Ingested> ingest(Tx& tx, const IngestSource& source, const ChainEvents& polled) {
    Ingested out;
    const auto known = cursor_of(tx, source.instance);
    if (known && (known->chain != source.chain.chain || known->contract != source.chain.contract)) {
        return invalid("chain_changed", "the chain instance '" + source.instance + "' was used with contract " +
                                            known->contract + " on " + known->chain +
                                            ": give the new contract an instance of its own");
    }
    out.cursor = known.value_or(CursorRow{source.instance, source.chain.chain, source.chain.contract, {}, {}, {}});
    const CursorRow before = out.cursor;

    Ingestion ingestion{tx, source, out};
    for (const ChainEvent& event : polled.events) {
        event.type == "rollback" ? ingestion.rollback(event) : ingestion.add(event);
    }
    out.cursor.cursor = polled.cursor;
    out.cursor.head = polled.head;
    // Events of blocks up to the final one may still be on their way while there is more to poll.
    const auto final = final_block(source.finality, polled);
    if (!polled.more && final && final->position.known() &&
        (!out.cursor.final.position.known() || final->position.height >= out.cursor.final.position.height)) {
        out.cursor.final = *final;
    }
    if (!polled.more && out.cursor.final.position.known()) ingestion.finalize(out.cursor.final);
    ingestion.list(polled.more);
    out.changed = out.changed || !known || before.cursor != out.cursor.cursor || !(before.head == out.cursor.head) ||
                  !(before.final == out.cursor.final) || before.open_from != out.cursor.open_from ||
                  before.listed_event != out.cursor.listed_event;
    if (out.changed) save_cursor(tx, out.cursor);
    return out;
}

Status accept_reorg(Tx& tx, const std::string& instance) {
    auto cursor = cursor_of(tx, instance);
    if (!cursor) return Failure{BH_E_NOT_FOUND, "no_such_chain", "there is no chain instance '" + instance + "'", 0};
    cursor->parked_destruction = false;
    save_cursor(tx, *cursor);
    clear_alarms(tx, "chain:" + instance, "reorg_below_final");
    append_audit(tx, "operator", "accept_reorg", "chain:" + instance, "");
    return {};
}

}  // namespace bh::life
