#include "kernel/api/operator_views.hpp"

namespace bh::api {
namespace {

using nlohmann::json;
using namespace bh::life;

json anchor_json(const std::optional<AuditAnchor>& anchor) {
    if (!anchor) return nullptr;
    return {{"journal", anchor->journal},
            {"row", anchor->row},
            {"hash", anchor->hash},
            {"time", time_to_text(anchor->time)}};
}

json foresight_json(const Foresight& row, const GuardPolicy& policy) {
    return {{"subscription", row.row.id},
            {"instance", row.row.instance},
            {"state", to_text(row.row.state)},
            {"step", row.step == Step::none ? json(nullptr) : json(to_text(row.step))},
            {"verdict", to_text(row.verdict)},
            {"why", row.why},
            {"when_ms", row.when_ms == 0 ? json(nullptr) : json(row.when_ms)},
            {"when", row.when.seconds == 0 ? json(nullptr) : json(time_to_text(row.when))},
            {"vm", row.vm},
            {"final_says", to_text(row.says.final)},
            {"head_says", to_text(row.says.head)},
            {"guard",
             {{"condition", to_text(row.guard)},
              {"holds", row.holds},
              {"looks", row.looks},
              {"looks_wanted", policy.checks},
              {"span_ms", policy.span_ms}}}};
}

}  // namespace

json audit_check_view(const AuditReport& report) {
    json parents = json::array();
    for (const auto& parent : report.parents) parents.push_back({{"journal", parent.journal}, {"row", parent.row}});
    const bool broken = report.check.broken != 0;
    return {{"whole", !broken},
            {"rows", report.check.rows},
            {"head", report.check.head},
            {"broken_row", broken ? json(report.check.broken) : json(nullptr)},
            {"why", report.check.why},
            {"journal", report.journal},
            {"parents", std::move(parents)},
            {"anchors_compared", report.check.anchors},
            {"anchors_unread", report.unread.empty() ? json(nullptr) : json(report.unread)},
            {"newest_anchor", anchor_json(report.newest)},
            {"other_journal", anchor_json(report.other)}};
}

json gc_view(const GcReport& report) {
    json rows = json::array(), orphans = json::array();
    for (const auto& row : report.rows) rows.push_back(foresight_json(row, report.policy));
    for (const auto& vm : report.orphan_vms) {
        orphans.push_back({{"kind", "vm"}, {"name", vm.name}, {"op_id", vm.op_id}, {"instance", vm.instance}});
    }
    for (const auto& volume : report.orphan_volumes) {
        orphans.push_back(
            {{"kind", "volume"}, {"name", volume.volume}, {"op_id", volume.op_id}, {"instance", volume.instance}});
    }
    return {{"rows", std::move(rows)}, {"orphans", std::move(orphans)}, {"more", report.more}};
}

}  // namespace bh::api
