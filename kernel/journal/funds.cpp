#include "kernel/journal/funds.hpp"

#include "kernel/journal/database.hpp"

namespace bh::life {

void save_host_tx(Tx& tx, HostTxRow row) {
    row.updated_ms = tx.now_ms();
    insert(tx.db(), "INSERT OR REPLACE", "host_tx", row);
}

std::optional<HostTxRow> host_tx(Tx& tx, const std::string& op_id) {
    return select_one<HostTxRow>(tx.db(), "host_tx", "WHERE op_id = ?", op_id);
}

std::vector<HostTxRow> open_host_txs(Tx& tx, const std::string& instance) {
    return select<HostTxRow>(tx.db(), "host_tx",
                             "WHERE instance = ? AND done = 0 AND failed = 0 ORDER BY created_ms, epoch, op_id",
                             instance);
}

std::vector<HostTxRow> host_txs(Tx& tx, std::uint32_t limit) {
    return select<HostTxRow>(tx.db(), "host_tx", "ORDER BY created_ms DESC, epoch DESC, op_id LIMIT ?", limit);
}

std::vector<HostTxRow> host_txs_of(Tx& tx, const std::string& instance, const std::string& subject) {
    return select<HostTxRow>(tx.db(), "host_tx", "WHERE instance = ? AND subject = ? ORDER BY created_ms DESC, op_id",
                             instance, subject);
}

void save_host_tx_checkpoint(Tx& tx, const std::string& op_id, const Bytes& checkpoint) {
    change(tx.db(), "UPDATE host_tx SET checkpoint = ? WHERE op_id = ?", checkpoint, op_id);
}

void save_fee(Tx& tx, const FeeRow& fee) {
    if (fee.tx.empty() || fee.amount == "0") return;
    insert(tx.db(), "INSERT OR IGNORE", "fee", fee, "n");
}

std::vector<FeeRow> fees_after(Tx& tx, std::int64_t after, std::uint32_t limit) {
    return select<FeeRow>(tx.db(), "fee", "WHERE n > ? ORDER BY n LIMIT ?", after, limit);
}

std::vector<FeeRow> newest_fees(Tx& tx, const std::string& instance, const std::string& action, std::uint32_t limit) {
    return select<FeeRow>(tx.db(), "fee", "WHERE instance = ? AND action = ? ORDER BY n DESC LIMIT ?", instance, action,
                          limit);
}

void add_outage(Tx& tx, OutageRow& outage) {
    insert(tx.db(), "INSERT", "outage", outage, "n");
    outage.n = tx.db().last_row();
}

void save_outage(Tx& tx, const OutageRow& outage) { update(tx.db(), "outage", outage, "n"); }

std::optional<OutageRow> lasting_outage(Tx& tx, std::int64_t row) {
    return select_one<OutageRow>(tx.db(), "outage", "WHERE row = ? AND until_s = 0", row);
}

std::vector<OutageRow> outages_of(Tx& tx, std::int64_t row) {
    return select<OutageRow>(tx.db(), "outage", "WHERE row = ? ORDER BY n", row);
}

std::vector<OutageRow> lasting_outages(Tx& tx) {
    return select<OutageRow>(tx.db(), "outage", "WHERE until_s = 0 ORDER BY n");
}

std::vector<OutageRow> outages_to_credit(Tx& tx) {
    return select<OutageRow>(tx.db(), "outage", "WHERE until_s = 0 OR credited_s < until_s ORDER BY n");
}

void mark_credited(Tx& tx, std::int64_t outage, UnixTime until) {
    change(tx.db(), "UPDATE outage SET credited_s = ? WHERE n = ?", until, outage);
}

std::vector<EventRow> money_events(Tx& tx, std::int64_t after, std::uint32_t limit) {
    return select<EventRow>(
        tx.db(), "event_now",
        "WHERE n > ? AND status <> 'rolled_back' AND type IN ('purchased', 'delivered', 'extended', "
        "'declined', 'refunded', 'cancelled', 'withdrawn', 'claimed') ORDER BY n LIMIT ?",
        after, limit);
}

std::vector<SubscriptionRow> earning_subscriptions(Tx& tx, const std::string& instance, std::int64_t after,
                                                   std::uint32_t limit) {
    return select<SubscriptionRow>(
        tx.db(), "subscription",
        "WHERE state IN ('active', 'suspending', 'suspended', 'resuming', 'closing', 'held') AND instance = ? AND "
        "row > ? ORDER BY row LIMIT ?",
        instance, after, limit);
}

}  // namespace bh::life
