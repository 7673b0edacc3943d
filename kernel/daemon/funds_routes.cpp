#include "kernel/daemon/funds_routes.hpp"

#include "kernel/api/funds_views.hpp"
#include "kernel/api/views.hpp"
#include "kernel/daemon/operator_routes.hpp"

namespace bh::daemon {
namespace {

using api::Query;
using nlohmann::json;

constexpr std::int64_t kMaxRow = std::int64_t{1} << 53;
constexpr std::uint32_t kShown = 100;

// A text of the body; absent: "".
Result<std::string> text_of(const Query& query, const char* name) {
    const auto found = query.body.find(name);
    if (found == query.body.end()) return std::string{};
    if (!found->is_string() || found->get_ref<const std::string&>().size() > 128)
        return invalid("bad_parameter", std::string{"\""} + name + "\" must be a text of at most 128 characters");
    return found->get<std::string>();
}

Result<json> status(Host& host, const Query& query) {
    const std::string only = query.text("chain");
    json chains = json::array();
    for (const std::string& instance : host.funds().instances()) {
        if (!only.empty() && instance != only) continue;
        const auto port = life::port_of(host.ports().chains, instance);
        if (!port) return port.failure();
        chains.push_back(
            api::funds_view(funds::report(host.journal(), **port, host.config().funds, instance, funds::kReportReads)));
    }
    if (chains.empty()) return Failure{BH_E_NOT_FOUND, "no_chain", "there is no chain instance '" + only + "'", 0};
    return json{{"chains", std::move(chains)}};
}

Result<json> transactions(Host& host) {
    std::vector<life::HostTxRow> rows;
    const auto read = host.journal().read([&](life::Tx& tx) -> Status {
        rows = life::host_txs(tx, kShown);
        return {};
    });
    if (!read) return read.failure();
    return api::host_txs_view(rows);
}

Result<json> transaction(Host& host, const std::string& op_id) {
    std::optional<life::HostTxRow> row;
    const auto read = host.journal().read([&](life::Tx& tx) -> Status {
        row = life::host_tx(tx, op_id);
        return {};
    });
    if (!read) return read.failure();
    if (!row) return Failure{BH_E_NOT_FOUND, "no_transaction", "there is no such transaction of the host", 0};
    return api::host_tx_view(*row);
}

using Order = Result<std::vector<life::HostTxRow>> (funds::Treasurer::*)(const life::Command&, const std::string&);

Result<json> order(Host& host, const Query& query, Order what) {
    const auto chain = text_of(query, "chain");
    if (!chain) return chain.failure();
    const auto token = text_of(query, "token");
    if (!token) return token.failure();
    const auto command = command_of(query);
    if (!command) return command.failure();
    const auto treasurer = host.funds().treasurer(*chain);
    if (!treasurer) return treasurer.failure();
    const auto made = ((*treasurer)->*what)(*command, funds::token_or_native(*token));
    if (!made) return made.failure();
    host.funds().wake();
    return api::host_txs_view(*made);
}

Result<json> row_of(Host& host, const Query& query) {
    return api::subscription_view(host.journal(), query.text("chain"), query.path.at(0));
}

Result<json> credit(Host& host, const Query& query) {
    const auto found = row_of(host, query);
    if (!found) return found.failure();
    const auto seconds = query.body.find("seconds");
    if (seconds == query.body.end() || !seconds->is_number_integer())
        return invalid("bad_parameter", "\"seconds\" must be a whole number");
    const auto command = command_of(query);
    if (!command) return command.failure();
    const auto treasurer = host.funds().treasurer(found->at("instance").get<std::string>());
    if (!treasurer) return treasurer.failure();
    const auto made = (*treasurer)
                          ->credit(*command, found->at("row").get<std::int64_t>(), seconds->get<std::int64_t>(),
                                   query.body.value("again", json{}) == true);
    if (!made) return made.failure();
    host.funds().wake();
    return api::host_txs_view({*made});
}

Result<json> outages(Host& host, const Query& query) {
    const auto found = row_of(host, query);
    if (!found) return found.failure();
    return api::outages_view(host.journal(), found->at("row").get<std::int64_t>());
}

struct Page {
    std::int64_t after = 0;
    std::uint32_t limit = 0;
};
Result<Page> page_of(const Query& query) {
    const auto after = query.number("after", 0, 0, kMaxRow);
    if (!after) return after.failure();
    const auto limit = query.number("limit", 50, 1, api::kMaxRows);
    if (!limit) return limit.failure();
    return Page{*after, static_cast<std::uint32_t>(*limit)};
}

Result<json> ledger(Host& host, const Query& query) {
    const auto page = page_of(query);
    if (!page) return page.failure();
    const auto found = funds::entries(host.journal(), page->after, page->limit);
    if (!found) return found.failure();
    return api::ledger_view(*found);
}

Result<json> fees(Host& host, const Query& query) {
    const auto page = page_of(query);
    if (!page) return page.failure();
    return api::fees_view(host.journal(), page->after, page->limit);
}

}  // namespace

void add_funds_routes(Host& host, std::vector<api::Route>& routes) {
    const auto add = [&](const char* method, const char* pattern, std::function<Result<json>(const Query&)> handler) {
        routes.push_back({method, pattern, std::move(handler)});
    };
    add("GET", "/v1/funds", [&host](const Query& query) { return status(host, query); });
    add("GET", "/v1/funds/ledger", [&host](const Query& query) { return ledger(host, query); });
    add("GET", "/v1/funds/fees", [&host](const Query& query) { return fees(host, query); });
    add("GET", "/v1/funds/transactions", [&host](const Query&) { return transactions(host); });
    add("GET", "/v1/funds/transactions/([0-9a-f]{40})",
        [&host](const Query& query) { return transaction(host, query.path.at(0)); });
    add("POST", "/v1/funds/withdraw",
        [&host](const Query& query) { return order(host, query, &funds::Treasurer::withdraw); });
    add("POST", "/v1/funds/split",
        [&host](const Query& query) { return order(host, query, &funds::Treasurer::split); });
    add("POST", "/v1/subscriptions/([0-9]+)/credit", [&host](const Query& query) { return credit(host, query); });
    add("GET", "/v1/subscriptions/([0-9]+)/outages", [&host](const Query& query) { return outages(host, query); });
}

}  // namespace bh::daemon
