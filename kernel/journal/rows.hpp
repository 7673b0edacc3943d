// The rows of the journal as plain values. Each has a function `fields(visitor, row)` that names its columns once; the
// queries are made from it. Times in `_ms` are wall clock milliseconds, UnixTime is chain time.
#pragma once

#include "kernel/journal/vocabulary.hpp"
#include "plugin-api/documents/common.hpp"

namespace bh::life {

struct CursorRow {
    std::string instance, chain, contract, cursor;
    Block head, final;  // the newest that was reported, and the newest that the instance's rule holds for final
    bool parked_destruction = false;  // a rollback below `final` happened: nothing is suspended or destroyed
    std::uint64_t open_from = 0;      // events at this height and above have not become final
    // Numbers of its newest event, and of the newest that list_subjects() has listed.
    std::int64_t newest_event = 0, listed_event = 0;
};
template <class V, class R>
void fields(V& v, R& r, const CursorRow*) {
    v("instance", r.instance), v("chain", r.chain), v("contract", r.contract), v("cursor", r.cursor);
    v("head_id", r.head.position.id), v("head_height", r.head.position.height), v("head_time", r.head.time);
    v("final_id", r.final.position.id), v("final_height", r.final.position.height), v("final_time", r.final.time);
    v("parked_destruction", r.parked_destruction), v("open_from", r.open_from);
    v("newest_event", r.newest_event), v("listed_event", r.listed_event);
}

struct EventRow {
    std::int64_t n = 0;  // set by the journal
    std::string instance, type;
    Position position;
    UnixTime time;
    std::string tx;
    std::uint32_t log_index = 0, ordinal = 0;
    std::string subscription;
    EventState status = EventState::seen;
    std::int64_t seen_ms = 0;
    // The chain event as JSON text (parse_chain_event), without the values that are above. Before version 4 with them.
    std::string document;
};
template <class V, class R>
void fields(V& v, R& r, const EventRow*) {
    v("n", r.n), v("instance", r.instance), v("type", r.type);
    v("position_id", r.position.id), v("height", r.position.height), v("block_time", r.time), v("tx", r.tx);
    v("log_index", r.log_index), v("ordinal", r.ordinal), v("subscription", r.subscription), v("status", r.status);
    v("seen_ms", r.seen_ms), v("document", r.document);
}

struct SubscriptionRow {
    std::int64_t row = 0;  // set by the journal
    // Key: a purchase. The same id may have been another purchase's before a reorganisation.
    std::string instance, chain, contract, id, tx;
    std::uint32_t ordinal = 0;
    // What was bought.
    std::string order, plan, buyer, token;
    std::uint64_t paid_seconds = 0;
    Amount amount;
    Bytes sealed_request;
    // Where the purchase is on the chain.
    EventState purchase = EventState::seen;
    Position purchased_at;
    UnixTime purchased_time;
    // The chain's newest final word about it; copied, never computed.
    std::string owner;
    UnixTime expires_at, window_ends, grace_ends;
    // Ours.
    State state = State::purchased;
    std::string reason;              // why it is declined, held ...
    std::string epoch;               // the fact that caused the steps of the present state (op_id)
    std::string close_tx;            // the close's transaction: epoch of retire and undo
    std::uint32_t restarts = 0;      // starts of a VM found stopped, in this boot
    std::int64_t wake_ms = 0;        // look again then; 0 = no timer
    UnixTime due_at;                 // look again when the newest final block is that late; 0 = no timer
    std::int64_t undo_until_ms = 0;  // tombstone: destroyed after that; 0 = none
    std::int64_t created_ms = 0, updated_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const SubscriptionRow*) {
    v("row", r.row), v("instance", r.instance), v("chain", r.chain), v("contract", r.contract), v("id", r.id);
    v("tx", r.tx), v("ordinal", r.ordinal), v("order_hash", r.order), v("plan", r.plan), v("buyer", r.buyer);
    v("token", r.token), v("paid_seconds", r.paid_seconds), v("amount", r.amount.units);
    v("sealed_request", r.sealed_request), v("purchase", r.purchase), v("purchased_id", r.purchased_at.id);
    v("purchased_height", r.purchased_at.height), v("purchased_time", r.purchased_time), v("owner", r.owner);
    v("expires_at", r.expires_at), v("window_ends", r.window_ends), v("grace_ends", r.grace_ends);
    v("state", r.state), v("reason", r.reason), v("epoch", r.epoch), v("close_tx", r.close_tx);
    v("restarts", r.restarts), v("wake_ms", r.wake_ms), v("due_at", r.due_at), v("undo_until_ms", r.undo_until_ms);
    v("created_ms", r.created_ms), v("updated_ms", r.updated_ms);
}

struct PlanRow {
    std::string instance, plan, resources;  // resources: JSON text
    std::uint64_t delivery_window_s = 0, grace_s = 0, total = 0;
    bool active = false;
    std::string agent;
};
template <class V, class R>
void fields(V& v, R& r, const PlanRow*) {
    v("instance", r.instance), v("plan", r.plan), v("resources", r.resources);
    v("delivery_window_s", r.delivery_window_s), v("grace_s", r.grace_s), v("total", r.total), v("active", r.active);
    v("agent", r.agent);
}

// A plan whose places this host took off sale, and the transaction that does it or undoes it.
struct CapacityRow {
    std::string instance, plan;
    std::uint64_t restore = 0;  // the total before
    std::uint64_t want = 0;     // 0: off sale; `restore`: on sale again
    std::string op_id, epoch;
    Bytes checkpoint;
    std::uint32_t attempt = 0;
    bool done = false;         // the transaction is final
    std::uint64_t height = 0;  // of the newest one that was final; a rollback below it took it back
    std::int64_t not_before_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const CapacityRow*) {
    v("instance", r.instance), v("plan", r.plan), v("restore", r.restore), v("want", r.want), v("op_id", r.op_id);
    v("epoch", r.epoch), v("checkpoint", r.checkpoint), v("attempt", r.attempt), v("done", r.done);
    v("height", r.height), v("not_before_ms", r.not_before_ms);
}

struct JobRow {
    std::int64_t n = 0;    // set by the journal
    std::int64_t row = 0;  // of the subscription
    std::string op_id;
    Step step = Step::none;
    std::string part, epoch;
    std::string instance;  // of the plugin that it needs
    JobState state = JobState::queued;
    bool consumed = false;  // its end has moved the subscription
    std::uint32_t attempt = 0, exhausted = 0, looks = 0, reopened = 0;
    Bytes checkpoint;
    std::int64_t not_before_ms = 0;
    std::int64_t waiting_since_ms = 0;    // of BACKOFF, WAITING, UNCERTAIN; 0 = not
    std::int64_t unsettled_until_ms = 0;  // a create that was given up may still appear in its backend until then
    bool alarmed = false;
    std::int32_t last_code = 0;
    std::string last_reason, last_error;
    std::int64_t created_ms = 0, updated_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const JobRow*) {
    v("n", r.n), v("row", r.row), v("op_id", r.op_id), v("step", r.step), v("part", r.part), v("epoch", r.epoch);
    v("instance", r.instance), v("state", r.state), v("consumed", r.consumed), v("attempt", r.attempt);
    v("exhausted", r.exhausted), v("looks", r.looks), v("reopened", r.reopened), v("checkpoint", r.checkpoint);
    v("not_before_ms", r.not_before_ms), v("waiting_since_ms", r.waiting_since_ms);
    v("unsettled_until_ms", r.unsettled_until_ms), v("alarmed", r.alarmed), v("last_code", r.last_code);
    v("last_reason", r.last_reason), v("last_error", r.last_error), v("created_ms", r.created_ms);
    v("updated_ms", r.updated_ms);
}

// What of a due job says whether it can run now: there may be very many.
struct DueJob {
    std::int64_t n = 0, row = 0;
    Step step = Step::none;
    std::string instance;
};
template <class V, class R>
void fields(V& v, R& r, const DueJob*) {
    v("n", r.n), v("row", r.row), v("step", r.step), v("instance", r.instance);
}

// A virtual machine or a volume that we hold. `op_id` is its created_by.
struct VmRow {
    std::string op_id;
    std::int64_t row = 0;  // 0 = orphan
    std::string instance, vm, name, tap, mac, address, host_key, image_digest;
    std::int64_t created_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const VmRow*) {
    v("op_id", r.op_id), v("row", r.row), v("instance", r.instance), v("vm", r.vm), v("name", r.name);
    v("tap", r.tap), v("mac", r.mac), v("address", r.address), v("host_key", r.host_key);
    v("image_digest", r.image_digest), v("created_ms", r.created_ms);
}

struct VolumeRow {
    std::string op_id;
    std::int64_t row = 0;  // 0 = orphan
    std::string instance, volume, part;
    std::string document;  // volume.json
    std::int64_t created_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const VolumeRow*) {
    v("op_id", r.op_id), v("row", r.row), v("instance", r.instance), v("volume", r.volume), v("part", r.part);
    v("document", r.document), v("created_ms", r.created_ms);
}

struct DelegationRow {
    std::string op_id, epoch, instance, delegation, prefix, mode, uplink;
    std::string reserved;  // addresses, separated by one space
    UnixTime expires_at;
    std::int64_t renew_ms = 0;
    bool usable = false;
};
template <class V, class R>
void fields(V& v, R& r, const DelegationRow*) {
    v("op_id", r.op_id), v("epoch", r.epoch), v("instance", r.instance), v("delegation", r.delegation);
    v("prefix", r.prefix), v("mode", r.mode), v("uplink", r.uplink), v("reserved", r.reserved);
    v("expires_at", r.expires_at), v("renew_ms", r.renew_ms), v("usable", r.usable);
}

// An address assignment and the VM's name and host with it.
struct AddressRow {
    std::string address, delegation, name, hypervisor, storage;
    std::int64_t row = 0;  // 0 = an orphan's: never assigned
};
template <class V, class R>
void fields(V& v, R& r, const AddressRow*) {
    v("address", r.address), v("delegation", r.delegation), v("name", r.name), v("hypervisor", r.hypervisor);
    v("storage", r.storage), v("row", r.row);
}

struct CredentialRow {
    std::int64_t row = 0;
    std::string token;
    Bytes sealed, attestation_hash, attestation_signature;
    std::string attestation;  // its fields as JSON text
    std::string tx;           // of the delivery
};
template <class V, class R>
void fields(V& v, R& r, const CredentialRow*) {
    v("row", r.row), v("token", r.token), v("sealed", r.sealed), v("attestation_hash", r.attestation_hash);
    v("attestation_signature", r.attestation_signature), v("attestation", r.attestation), v("tx", r.tx);
}

struct StatementRow {
    std::int64_t row = 0;
    std::uint64_t sequence = 0;  // the highest ever signed
    std::int64_t next_ms = 0;    // 0 = none is due
    std::int64_t failing_since_ms = 0;
    std::string owner;
};
template <class V, class R>
void fields(V& v, R& r, const StatementRow*) {
    v("row", r.row), v("sequence", r.sequence), v("next_ms", r.next_ms), v("failing_since_ms", r.failing_since_ms);
    v("owner", r.owner);
}

struct ParkedRow {
    std::string instance, reason, message;
    std::int64_t since_ms = 0, next_check_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const ParkedRow*) {
    v("instance", r.instance), v("reason", r.reason), v("message", r.message), v("since_ms", r.since_ms);
    v("next_check_ms", r.next_check_ms);
}

struct AlarmRow {
    std::string subject, reason, message;
    std::int64_t since_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const AlarmRow*) {
    v("subject", r.subject), v("reason", r.reason), v("message", r.message), v("since_ms", r.since_ms);
}

struct AuditRow {
    std::int64_t n = 0;
    std::int64_t at_ms = 0;
    std::string actor;    // "kernel", "operator"
    std::string action;   // "transition", "job", "reserve" ...
    std::string subject;  // "subscription:7"
    std::string detail, previous, hash;
};
template <class V, class R>
void fields(V& v, R& r, const AuditRow*) {
    v("n", r.n), v("at_ms", r.at_ms), v("actor", r.actor), v("action", r.action), v("subject", r.subject);
    v("detail", r.detail), v("previous", r.previous), v("hash", r.hash);
}

struct StageRow {
    std::int64_t row = 0;
    std::string stage;  // mined seen final volume started reachable deliver_sent deliver_final active ...
    std::int64_t at_ms = 0;
};
template <class V, class R>
void fields(V& v, R& r, const StageRow*) {
    v("row", r.row), v("stage", r.stage), v("at_ms", r.at_ms);
}

}  // namespace bh::life
