#include "kernel/journal/audit_chain.hpp"

#include "kernel/journal/audit.hpp"
#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"

#include <charconv>
#include <sstream>

namespace bh::life {
namespace {

constexpr const char* kJournalId = "journal_id";
constexpr const char* kJournalParents = "journal_parents";

}  // namespace

// Length-prefixed, so that no two rows have the same bytes.
std::string chain_hash(const AuditRow& row) {
    Bytes bytes;
    for (const std::string& field : {std::string{"bh-audit/1"}, row.previous, std::to_string(row.n),
                                     std::to_string(row.at_ms), row.actor, row.action, row.subject, row.detail}) {
        for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(field.size() >> shift));
        bytes.insert(bytes.end(), field.begin(), field.end());
    }
    return crypto::hex(crypto::sha256(bytes));
}

AuditWalk::AuditWalk(const std::vector<AuditAnchor>& anchors) {
    for (const auto& anchor : anchors) anchors_.emplace(anchor.row, anchor);
}

bool AuditWalk::broken(std::int64_t row, std::string why) {
    found_.broken = row;
    found_.why = std::move(why);
    return false;
}

bool AuditWalk::take(const std::vector<AuditRow>& rows) {
    for (const auto& row : rows) {
        const std::int64_t expected = found_.rows + 1;
        if (found_.broken != 0) return false;
        if (row.n != expected)
            return broken(expected, "it is missing: the next one there is row " + std::to_string(row.n));
        if (row.previous != found_.head) return broken(row.n, "it does not follow from the row before it");
        if (row.hash != chain_hash(row)) return broken(row.n, "its hash is not that of its contents: it was changed");
        const auto [first, last] = anchors_.equal_range(row.n);
        for (auto anchor = first; anchor != last; ++anchor) {
            if (anchor->second.hash != row.hash) {
                return broken(row.n, "it is not the row that was anchored at " + time_to_text(anchor->second.time) +
                                         ": it, or one before it, was written anew");
            }
            ++found_.anchors;
        }
        ++found_.rows;
        found_.head = row.hash;
    }
    return true;
}

AuditCheck AuditWalk::finish() {
    const auto beyond = anchors_.upper_bound(found_.rows);
    if (found_.broken == 0 && beyond != anchors_.end()) {
        broken(found_.rows + 1, "it is missing: row " + std::to_string(beyond->first) + " was anchored at " +
                                    time_to_text(beyond->second.time) + ", and the log ends before it");
    }
    return found_;
}

Status verify_audit(Tx& tx) {
    constexpr std::uint32_t kBatch = 500;
    AuditWalk walk{{}};
    for (;;) {
        const auto rows = list_audit(tx, walk.last(), kBatch);
        if (!walk.take(rows) || rows.size() < kBatch) break;
    }
    const AuditCheck found = walk.finish();
    if (found.broken == 0) return {};
    return Failure{BH_E_CORRUPT, "audit_broken",
                   "row " + std::to_string(found.broken) + " of the audit log is broken: " + found.why, 0};
}

std::string journal_id(Tx& tx) { return meta(tx, kJournalId); }
void set_journal_id(Tx& tx, const std::string& id) { set_meta(tx, kJournalId, id); }

// "ID:ROW ID:ROW"
std::vector<AuditAnchor> journal_parents(Tx& tx) {
    std::vector<AuditAnchor> all;
    std::istringstream text{meta(tx, kJournalParents)};
    for (std::string one; text >> one;) {
        const std::size_t colon = one.find(':');
        if (colon == std::string::npos) continue;
        AuditAnchor parent;
        parent.journal = one.substr(0, colon);
        std::from_chars(one.data() + colon + 1, one.data() + one.size(), parent.row);
        all.push_back(std::move(parent));
    }
    return all;
}

void add_journal_parent(Tx& tx, const std::string& id, std::int64_t row) {
    const std::string before = meta(tx, kJournalParents);
    set_meta(tx, kJournalParents, before + (before.empty() ? "" : " ") + id + ":" + std::to_string(row));
}

}  // namespace bh::life
