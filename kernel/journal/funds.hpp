// Rows and queries of the host's money: its own transactions (withdrawals, releases, time credits), what transactions
// cost, outages of VMs that the host caused, and the chain events that move money. Inside a transaction only.
#pragma once

#include "kernel/journal/journal.hpp"

#include <optional>

namespace bh::life {

// A transaction of the host that is no step of a subscription's life. Journalled before it exists; its op_id is made
// from what ordered it, so the same order again finds this row.
struct HostTxRow {
    std::string op_id, instance, action, subject;  // subject: "host" or "subscription:7"
    std::string epoch;                             // the command's nonce and a number, or an outage's first second
    std::string intent;                            // intent.json
    Bytes checkpoint;
    std::uint32_t attempt = 0;
    bool done = false, failed = false;  // failed: it will not be tried again; neither: under way
    std::int64_t not_before_ms = 0;
    std::string tx;  // once it is final
    std::string last_error;
    std::int64_t created_ms = 0, updated_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const HostTxRow*) {
    v("op_id", r.op_id), v("instance", r.instance), v("action", r.action), v("subject", r.subject);
    v("epoch", r.epoch), v("intent", r.intent), v("checkpoint", r.checkpoint), v("attempt", r.attempt);
    v("done", r.done), v("failed", r.failed), v("not_before_ms", r.not_before_ms), v("tx", r.tx);
    v("last_error", r.last_error), v("created_ms", r.created_ms), v("updated_ms", r.updated_ms);
}

// What a transaction of the host's account cost, in the chain's coin.
struct FeeRow {
    std::int64_t n = 0;  // set by the journal
    std::string instance, tx, op_id, action, amount;
    UnixTime time;  // of its block
};
template <class V, class R>
void fields(V& v, R& r, const FeeRow*) {
    v("n", r.n), v("instance", r.instance), v("tx", r.tx), v("op_id", r.op_id), v("action", r.action);
    v("amount", r.amount), v("block_time", r.time);
}

// A time in which a paid VM did not run and the host was the cause. Wall clock seconds.
struct OutageRow {
    std::int64_t n = 0;    // set by the journal
    std::int64_t row = 0;  // of the subscription
    UnixTime from, until;  // until: 0 while it lasts
    std::string cause;     // "host", "hypervisor"
    UnixTime credited;     // up to here a credit was ordered; 0 = none
};
template <class V, class R>
void fields(V& v, R& r, const OutageRow*) {
    v("n", r.n), v("row", r.row), v("from_s", r.from), v("until_s", r.until), v("cause", r.cause);
    v("credited_s", r.credited);
}

void save_host_tx(Tx& tx, HostTxRow row);  // sets updated_ms
std::optional<HostTxRow> host_tx(Tx& tx, const std::string& op_id);
std::vector<HostTxRow> open_host_txs(Tx& tx, const std::string& instance);
std::vector<HostTxRow> host_txs(Tx& tx, std::uint32_t limit);                                         // newest first
std::vector<HostTxRow> host_txs_of(Tx& tx, const std::string& instance, const std::string& subject);  // newest first
// Touches nothing else of the row: its verb is running.
void save_host_tx_checkpoint(Tx& tx, const std::string& op_id, const Bytes& checkpoint);

// Once per transaction; one that cost nothing, or is not known by a hash, is left out.
void save_fee(Tx& tx, const FeeRow& fee);
std::vector<FeeRow> fees_after(Tx& tx, std::int64_t after, std::uint32_t limit);  // in order
// Of the newest transactions that did this.
std::vector<FeeRow> newest_fees(Tx& tx, const std::string& instance, const std::string& action, std::uint32_t limit);

void add_outage(Tx& tx, OutageRow& outage);  // sets outage.n
void save_outage(Tx& tx, const OutageRow& outage);
std::optional<OutageRow> lasting_outage(Tx& tx, std::int64_t row);
std::vector<OutageRow> outages_of(Tx& tx, std::int64_t row);
std::vector<OutageRow> lasting_outages(Tx& tx);
// Those that last, or that ended later than what was credited of them.
std::vector<OutageRow> outages_to_credit(Tx& tx);
void mark_credited(Tx& tx, std::int64_t outage, UnixTime until);

// Events that move money (purchased, delivered, extended, declined, refunded, cancelled, withdrawn, claimed) with a
// number above `after`, in order; rolled back ones are left out.
std::vector<EventRow> money_events(Tx& tx, std::int64_t after, std::uint32_t limit);
// Subscriptions of the instance that were delivered and not closed yet, by number, above `after`.
std::vector<SubscriptionRow> earning_subscriptions(Tx& tx, const std::string& instance, std::int64_t after,
                                                   std::uint32_t limit);

}  // namespace bh::life
