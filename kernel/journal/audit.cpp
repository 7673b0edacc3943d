#include "kernel/journal/audit.hpp"

#include "kernel/journal/audit_chain.hpp"
#include "kernel/journal/database.hpp"

namespace bh::life {

void append_audit(Tx& tx, const std::string& actor, const std::string& action, const std::string& subject,
                  const std::string& detail) {
    const auto last = newest_audit(tx);
    AuditRow row{last ? last->n + 1 : 1, tx.now_ms(), actor, action, subject, detail, last ? last->hash : "", ""};
    row.hash = chain_hash(row);
    insert(tx.db(), "INSERT", "audit", row);
}

std::vector<AuditRow> list_audit(Tx& tx, std::int64_t after, std::uint32_t limit) {
    return select<AuditRow>(tx.db(), "audit", "WHERE n > ? ORDER BY n LIMIT ?", after, limit);
}

std::optional<AuditRow> newest_audit(Tx& tx) { return select_one<AuditRow>(tx.db(), "audit", "ORDER BY n DESC"); }

std::optional<AuditRow> audit_row(Tx& tx, std::int64_t n) {
    return select_one<AuditRow>(tx.db(), "audit", "WHERE n = ?", n);
}

std::string audit_head(Tx& tx) {
    const auto last = newest_audit(tx);
    return last ? last->hash : std::string{};
}

std::string meta(Tx& tx, const std::string& key) {
    auto& s = bound(tx.db(), "SELECT value FROM meta WHERE key = ?", key);
    return s.executeStep() ? s.getColumn(0).getString() : std::string{};
}

void set_meta(Tx& tx, const std::string& key, const std::string& value) {
    change(tx.db(), "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", key, value);
}

bool use_nonce(Tx& tx, const std::string& nonce, const std::string& command) {
    return change(tx.db(), "INSERT OR IGNORE INTO command(nonce, at_ms, command) VALUES(?, ?, ?)", nonce, tx.now_ms(),
                  command) == 1;
}

}  // namespace bh::life
