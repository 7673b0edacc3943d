#include "kernel/api/views.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/lifecycle/query.hpp"

#include <algorithm>

namespace bh::api {
namespace {

using nlohmann::json;
using namespace bh::life;  // the journal's rows and queries

json time(UnixTime when) { return when.seconds == 0 ? json(nullptr) : json(time_to_text(when)); }
json time_ms(std::int64_t ms) { return ms == 0 ? json(nullptr) : json(ms); }
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
            {"seen_ms", event.seen_ms}};
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
    const auto found = status(journal);
    if (!found) return found.failure();
    json out = json::object();
    out["chains"] = list(found->chains, [](const CursorRow& row) {
        return json{{"instance", row.instance},  {"chain", row.chain},
                    {"contract", row.contract},  {"head", block(row.head)},
                    {"final", block(row.final)}, {"destruction_parked", row.parked_destruction}};
    });
    out["subscriptions"] = json::object();
    for (const auto& count : found->subscriptions) out["subscriptions"][count.state] = count.count;
    out["alarms"] = list(found->alarms, [](const AlarmRow& row) {
        return json{
            {"subject", row.subject}, {"reason", row.reason}, {"message", row.message}, {"since_ms", row.since_ms}};
    });
    out["parked"] = list(found->parked, [](const ParkedRow& row) {
        return json{
            {"instance", row.instance}, {"reason", row.reason}, {"message", row.message}, {"since_ms", row.since_ms}};
    });
    out["delegations"] = list(found->delegations, [](const DelegationRow& row) {
        return json{{"instance", row.instance}, {"prefix", row.prefix}, {"mode", row.mode}, {"usable", row.usable}};
    });
    out["audit_head"] = found->audit_head;
    return out;
}

Result<json> subscriptions_view(Journal& journal, const std::string& state, std::int64_t after, std::uint32_t limit) {
    const auto rows = life::list_subscriptions(journal, state, after, std::min(limit, kMaxRows));
    if (!rows) return rows.failure();
    return json{{"subscriptions", list(*rows, subscription_row)},
                {"next", rows->size() == limit ? rows->back().row : 0}};
}

Result<json> subscription_view(Journal& journal, const std::string& instance, const std::string& id) {
    const auto detail = show_subscription(journal, instance, id);
    if (!detail) return detail.failure();
    json out = subscription_row(detail->subscription);
    out["timeline"] = list(detail->timeline,
                           [](const StageRow& stage) { return json{{"stage", stage.stage}, {"at_ms", stage.at_ms}}; });
    out["jobs"] = list(detail->jobs, job_row);
    out["events"] = list(detail->events, event_row);
    out["vm"] = detail->vm ? vm_row(*detail->vm) : json(nullptr);
    out["volumes"] = list(detail->volumes, [](const VolumeRow& volume) {
        return json{
            {"volume", volume.volume}, {"op_id", volume.op_id}, {"instance", volume.instance}, {"part", volume.part}};
    });
    out["address"] = detail->address ? json(detail->address->address) : json(nullptr);
    const auto& credential = detail->credential;
    out["delivery_tx"] = credential ? credential->tx : "";
    out["attestation"] = credential && !credential->attestation.empty()
                             ? json::parse(credential->attestation, nullptr, false)
                             : json(nullptr);
    out["attestation_hash"] = credential ? hex_from_bytes(credential->attestation_hash) : "";
    out["statement_sequence"] = detail->statement ? std::to_string(detail->statement->sequence) : "";
    return out;
}

Result<json> vms_view(Journal& journal) {
    const auto vms = life::list_vms(journal);
    if (!vms) return vms.failure();
    return json{{"vms", list(*vms, [](const VmView& view) {
                     json shown = vm_row(view.vm);
                     shown["subscription"] = view.subscription ? view.subscription->id : "";
                     shown["state"] = view.subscription ? to_text(view.subscription->state) : "orphan";
                     return shown;
                 })}};
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
    const auto events = life::list_events(journal, before, std::min(limit, kMaxRows));
    if (!events) return events.failure();
    return json{{"events", list(*events, event_row)}};
}

Result<json> jobs_view(Journal& journal, const std::string& state, std::uint32_t limit) {
    const auto jobs = life::list_jobs(journal, state, std::min(limit, kMaxRows));
    if (!jobs) return jobs.failure();
    return json{{"jobs", list(*jobs, job_row)}};
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

namespace {

json heads_view(const ChainEndpoint::Heads& heads) {
    return {{"state", heads.state},
            {"told", heads.told},
            {"height", heads.told > 0 ? json(heads.height) : json()},
            {"last_at", time(heads.last_at)},
            {"ends", heads.ends},
            {"last_error", heads.last_error}};
}

}  // namespace

json chain_view(const std::string& instance, const Status& health, const ChainDescription& description) {
    json endpoints = json::array();
    for (const ChainEndpoint& endpoint : description.endpoints) {
        json caught = json::array();
        for (const ChainEndpoint::Caught& row : endpoint.caught) {
            caught.push_back(
                {{"what", row.what}, {"count", row.count}, {"last_at", time(row.last_at)}, {"height", row.height}});
        }
        endpoints.push_back({{"name", endpoint.name},
                             {"state", endpoint.state},
                             {"votes", endpoint.votes},
                             {"head", endpoint.head.known() ? json(endpoint.head.height) : json()},
                             {"head_id", endpoint.head.known() ? json(endpoint.head.id) : json()},
                             {"lag", endpoint.lag},
                             {"answers", endpoint.answers},
                             {"errors", endpoint.errors},
                             {"latency_ms", endpoint.latency_ms},
                             {"last_error", endpoint.last_error},
                             {"last_error_at", time(endpoint.last_error_at)},
                             {"rests_until", time(endpoint.rests_until)},
                             {"caught", std::move(caught)},
                             {"heads", endpoint.heads ? heads_view(*endpoint.heads) : json()}});
    }
    return {{"instance", instance},
            {"chain", description.chain},
            {"contract", description.contract},
            {"health", health ? std::string{"ok"} : health.failure().message},
            {"agree", description.agree},
            {"endpoints", std::move(endpoints)}};
}

}  // namespace bh::api
