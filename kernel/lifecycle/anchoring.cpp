// Engine: the audit log's head is anchored outside the journal, and at the start the anchors say whether this journal
// is the newest there ever was. An older copy goes on under a name of its own, so that its anchors and those of what
// was lost stay apart.
#include "kernel/lifecycle/engine.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr std::int64_t kAnchorMs = 60'000, kAnchorRetryMs = 10'000;
constexpr const char* kSubject = "audit";

}  // namespace

// What the anchors say of this journal. On a worker; reads only.
Result<Engine::LostJournal> Engine::compare_with_anchors() {
    LostJournal found;
    std::string id;
    std::vector<AuditAnchor> parents;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        id = journal_id(tx);
        parents = journal_parents(tx);
        return {};
    });
    if (!read) return read.failure();
    auto newest = ports_.vault.newest_anchor(id);
    if (!newest) return newest.failure();
    auto last = ports_.vault.newest_anchor("");
    if (!last) return last.failure();
    const auto known = [&](const AuditAnchor& parent) { return parent.journal == (*last)->journal; };
    if (*last && (*last)->journal != id && std::none_of(parents.begin(), parents.end(), known)) found.ahead = *last;
    if (!*newest) return found;
    const auto agrees = [&](const AuditAnchor& anchor) -> Result<bool> {
        bool same = false;
        const auto looked = journal_.read([&](Tx& tx) -> Status {
            const auto row = audit_row(tx, anchor.row);
            same = row && row->hash == anchor.hash;
            return {};
        });
        if (!looked) return looked.failure();
        return same;
    };
    auto same = agrees(**newest);
    if (!same) return same.failure();
    if (*same) return found;
    found.ahead = *newest;
    auto all = ports_.vault.anchors(id);
    if (!all) return all.failure();
    for (auto each = all->rbegin(); each != all->rend(); ++each) {
        auto shared = agrees(*each);
        if (!shared) return shared.failure();
        if (!*shared) continue;
        found.common = each->row;
        break;
    }
    return found;
}

// In the transaction that ends recovery: an older or a lost journal is written down, and goes on as a new one.
Status Engine::note_lost_journal(Tx& tx) {
    if (!lost_.ahead) return {};
    const AuditAnchor& ahead = *lost_.ahead;
    auto id = ports_.clock.random_id();
    if (!id) return id.failure();
    const bool older = ahead.journal == journal_id(tx);
    add_journal_parent(tx, ahead.journal, older ? lost_.common : 0);
    if (older) set_journal_id(tx, *id);
    set_meta(tx, kRecoveredMs, std::to_string(tx.now_ms()));
    append_audit(tx, "kernel", "recover", "host",
                 (older ? "an older copy of the journal: it agrees with its anchors up to row " +
                              std::to_string(lost_.common) + ", and row "
                        : "another journal, " + ahead.journal + ", was in use before and is lost: its row ") +
                     std::to_string(ahead.row) + " (" + ahead.hash + ") was anchored at " + time_to_text(ahead.time));
    return {};
}

// The newest row, unless it is anchored already.
std::optional<AuditAnchor> Engine::anchor_due() {
    std::optional<AuditAnchor> due;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        const auto newest = newest_audit(tx);
        if (newest && newest->hash != anchored_) due = AuditAnchor{journal_id(tx), newest->n, newest->hash, {}};
        return {};
    });
    return read ? due : std::nullopt;
}

bool Engine::anchor_audit() {
    if (anchoring_ || next_anchor_ms_ > now()) return false;
    auto due = anchor_due();
    next_anchor_ms_ = now() + kAnchorMs;
    if (!due) return false;
    anchoring_ = true;
    post([this, due = std::move(*due)]() -> Done {
        const Status kept = ports_.vault.anchor(due);
        return [this, due, kept]() -> Status {
            if (kept && anchor_failing_ms_ == 0) {
                anchored_ = due.hash, anchoring_ = false;
                return {};
            }
            const std::int64_t since = anchor_failing_ms_ == 0 ? now() : anchor_failing_ms_;
            const auto written = journal_.write([&](Tx& tx) -> Status {
                if (kept) clear_alarms(tx, kSubject);
                const bool conflict = !kept && kept.failure().code == BH_E_CONFLICT;
                if (!kept && (conflict || tx.now_ms() - since >= config_.alarm_after_ms)) {
                    raise_alarm(tx, kSubject, "unanchored",
                                "the audit log can't be anchored: " + kept.failure().message);
                }
                return {};
            });
            if (!written) return written;
            anchoring_ = false;
            anchor_failing_ms_ = kept ? 0 : since;
            if (kept) anchored_ = due.hash;
            if (!kept) next_anchor_ms_ = now() + kAnchorRetryMs;
            return {};
        };
    });
    return true;
}

// At a clean end: what is lost after it shows.
void Engine::anchor_last() {
    if (recovering_) return;
    const auto due = anchor_due();
    // Nobody is there to hear of a failure; the next start anchors.
    if (due && ports_.vault.anchor(*due)) anchored_ = due->hash;
}

}  // namespace bh::life
