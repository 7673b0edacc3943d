#include "kernel/daemon/operator_routes.hpp"

#include "kernel/api/operator_views.hpp"
#include "kernel/api/views.hpp"
#include "kernel/daemon/system_ports.hpp"

namespace bh::daemon {
namespace {

using api::Query;
using nlohmann::json;

constexpr std::int64_t kMostForeseen = 500;  // each is two reads of a chain

Result<json> retry(Host& host, const Query& query) {
    const auto found = api::subscription_view(host.journal(), query.text("chain"), query.path.at(0));
    if (!found) return found.failure();
    return run_command(query, [&](const life::Command& made) {
        return host.operators().retry(made, found->at("row").get<std::int64_t>());
    });
}

Result<json> rebuild(Host& host, const Query& query) {
    const auto found = api::subscription_view(host.journal(), query.text("chain"), query.path.at(0));
    if (!found) return found.failure();
    const bool gone = query.body.value("gone", json{}) == true;
    return run_command(query, [&](const life::Command& made) {
        return host.operators().rebuild(made, found->at("row").get<std::int64_t>(), gone);
    });
}

Result<json> gc(Host& host, const Query& query) {
    const auto limit = query.number("limit", 50, 1, kMostForeseen);
    if (!limit) return limit.failure();
    const auto report = life::foresee_all(host.journal(), host.engine(), host.ports(), host.config().engine,
                                          static_cast<std::uint32_t>(*limit));
    if (!report) return report.failure();
    return api::gc_view(*report);
}

Result<json> audit_check(Host& host) {
    const auto report = life::check_audit(host.journal(), host.ports().vault);
    if (!report) return report.failure();
    return api::audit_check_view(*report);
}

}  // namespace

Result<life::Command> command_of(const Query& query) {
    life::Command command;
    if (const auto issued = query.body.find("issued_ms"); issued != query.body.end()) {
        if (!issued->is_number_integer()) return invalid("bad_parameter", "\"issued_ms\" must be a whole number");
        command.issued_ms = issued->get<std::int64_t>();
    }
    if (const auto nonce = query.body.find("nonce"); nonce != query.body.end() && nonce->is_string()) {
        command.nonce = nonce->get<std::string>();
    } else {
        auto random = make_system_clock()->random_id();
        if (!random) return random.failure();
        command.nonce = std::move(*random);
    }
    return command;
}

Result<json> run_command(const Query& query, const std::function<Status(const life::Command&)>& run) {
    const auto command = command_of(query);
    if (!command) return command.failure();
    const Status done = run(*command);
    if (!done) return done.failure();
    return json{{"done", true}};
}

void add_operator_routes(Host& host, std::vector<api::Route>& routes) {
    const auto add = [&](const char* method, const char* pattern, std::function<Result<json>(const Query&)> handler) {
        routes.push_back({method, pattern, std::move(handler)});
    };
    add("GET", "/v1/audit/check", [&host](const Query&) { return audit_check(host); });
    add("GET", "/v1/gc", [&host](const Query& query) { return gc(host, query); });
    add("POST", "/v1/recover", [&host](const Query& query) {
        return run_command(query, [&](const life::Command& made) { return host.operators().recover(made); });
    });
    add("POST", "/v1/chains/([a-z0-9-]+)/accept-reorg", [&host](const Query& query) {
        return run_command(
            query, [&](const life::Command& made) { return host.operators().accept_reorg(made, query.path.at(0)); });
    });
    add("POST", "/v1/subscriptions/([0-9]+)/retry", [&host](const Query& query) { return retry(host, query); });
    add("POST", "/v1/subscriptions/([0-9]+)/rebuild", [&host](const Query& query) { return rebuild(host, query); });
}

}  // namespace bh::daemon
