#include "kernel/daemon/reseal_routes.hpp"

#include "kernel/api/views.hpp"
#include "kernel/daemon/grant_routes.hpp"
#include "kernel/daemon/operator_routes.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"

namespace bh::daemon {
namespace {

using api::Query;
using nlohmann::json;

json view(const reseal::Order& order) {
    return {{"subscription", order.subscription},
            {"instance", order.instance},
            {"owner", order.owner},
            {"state", order.state},
            {"reason", order.reason},
            {"tx", order.tx.empty() ? json{} : json(order.tx)},
            {"attempt", order.attempt},
            {"nonce", order.nonce},
            {"ordered_ms", order.ordered_ms}};
}

Result<life::SubscriptionRow> row_of(Host& host, const Query& query) {
    const auto shown = api::subscription_view(host.journal(), query.text("chain"), query.path.at(0));
    if (!shown) return shown.failure();
    std::optional<life::SubscriptionRow> row;
    const auto read = host.journal().read([&](life::Tx& tx) -> Status {
        row = life::subscription_by_row(tx, shown->at("row").get<std::int64_t>());
        return {};
    });
    if (!read) return read.failure();
    if (!row) return Failure{BH_E_NOT_FOUND, "not_found", "there is no such subscription", 0};
    return std::move(*row);
}

Result<json> order(Host& host, const Query& query) {
    const auto row = row_of(host, query);
    if (!row) return row.failure();
    const auto owner = host.reseals().owner_of(row->row);
    if (!owner) return owner.failure();
    const auto nonce = nonce_of(host, query.body);
    if (!nonce) return nonce.failure();
    const auto request = request_of(host, query.body, {row->chain, row->contract, *owner, row->id});
    if (!request) return request.failure();
    const auto made = host.reseals().order(row->row, *request, *nonce);
    if (!made) return made.failure();
    return view(*made);
}

Result<json> list(Host& host) {
    const auto all = host.reseals().list();
    if (!all) return all.failure();
    json orders = json::array();
    for (const auto& each : *all) orders.push_back(view(each));
    return json{{"reseals", std::move(orders)}};
}

// A token is minted by the delivery, and by nothing else: once. Where that is held, it is tried again under the same
// op_id; where it was done, there is nothing to do.
Result<json> mint(Host& host, const Query& query) {
    const auto row = row_of(host, query);
    if (!row) return row.failure();
    if (row->instance == grants::kInstance) {
        return Failure{BH_E_UNSUPPORTED, "no_token",
                       "a VM without a purchase has no token: `blockhost vm credential` has its sealed details", 0};
    }
    auto chain = life::port_of(host.ports().chains, row->instance);
    if (!chain) return chain.failure();
    const auto answer = (*chain)->owner_of(row->id, {}, 0);
    if (!answer) return answer.failure();
    if (answer->exists) return json{{"token", row->id}, {"minted", true}, {"owner", answer->owner}, {"job", json{}}};
    std::optional<life::JobRow> held;
    const auto read = host.journal().read([&](life::Tx& tx) -> Status {
        held = life::held_job_of(tx, row->row);
        return {};
    });
    if (!read) return read.failure();
    if (row->state != life::State::held || !held || held->step != life::Step::deliver) {
        return Failure{BH_E_CONFLICT, "not_held",
                       "the subscription is " + std::string{life::to_text(row->state)} +
                           ": the contract mints at the delivery, which is not held: there is nothing to repeat",
                       0};
    }
    const auto done =
        run_command(query, [&](const life::Command& made) { return host.operators().job_retry(made, held->n); });
    if (!done) return done.failure();
    return json{{"token", row->id}, {"minted", false}, {"owner", json{}}, {"job", held->n}};
}

}  // namespace

void add_reseal_routes(Host& host, std::vector<api::Route>& routes) {
    const auto add = [&](const char* method, const char* pattern, Result<json> (*handler)(Host&, const Query&)) {
        routes.push_back({method, pattern, [&host, handler](const Query& query) { return handler(host, query); }});
    };
    add("GET", "/v1/reseals", [](Host& h, const Query&) { return list(h); });
    add("POST", "/v1/subscriptions/([0-9]+)/reseal", order);
    add("POST", "/v1/subscriptions/([0-9]+)/mint", mint);
}

}  // namespace bh::daemon
