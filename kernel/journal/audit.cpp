#include "kernel/journal/audit.hpp"

#include "kernel/journal/database.hpp"
#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"

namespace bh::life {
namespace {

// Length-prefixed, so that no two rows have the same bytes.
std::string hash_of(const AuditRow& row) {
    Bytes bytes;
    for (const std::string& field : {std::string{"bh-audit/1"}, row.previous, std::to_string(row.n),
                                     std::to_string(row.at_ms), row.actor, row.action, row.subject, row.detail}) {
        for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(field.size() >> shift));
        bytes.insert(bytes.end(), field.begin(), field.end());
    }
    return crypto::hex(crypto::sha256(bytes));
}

}  // namespace

void append_audit(Tx& tx, const std::string& actor, const std::string& action, const std::string& subject,
                  const std::string& detail) {
    const auto last = select_one<AuditRow>(tx.db(), "audit", "ORDER BY n DESC");
    AuditRow row{last ? last->n + 1 : 1, tx.now_ms(), actor, action, subject, detail, last ? last->hash : "", ""};
    row.hash = hash_of(row);
    insert(tx.db(), "INSERT", "audit", row);
}

std::vector<AuditRow> list_audit(Tx& tx, std::int64_t after, std::uint32_t limit) {
    return select<AuditRow>(tx.db(), "audit", "WHERE n > ? ORDER BY n LIMIT ?", after, limit);
}

std::string audit_head(Tx& tx) {
    const auto last = select_one<AuditRow>(tx.db(), "audit", "ORDER BY n DESC");
    return last ? last->hash : std::string{};
}

Status verify_audit(Tx& tx) {
    constexpr std::uint32_t kBatch = 500;
    std::string previous;
    std::int64_t n = 0;
    for (;;) {
        const auto rows = list_audit(tx, n, kBatch);
        for (const auto& row : rows) {
            if (row.n != n + 1 || row.previous != previous || row.hash != hash_of(row)) {
                return Failure{
                    BH_E_CORRUPT, "audit_broken",
                    "the audit log does not follow from row " + std::to_string(n) + " on: compare with its anchor", 0};
            }
            previous = row.hash;
            n = row.n;
        }
        if (rows.size() < kBatch) return {};
    }
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
