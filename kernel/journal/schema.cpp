#include "kernel/journal/schema.hpp"

namespace bh::life {
namespace {

// Version 1.
constexpr const char* kInitial = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chain_cursor(
    instance TEXT PRIMARY KEY, chain TEXT NOT NULL, contract TEXT NOT NULL, cursor TEXT NOT NULL,
    head_id TEXT NOT NULL, head_height INTEGER NOT NULL, head_time INTEGER NOT NULL,
    final_id TEXT NOT NULL, final_height INTEGER NOT NULL, final_time INTEGER NOT NULL,
    parked_destruction INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE event(
    n INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, type TEXT NOT NULL, position_id TEXT NOT NULL,
    height INTEGER NOT NULL, block_time INTEGER NOT NULL, tx TEXT NOT NULL, log_index INTEGER NOT NULL,
    ordinal INTEGER NOT NULL, subscription TEXT NOT NULL, status TEXT NOT NULL, seen_ms INTEGER NOT NULL,
    final_ms INTEGER NOT NULL, document TEXT NOT NULL, UNIQUE(instance, position_id, tx, log_index));
CREATE INDEX event_open ON event(instance, height) WHERE status = 'seen';
CREATE INDEX event_height ON event(instance, height);
CREATE INDEX event_subject ON event(instance, subscription);
CREATE TABLE subscription(
    row INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, chain TEXT NOT NULL, contract TEXT NOT NULL,
    id TEXT NOT NULL, tx TEXT NOT NULL, ordinal INTEGER NOT NULL, order_hash TEXT NOT NULL, plan TEXT NOT NULL,
    buyer TEXT NOT NULL, token TEXT NOT NULL, paid_seconds INTEGER NOT NULL, amount TEXT NOT NULL,
    sealed_request BLOB NOT NULL, purchase TEXT NOT NULL, purchased_id TEXT NOT NULL,
    purchased_height INTEGER NOT NULL, purchased_time INTEGER NOT NULL, owner TEXT NOT NULL,
    expires_at INTEGER NOT NULL, window_ends INTEGER NOT NULL, grace_ends INTEGER NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL, epoch TEXT NOT NULL, close_tx TEXT NOT NULL, restarts INTEGER NOT NULL,
    wake_ms INTEGER NOT NULL, due_at INTEGER NOT NULL, undo_until_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL, UNIQUE(chain, contract, id, tx, ordinal));
CREATE INDEX subscription_id ON subscription(instance, id);
CREATE INDEX subscription_wake ON subscription(wake_ms) WHERE wake_ms > 0;
CREATE INDEX subscription_due ON subscription(instance, due_at) WHERE due_at > 0;
CREATE INDEX subscription_state ON subscription(state);
CREATE TABLE plan(
    instance TEXT NOT NULL, plan TEXT NOT NULL, resources TEXT NOT NULL, delivery_window_s INTEGER NOT NULL,
    grace_s INTEGER NOT NULL, total INTEGER NOT NULL, active INTEGER NOT NULL, agent TEXT NOT NULL,
    PRIMARY KEY(instance, plan)) WITHOUT ROWID;
CREATE TABLE job(
    n INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL REFERENCES subscription(row), op_id TEXT NOT NULL,
    step TEXT NOT NULL, part TEXT NOT NULL, epoch TEXT NOT NULL, instance TEXT NOT NULL, state TEXT NOT NULL,
    consumed INTEGER NOT NULL, attempt INTEGER NOT NULL, exhausted INTEGER NOT NULL, looks INTEGER NOT NULL,
    reopened INTEGER NOT NULL, checkpoint BLOB NOT NULL, not_before_ms INTEGER NOT NULL,
    waiting_since_ms INTEGER NOT NULL, unsettled_until_ms INTEGER NOT NULL, alarmed INTEGER NOT NULL,
    last_code INTEGER NOT NULL, last_reason TEXT NOT NULL, last_error TEXT NOT NULL, created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL, UNIQUE(op_id, step));
CREATE INDEX job_due ON job(not_before_ms) WHERE state IN ('queued', 'waiting', 'backoff', 'uncertain');
CREATE INDEX job_row ON job(row, n);
CREATE INDEX job_unconsumed ON job(row) WHERE consumed = 0;
CREATE INDEX job_parked ON job(instance) WHERE state = 'parked';
CREATE TABLE vm(
    op_id TEXT PRIMARY KEY, row INTEGER NOT NULL, instance TEXT NOT NULL, vm TEXT NOT NULL, name TEXT NOT NULL,
    tap TEXT NOT NULL, mac TEXT NOT NULL, address TEXT NOT NULL, host_key TEXT NOT NULL, image_digest TEXT NOT NULL,
    created_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX vm_row ON vm(row);
CREATE TABLE volume(
    op_id TEXT PRIMARY KEY, row INTEGER NOT NULL, instance TEXT NOT NULL, volume TEXT NOT NULL, part TEXT NOT NULL,
    document TEXT NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX volume_row ON volume(row);
CREATE TABLE delegation(
    op_id TEXT PRIMARY KEY, epoch TEXT NOT NULL, instance TEXT NOT NULL, delegation TEXT NOT NULL,
    prefix TEXT NOT NULL, mode TEXT NOT NULL, uplink TEXT NOT NULL, reserved TEXT NOT NULL,
    expires_at INTEGER NOT NULL, renew_ms INTEGER NOT NULL, usable INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE address(
    address TEXT PRIMARY KEY, delegation TEXT NOT NULL, name TEXT NOT NULL UNIQUE, hypervisor TEXT NOT NULL,
    storage TEXT NOT NULL, row INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX address_row ON address(row);
CREATE TABLE credential(
    row INTEGER PRIMARY KEY, token TEXT NOT NULL, sealed BLOB NOT NULL, attestation_hash BLOB NOT NULL,
    attestation_signature BLOB NOT NULL, attestation TEXT NOT NULL, tx TEXT NOT NULL);
CREATE TABLE statement(
    row INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, next_ms INTEGER NOT NULL, failing_since_ms INTEGER NOT NULL,
    owner TEXT NOT NULL);
CREATE INDEX statement_next ON statement(next_ms) WHERE next_ms > 0;
CREATE TABLE parked(
    instance TEXT PRIMARY KEY, reason TEXT NOT NULL, message TEXT NOT NULL, since_ms INTEGER NOT NULL,
    next_check_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alarm(
    subject TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, since_ms INTEGER NOT NULL,
    PRIMARY KEY(subject, reason)) WITHOUT ROWID;
CREATE TABLE audit(
    n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TABLE stage(
    row INTEGER NOT NULL, stage TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(row, stage)) WITHOUT ROWID;
CREATE TABLE store(
    instance TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(instance, key)) WITHOUT ROWID;
CREATE TABLE command(
    nonce TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, command TEXT NOT NULL) WITHOUT ROWID;
)sql";

// Version 2.
constexpr const char* kCapacity = R"sql(
CREATE TABLE capacity(
    instance TEXT NOT NULL, plan TEXT NOT NULL, restore INTEGER NOT NULL, want INTEGER NOT NULL, op_id TEXT NOT NULL,
    epoch TEXT NOT NULL, checkpoint BLOB NOT NULL, attempt INTEGER NOT NULL, done INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL, PRIMARY KEY(instance, plan)) WITHOUT ROWID;
)sql";

// Version 3.
constexpr const char* kFunds = R"sql(
CREATE TABLE host_tx(
    op_id TEXT PRIMARY KEY, instance TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, epoch TEXT NOT NULL,
    intent TEXT NOT NULL, checkpoint BLOB NOT NULL, attempt INTEGER NOT NULL, done INTEGER NOT NULL,
    failed INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, tx TEXT NOT NULL, last_error TEXT NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX host_tx_subject ON host_tx(instance, subject, created_ms);
CREATE INDEX host_tx_open ON host_tx(instance) WHERE done = 0 AND failed = 0;
CREATE TABLE fee(
    n INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, tx TEXT NOT NULL, op_id TEXT NOT NULL,
    action TEXT NOT NULL, amount TEXT NOT NULL, block_time INTEGER NOT NULL, UNIQUE(instance, tx));
CREATE INDEX fee_action ON fee(instance, action, n);
CREATE TABLE outage(
    n INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL, from_s INTEGER NOT NULL, until_s INTEGER NOT NULL,
    cause TEXT NOT NULL, credited_s INTEGER NOT NULL);
CREATE INDEX outage_row ON outage(row, n);
CREATE INDEX outage_until ON outage(until_s);
)sql";

// Version 4: an event's row is written once. What is not final yet is in event_open as well, and becomes final by
// leaving it; event_now shows each event with its status. What makes an event unique begins with where it is, so that
// the same index serves walks by height. `n` needs no AUTOINCREMENT: no event is ever deleted. The document is the
// event's own, without the list that held it alone.
constexpr const char* kEvents = R"sql(
CREATE TABLE event_4(
    n INTEGER PRIMARY KEY, instance TEXT NOT NULL, type TEXT NOT NULL, position_id TEXT NOT NULL,
    height INTEGER NOT NULL, block_time INTEGER NOT NULL, tx TEXT NOT NULL, log_index INTEGER NOT NULL,
    ordinal INTEGER NOT NULL, subscription TEXT NOT NULL, status TEXT NOT NULL, seen_ms INTEGER NOT NULL,
    document TEXT NOT NULL, UNIQUE(instance, height, log_index, position_id, tx));
INSERT INTO event_4(
    n, instance, type, position_id, height, block_time, tx, log_index, ordinal, subscription, status, seen_ms, document)
SELECT n, instance, type, position_id, height, block_time, tx, log_index, ordinal, subscription, status, seen_ms,
    json_extract(document, '$.events[0]') FROM event ORDER BY n;
DROP TABLE event;
ALTER TABLE event_4 RENAME TO event;
CREATE INDEX event_subject ON event(instance, subscription);
CREATE TABLE event_open(
    instance TEXT NOT NULL, height INTEGER NOT NULL, log_index INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY(instance, height, log_index, n)) WITHOUT ROWID;
INSERT INTO event_open(instance, height, log_index, n)
SELECT instance, height, log_index, n FROM event WHERE status = 'seen';
CREATE VIEW event_not_final AS SELECT
    o.instance AS instance, o.height AS height, o.log_index AS log_index, type, tx, ordinal, subscription
FROM event_open AS o CROSS JOIN event AS e ON e.n = o.n;
CREATE VIEW event_now AS SELECT
    n, instance, type, position_id, height, block_time, tx, log_index, ordinal, subscription, CASE
        WHEN status = 'seen' AND NOT EXISTS(
            SELECT 1 FROM event_open AS o WHERE o.instance = e.instance AND o.height = e.height AND
                o.log_index = e.log_index AND o.n = e.n) THEN 'final'
        ELSE status END AS status,
    seen_ms, document FROM event AS e;
ALTER TABLE capacity ADD COLUMN height INTEGER NOT NULL DEFAULT 0;
CREATE INDEX job_unsettled ON job(unsettled_until_ms) WHERE unsettled_until_ms > 0;
)sql";

// Version 5: what is not final yet is what is above a height, which the cursor of its instance has. Events are listed
// by their subscriptions in a table that is written for many at once: an index would touch as many pages as there are
// subscriptions for each few hundred events.
constexpr const char* kCatchUp = R"sql(
ALTER TABLE chain_cursor ADD COLUMN open_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chain_cursor ADD COLUMN newest_event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chain_cursor ADD COLUMN listed_event INTEGER NOT NULL DEFAULT 0;
UPDATE chain_cursor SET newest_event = coalesce((SELECT max(n) FROM event), 0);
UPDATE chain_cursor SET listed_event = newest_event;
DROP INDEX event_subject;
CREATE TABLE event_subject(
    instance TEXT NOT NULL, subscription TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY(instance, subscription, n)) WITHOUT ROWID;
INSERT INTO event_subject(instance, subscription, n)
SELECT instance, subscription, n FROM event WHERE subscription <> '' ORDER BY instance, subscription, n;
CREATE INDEX address_hypervisor ON address(hypervisor);
UPDATE chain_cursor SET open_from = coalesce(
    (SELECT min(height) FROM event_open AS o WHERE o.instance = chain_cursor.instance),
    (SELECT max(height) + 1 FROM event AS e WHERE e.instance = chain_cursor.instance), 0);
DROP VIEW event_now;
DROP VIEW event_not_final;
DROP TABLE event_open;
CREATE VIEW event_now AS SELECT
    n, instance, type, position_id, height, block_time, tx, log_index, ordinal, subscription, CASE
        WHEN status = 'seen' AND height < (SELECT open_from FROM chain_cursor AS c WHERE c.instance = e.instance)
            THEN 'final'
        ELSE status END AS status,
    seen_ms, document FROM event AS e;
)sql";

constexpr const char* kMigrations[] = {kInitial, kCapacity, kFunds, kEvents, kCatchUp};

}  // namespace

std::span<const char* const> migrations() noexcept { return kMigrations; }

}  // namespace bh::life
