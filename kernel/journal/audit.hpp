// The audit log: a row per decision that touches money, keys or a VM, append-only, each row's hash over the one before.
#pragma once

#include "kernel/journal/anchor.hpp"
#include "kernel/journal/journal.hpp"

#include <map>

namespace bh::life {

void append_audit(Tx& tx, const std::string& actor, const std::string& action, const std::string& subject,
                  const std::string& detail);
std::vector<AuditRow> list_audit(Tx& tx, std::int64_t after, std::uint32_t limit);
std::optional<AuditRow> newest_audit(Tx& tx);
std::optional<AuditRow> audit_row(Tx& tx, std::int64_t n);
std::string audit_head(Tx& tx);  // hash of the newest row, "" = none

// What a walk of the log found.
struct AuditCheck {
    std::int64_t rows = 0;      // that follow from each other, from the first one on
    std::string head;           // hash of the last of them
    std::int64_t broken = 0;    // the first row that does not; 0 = none
    std::string why;            // what is wrong with it, in a sentence
    std::uint64_t anchors = 0;  // that were compared and agree
};

// Walks the log: rows in order, a part at a time, so that nobody who writes has to wait for all of it.
class AuditWalk {
public:
    explicit AuditWalk(const std::vector<AuditAnchor>& anchors);
    // The rows behind those taken before (list_audit). False: one is broken, the rest need not come.
    bool take(const std::vector<AuditRow>& rows);
    [[nodiscard]] std::int64_t last() const noexcept { return found_.rows; }
    // After the last row.
    [[nodiscard]] AuditCheck finish();

private:
    bool broken(std::int64_t row, std::string why);
    std::multimap<std::int64_t, AuditAnchor> anchors_;  // by row
    AuditCheck found_;
};

// The whole walk in one transaction, without anchors. Ok, or BH_E_CORRUPT naming the first broken row.
Status verify_audit(Tx& tx);

// Which journal this is: made once with the database, and anew when it was restored from an older copy. "" = not yet.
std::string journal_id(Tx& tx);
void set_journal_id(Tx& tx, const std::string& id);
// Journals that this one goes on from, and after which of their rows (AuditAnchor's `time` is not set).
std::vector<AuditAnchor> journal_parents(Tx& tx);
void add_journal_parent(Tx& tx, const std::string& id, std::int64_t row);

// meta: single values of the journal ("boot_id", ...).
std::string meta(Tx& tx, const std::string& key);
void set_meta(Tx& tx, const std::string& key, const std::string& value);

// meta: when this journal was last found to be older than what was, or anew on a host that had one; milliseconds. A
// command given before then may have run before.
inline constexpr const char* kRecoveredMs = "recovered_ms";

// Operators' commands run once. False: this nonce was used before.
bool use_nonce(Tx& tx, const std::string& nonce, const std::string& command);

}  // namespace bh::life
