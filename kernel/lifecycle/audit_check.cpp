#include "kernel/lifecycle/audit_check.hpp"

#include <algorithm>

namespace bh::life {
namespace {

constexpr std::uint32_t kRowsPerRead = 2000;

// The anchors that this journal's rows must agree with.
Result<std::vector<AuditAnchor>> gather(VaultPort& vault, AuditReport& report) {
    auto all = vault.anchors(report.journal);
    if (!all) return all;
    if (!all->empty()) report.newest = all->back();
    for (const auto& parent : report.parents) {
        auto shared = vault.anchors(parent.journal);
        if (!shared) return shared;
        std::copy_if(shared->begin(), shared->end(), std::back_inserter(*all),
                     [&](const AuditAnchor& anchor) { return anchor.row <= parent.row; });
    }
    auto newest = vault.newest_anchor("");
    if (!newest) return newest.failure();
    const auto is_known = [&](const AuditAnchor& anchor) {
        return anchor.journal == report.journal ||
               std::any_of(report.parents.begin(), report.parents.end(),
                           [&](const AuditAnchor& parent) { return parent.journal == anchor.journal; });
    };
    if (*newest && !is_known(**newest)) report.other = std::move(*newest);
    return all;
}

}  // namespace

Result<AuditReport> check_audit(Journal& journal, VaultPort& vault) {
    AuditReport report;
    auto read = journal.read([&](Tx& tx) -> Status {
        report.journal = journal_id(tx);
        report.parents = journal_parents(tx);
        return {};
    });
    if (!read) return read.failure();
    auto anchors = gather(vault, report);
    if (!anchors) report.unread = anchors.failure().message;
    AuditWalk walk{anchors ? *anchors : std::vector<AuditAnchor>{}};
    for (bool more = true; more;) {
        std::vector<AuditRow> rows;
        read = journal.read([&](Tx& tx) -> Status {
            rows = list_audit(tx, walk.last(), kRowsPerRead);
            return {};
        });
        if (!read) return read.failure();
        more = walk.take(rows) && rows.size() == kRowsPerRead;
    }
    report.check = walk.finish();
    return report;
}

}  // namespace bh::life
