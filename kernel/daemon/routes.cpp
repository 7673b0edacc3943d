#include "kernel/daemon/routes.hpp"

#include "kernel/api/views.hpp"
#include "kernel/daemon/funds_routes.hpp"
#include "kernel/daemon/grant_routes.hpp"
#include "kernel/daemon/operator_routes.hpp"
#include "kernel/daemon/reseal_routes.hpp"

#include <charconv>

namespace bh::daemon {
namespace {

using api::Query;
using nlohmann::json;

constexpr std::int64_t kMaxRow = std::int64_t{1} << 53;

// The book of granted VMs is no chain that an operator chose: `vm granted` shows it.
void drop_granted(json& list) {
    for (auto each = list.begin(); each != list.end();)
        each = each->value("instance", "") == grants::kInstance ? list.erase(each) : std::next(each);
}

Result<json> status(Host& host) {
    auto view = api::status_view(host.journal());
    if (!view) return view;
    drop_granted(view->at("chains"));
    const auto vms = api::vms_view(host.journal());
    (*view)["vms"] = vms ? vms->at("vms").size() : 0;
    (*view)["host"] = host.config().engine.host_name;
    (*view)["version"] = "0.1.0";
    (*view)["uptime_ms"] = host.uptime_ms();
    (*view)["recovering"] = host.engine().recovering();
    return view;
}

json worker_view(const worker::Worker::State& state) {
    return {{"state", state.word},
            {"pid", state.pid},
            {"limits", state.limits},
            {"sandbox", state.sandbox},
            {"limits_why", state.limits_why},
            {"recent_ends", state.ends},
            {"last_end", state.last_end},
            {"denied", state.denied}};
}

json blocked_view(const std::vector<worker::Blocked::Row>& blocked) {
    json rows = json::array();
    for (const auto& row : blocked)
        rows.push_back({{"member", row.member}, {"times", row.times}, {"longest_ms", row.longest_ms}});
    return rows;
}

Result<json> plugin_list(Host& host) {
    json list = json::array();
    for (const auto& info : host.registry().list()) {
        const auto health = host.registry().health(info.instance);
        list.push_back({{"instance", info.instance},
                        {"kind", info.kind},
                        {"plugin", info.plugin},
                        {"version", info.version},
                        {"sha256", info.sha256},
                        {"trust", info.trust},
                        {"publisher", info.publisher},
                        {"warning", info.warning},
                        {"isolation", info.isolation},
                        {"health", health ? std::string{"ok"} : health.failure().message},
                        {"blocked", blocked_view(info.blocked)}});
        if (info.state) list.back()["worker"] = worker_view(*info.state);
    }
    return json{{"plugins", list}};
}

Result<json> chain_list(Host& host) {
    json list = json::array();
    for (const auto& [instance, chain] : host.ports().chains) {
        if (instance == grants::kInstance) continue;
        // First, so that what the answer finds out is in what is shown.
        const Status health = host.registry().health(instance);
        const auto description = chain->describe();
        list.push_back(api::chain_view(instance,
                                       health ? Status{description ? Status{} : description.failure()} : health,
                                       description ? *description : ChainDescription{}));
    }
    return json{{"chains", list}};
}

Result<json> vm_show(Host& host, const std::string& name) {
    auto vms = api::vms_view(host.journal());
    if (!vms) return vms;
    for (auto& vm : vms->at("vms")) {
        if (vm.value("vm", "") == name) return std::move(vm);
    }
    return Failure{BH_E_NOT_FOUND, "no_vm", "there is no VM \"" + name.substr(0, 64) + "\""};
}

template <class View>
Result<json> paged(const Query& query, const char* from, View view) {
    const auto start = query.number(from, 0, 0, kMaxRow);
    if (!start) return start.failure();
    const auto limit = query.number("limit", 50, 1, api::kMaxRows);
    if (!limit) return limit.failure();
    return view(*start, static_cast<std::uint32_t>(*limit));
}

std::int64_t number_of(const std::string& digits) {
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

Result<json> undo(Host& host, const Query& query) {
    const auto found = api::subscription_view(host.journal(), query.text("chain"), query.path.at(0));
    if (!found) return found.failure();
    return run_command(query, [&](const life::Command& made) {
        return host.operators().undo(made, found->at("row").get<std::int64_t>());
    });
}

}  // namespace

std::vector<api::Route> routes_of(Host& host) {
    auto& journal = host.journal();
    std::vector<api::Route> routes;
    const auto get = [&](const char* pattern, std::function<Result<json>(const Query&)> handler) {
        routes.push_back({"GET", pattern, std::move(handler)});
    };
    const auto post = [&](const char* pattern, std::function<Result<json>(const Query&)> handler) {
        routes.push_back({"POST", pattern, std::move(handler)});
    };

    get("/v1/status", [&host](const Query&) { return status(host); });
    get("/v1/doctor", [&host](const Query&) { return doctor_view(host); });
    get("/v1/chains", [&host](const Query&) { return chain_list(host); });
    get("/v1/plugins", [&host](const Query&) { return plugin_list(host); });
    get("/v1/vms", [&journal](const Query&) { return api::vms_view(journal); });
    get("/v1/vms/([^/]+)", [&host](const Query& query) { return vm_show(host, query.path.at(0)); });
    get("/v1/plans", [&journal](const Query&) {
        auto plans = api::plans_view(journal);
        if (plans) drop_granted(plans->at("plans"));
        return plans;
    });
    get("/v1/subscriptions", [&journal](const Query& query) {
        return paged(query, "after", [&](auto after, auto limit) {
            return api::subscriptions_view(journal, query.text("state"), after, limit);
        });
    });
    get("/v1/subscriptions/([0-9]+)", [&journal](const Query& query) {
        return api::subscription_view(journal, query.text("chain"), query.path.at(0));
    });
    get("/v1/events", [&journal](const Query& query) {
        return paged(query, "before",
                     [&](auto before, auto limit) { return api::events_view(journal, before, limit); });
    });
    get("/v1/jobs", [&journal](const Query& query) {
        return paged(query, "after",
                     [&](auto, auto limit) { return api::jobs_view(journal, query.text("state"), limit); });
    });
    get("/v1/jobs/([0-9]{1,15})",
        [&journal](const Query& query) { return api::job_view(journal, number_of(query.path.at(0))); });
    get("/v1/audit", [&journal](const Query& query) {
        return paged(query, "after", [&](auto after, auto limit) { return api::audit_view(journal, after, limit); });
    });

    post("/v1/jobs/([0-9]{1,15})/retry", [&host](const Query& query) {
        return run_command(query, [&](const life::Command& made) {
            return host.operators().job_retry(made, number_of(query.path.at(0)));
        });
    });
    post("/v1/jobs/([0-9]{1,15})/abandon", [&host](const Query& query) {
        const bool gone = query.body.value("gone", json{}) == true;
        return run_command(query, [&](const life::Command& made) {
            return host.operators().job_abandon(made, number_of(query.path.at(0)), gone);
        });
    });
    post("/v1/subscriptions/([0-9]+)/undo", [&host](const Query& query) { return undo(host, query); });
    post("/v1/plugins/([a-z0-9-]+)/unpark", [&host](const Query& query) {
        return run_command(query, [&](const life::Command& made) {
            const bool forgiven = host.registry().forgive(query.path.at(0));
            auto unparked = host.operators().unpark(made, query.path.at(0));
            // A poisoned instance that no job has met is parked nowhere.
            return !unparked && forgiven && unparked.failure().code == BH_E_NOT_FOUND ? Status{} : unparked;
        });
    });
    add_operator_routes(host, routes);
    add_grant_routes(host, routes);
    add_reseal_routes(host, routes);
    add_funds_routes(host, routes);
    return routes;
}

}  // namespace bh::daemon
