#include "kernel/api/views.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <algorithm>

namespace bh::api {
namespace {

using nlohmann::json;
using namespace bh::life;  // the journal's rows and queries

json time(UnixTime when) { return when.seconds == 0 ? json{nullptr} : json{time_to_text(when)}; }
json time_ms(std::int64_t ms) { return ms == 0 ? json{nullptr} : json(ms); }
json block(const Block& at) {
    if (!at.position.known()) return nullptr;
    return {{"id", at.position.id}, {"height", at.position.height}, {"time", time(at.time)}};
}

json subscription_row(const SubscriptionRow& row) {
    return {{"subscription", row.id},
            {"chain", row.chain},
            {"instance", row.instance},
            {"plan", row.plan},
            {"state", to_text(row.state)},
            {"reason", row.reason},
            {"buyer", row.buyer},
            {"owner", row.owner},
            {"amount", row.amount.units},
            {"token", row.token},
            {"paid_seconds", row.paid_seconds},
            {"expires_at", time(row.expires_at)},
            {"window_ends", time(row.window_ends)},
            {"grace_ends", time(row.grace_ends)},
            {"purchase_tx", row.tx},
            {"created_ms", row.created_ms},
            {"updated_ms", row.updated_ms},
            {"undo_until_ms", time_ms(row.undo_until_ms)},
            {"row", row.row}};
}

json job_row(const JobRow& job) {
    return {{"job", job.n},
            {"row", job.row},
            {"op_id", job.op_id},
            {"step", to_text(job.step)},
            {"state", to_text(job.state)},
            {"instance", job.instance},
            {"attempt", job.attempt},
            {"not_before_ms", time_ms(job.not_before_ms)},
            {"last_reason", job.last_reason},
            {"last_error", job.last_error},
            {"created_ms", job.created_ms},
            {"updated_ms", job.updated_ms}};
}

json event_row(const EventRow& event) {
    return {{"event", event.n},
            {"instance", event.instance},
            {"type", event.type},
            {"subscription", event.subscription},
            {"height", event.position.height},
            {"block", event.position.id},
            {"time", time(event.time)},
            {"tx", event.tx},
            {"status", to_text(event.status)},
            {"seen_ms", event.seen_ms},
            {"final_ms", time_ms(event.final_ms)}};
}

json vm_row(const VmRow& vm) {
    return {{"vm", vm.name},
            {"op_id", vm.op_id},
            {"instance", vm.instance},
            {"address", vm.address},
            {"tap", vm.tap},
            {"mac", vm.mac},
            {"host_key", vm.host_key},
            {"image", vm.image_digest},
            {"created_ms", vm.created_ms}};
}

// Runs `body` in one read transaction and returns what it filled in.
template <class F>
Result<json> view(Journal& journal, F&& body) {
    json out = json::object();
    const auto read = journal.read([&](Tx& tx) -> Status { return body(tx, out); });
    if (!read) return read.failure();
    return out;
}

template <class Rows, class Show>
json list(const Rows& rows, Show show) {
    json all = json::array();
    for (const auto& row : rows) all.push_back(show(row));
    return all;
}

}  // namespace

Result<json> status_view(Journal& journal) {
    return view(journal, [](Tx& tx, json& out) -> Status {
        out["chains"] = list(cursors(tx), [](const CursorRow& row) {
            return json{{"instance", row.instance},  {"chain", row.chain},
                        {"contract", row.contract},  {"head", block(row.head)},
                        {"final", block(row.final)}, {"destruction_parked", row.parked_destruction}};
        });
        out["subscriptions"] = json::object();
        for (const auto& count : count_subscriptions(tx)) out["subscriptions"][count.state] = count.count;
        out["vms"] = list_vms(tx).size();
        out["alarms"] = list(alarms(tx), [](const AlarmRow& row) {
            return json{
                {"subject", row.subject}, {"reason", row.reason}, {"message", row.message}, {"since_ms", row.since_ms}};
        });
        out["parked"] = list(parked_instances(tx), [](const ParkedRow& row) {
            return json{{"instance", row.instance},
                        {"reason", row.reason},
                        {"message", row.message},
                        {"since_ms", row.since_ms}};
        });
        return {};
    });
}

Result<json> subscriptions_view(Journal& journal, const std::string& state, std::int64_t after, std::uint32_t limit) {
    return view(journal, [&](Tx& tx, json& out) -> Status {
        const auto rows = list_subscriptions(tx, state, after, std::min(limit, kMaxRows));
        out["subscriptions"] = list(rows, subscription_row);
        out["next"] = rows.size() == limit ? rows.back().row : 0;
        return {};
    });
}

Result<json> subscription_view(Journal& journal, const std::string& instance, const std::string& id) {
    return view(journal, [&](Tx& tx, json& out) -> Status {
        std::vector<SubscriptionRow> rows;
        for (const auto& cursor : cursors(tx)) {
            if (!instance.empty() && cursor.instance != instance) continue;
            for (auto& row : subscriptions_by_id(tx, cursor.instance, id)) rows.push_back(std::move(row));
        }
        if (rows.empty()) return Failure{BH_E_NOT_FOUND, "no_subscription", "there is no subscription " + id + " here"};
        const auto& row = rows.front();
        out = subscription_row(row);
        out["earlier_holders"] = rows.size() - 1;
        out["timeline"] = list(stages_of(tx, row.row), [](const StageRow& stage) {
            return json{{"stage", stage.stage}, {"at_ms", stage.at_ms}};
        });
        out["jobs"] = list(jobs_of(tx, row.row), job_row);
        out["events"] = list(events_of(tx, row.instance, row.id), event_row);
        const auto vm = vm_of(tx, row.row);
        out["vm"] = vm ? vm_row(*vm) : json{nullptr};
        const auto address = address_of(tx, row.row);
        out["address"] = address ? json{address->address} : json{nullptr};
        const auto credential = credential_of(tx, row.row);
        out["delivery_tx"] = credential ? credential->tx : "";
        out["attestation"] = credential && !credential->attestation.empty()
                                 ? json::parse(credential->attestation, nullptr, false)
                                 : json{nullptr};
        out["attestation_hash"] = credential ? hex_from_bytes(credential->attestation_hash) : "";
        const auto statement = statement_of(tx, row.row);
        out["statement_sequence"] = statement ? std::to_string(statement->sequence) : "";
        return {};
    });
}

Result<json> vms_view(Journal& journal) {
    return view(journal, [](Tx& tx, json& out) -> Status {
        out["vms"] = json::array();
        for (const auto& vm : list_vms(tx)) {
            json shown = vm_row(vm);
            const auto row = vm.row != 0 ? subscription_by_row(tx, vm.row) : std::nullopt;
            shown["subscription"] = row ? row->id : "";
            shown["state"] = row ? to_text(row->state) : "orphan";
            out["vms"].push_back(std::move(shown));
        }
        return {};
    });
}

Result<json> plans_view(Journal& journal) {
    return view(journal, [](Tx& tx, json& out) -> Status {
        out["plans"] = list(list_plans(tx), [](const PlanRow& plan) {
            return json{{"plan", plan.plan},       {"instance", plan.instance},
                        {"active", plan.active},   {"total", plan.total},
                        {"agent", plan.agent},     {"delivery_window_s", plan.delivery_window_s},
                        {"grace_s", plan.grace_s}, {"resources", json::parse(plan.resources, nullptr, false)}};
        });
        return {};
    });
}

Result<json> events_view(Journal& journal, std::int64_t before, std::uint32_t limit) {
    return view(journal, [&](Tx& tx, json& out) -> Status {
        out["events"] = list(list_events(tx, before, std::min(limit, kMaxRows)), event_row);
        return {};
    });
}

Result<json> jobs_view(Journal& journal, const std::string& state, std::uint32_t limit) {
    return view(journal, [&](Tx& tx, json& out) -> Status {
        out["jobs"] = list(list_jobs(tx, state, std::min(limit, kMaxRows)), job_row);
        return {};
    });
}

Result<json> job_view(Journal& journal, std::int64_t number) {
    return view(journal, [&](Tx& tx, json& out) -> Status {
        const auto job = job_by_number(tx, number);
        if (!job) return Failure{BH_E_NOT_FOUND, "no_job", "there is no job " + std::to_string(number)};
        out = job_row(*job);
        return {};
    });
}

Result<json> audit_view(Journal& journal, std::int64_t after, std::uint32_t limit) {
    return view(journal, [&](Tx& tx, json& out) -> Status {
        out["audit"] = list(list_audit(tx, after, std::min(limit, kMaxRows)), [](const AuditRow& row) {
            return json{{"n", row.n},           {"at_ms", row.at_ms},     {"actor", row.actor},
                        {"action", row.action}, {"subject", row.subject}, {"detail", row.detail},
                        {"hash", row.hash}};
        });
        return {};
    });
}

}  // namespace bh::api
