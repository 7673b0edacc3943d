#include "kernel/api/funds_views.hpp"

#include "plugin-api/documents/chain.hpp"

namespace bh::api {
namespace {

using nlohmann::json;
using namespace bh::funds;

json time(UnixTime when) { return when.seconds == 0 ? json(nullptr) : json(time_to_text(when)); }

json token_json(const TokenReport& token) {
    json escrow = nullptr;
    if (token.escrow) {
        escrow = {{"undelivered", token.escrow->undelivered.units},
                  {"unearned", token.escrow->unearned.units},
                  {"earned", token.escrow->earned.units},
                  {"credits", token.escrow->credits.units}};
    }
    const Sum settled = token.escrow ? Sum{token.escrow->earned} : Sum{};
    return {{"token", token.token},
            {"symbol", token.symbol},
            {"decimals", token.decimals},
            {"held", token.held.text()},
            {"escrow", std::move(escrow)},
            {"accrued", token.accrued.text()},
            {"withdrawable", (settled + token.accrued).text()},
            {"ledger",
             {{"paid", token.books.paid.text()},
              {"withdrawn", token.books.withdrawn.text()},
              {"claimed", token.books.claimed.text()},
              {"undelivered", token.books.undelivered.text()},
              {"unearned_and_earned", token.books.line().text()},
              {"credits", token.books.credits.text()}}},
            {"differences",
             {{"undelivered", token.undelivered_off.text()},
              {"unearned_and_earned", token.line_off.text()},
              {"credits", token.credits_off.text()}}},
            {"difference", token.difference().text()},
            {"unaccounted", token.unaccounted.text()},
            {"reconciled", token.reconciled()}};
}

json host_json(const HostCoin& host) {
    return {{"account", host.account},
            {"symbol", host.symbol},
            {"coin", host.coin.text()},
            {"reserve", host.reserve.text()},
            {"delivery_costs", host.delivery.is_zero() ? json(nullptr) : json(host.delivery.text())},
            {"deliveries", host.delivery.is_zero() ? json(nullptr) : json(host.deliveries)},
            {"reserve_deliveries", host.wanted},
            {"low", host.low()}};
}

json treasury_json(const Balances& treasury) {
    json rows = json::array();
    for (const auto& row : treasury.balances) {
        json shares = json::array();
        Sum divided;
        for (const auto& share : row.shares) {
            divided += share.due;
            shares.push_back({{"account", share.account},
                              {"basis_points", share.basis_points},
                              {"due", share.due.units},
                              {"paid", share.paid.units}});
        }
        const json undivided = row.shares.empty() ? json(nullptr) : json((Sum{row.amount} - divided).text());
        rows.push_back({{"token", row.token},
                        {"symbol", row.symbol},
                        {"held", row.amount.units},
                        {"shares", std::move(shares)},
                        {"undivided", undivided}});
    }
    return {{"account", treasury.account}, {"tokens", std::move(rows)}};
}

}  // namespace

json funds_view(const ChainReport& report) {
    json tokens = json::array();
    for (const auto& token : report.tokens) tokens.push_back(token_json(token));
    const auto& at = report.block;
    return {{"instance", report.instance},
            {"chain", report.chain},
            {"contract", report.contract},
            {"block", at.position.known()
                          ? json{{"id", at.position.id}, {"height", at.position.height}, {"time", time(at.time)}}
                          : json(nullptr)},
            {"tokens", std::move(tokens)},
            {"accrued_complete", report.accrued_complete},
            {"treasury", report.treasury ? treasury_json(*report.treasury) : json(nullptr)},
            {"host", report.host ? host_json(*report.host) : json(nullptr)},
            {"reconciled", report.reconciled()},
            {"why", report.why.empty() ? json(nullptr) : json(report.why)}};
}

json host_tx_view(const life::HostTxRow& row) {
    const auto intent = parse_intent(row.intent);
    return {{"op_id", row.op_id},
            {"instance", row.instance},
            {"action", row.action},
            {"subject", row.subject},
            {"token", intent ? intent->token : ""},
            {"owner", intent ? intent->owner : ""},
            {"subscriptions", intent ? intent->subscriptions.size() : 0},
            {"from", intent ? time(intent->from) : json(nullptr)},
            {"until", intent ? time(intent->until) : json(nullptr)},
            {"state", row.done     ? "done"
                      : row.failed ? "failed"
                                   : "open"},
            {"attempt", row.attempt},
            {"tx", row.tx},
            {"last_error", row.last_error},
            {"created_ms", row.created_ms},
            {"updated_ms", row.updated_ms}};
}

json host_txs_view(const std::vector<life::HostTxRow>& rows) {
    json list = json::array();
    for (const auto& row : rows) list.push_back(host_tx_view(row));
    return {{"transactions", std::move(list)}};
}

json ledger_view(const EntryPage& page) {
    json list = json::array();
    for (const auto& entry : page.entries) {
        list.push_back({{"event", entry.event},
                        {"instance", entry.instance},
                        {"kind", entry.kind},
                        {"subscription", entry.subscription},
                        {"token", entry.token},
                        {"who", entry.who},
                        {"in", entry.in.units},
                        {"out", entry.out.units},
                        {"back", entry.back.units},
                        {"time", time(entry.time)},
                        {"height", entry.position.height},
                        {"block", entry.position.id},
                        {"tx", entry.tx},
                        {"final", entry.final}});
    }
    return {{"entries", std::move(list)}, {"next", page.next}};
}

Result<json> fees_view(life::Journal& journal, std::int64_t after, std::uint32_t limit) {
    json list = json::array();
    std::int64_t next = 0;
    const auto read = journal.read([&](life::Tx& tx) -> Status {
        const auto rows = life::fees_after(tx, after, limit);
        for (const auto& row : rows) {
            list.push_back({{"n", row.n},
                            {"instance", row.instance},
                            {"action", row.action},
                            {"op_id", row.op_id},
                            {"out", row.amount},
                            {"time", time(row.time)},
                            {"tx", row.tx}});
        }
        if (rows.size() == limit) next = rows.back().n;
        return {};
    });
    if (!read) return read.failure();
    return json{{"fees", std::move(list)}, {"next", next}};
}

Result<json> outages_view(life::Journal& journal, std::int64_t row) {
    json list = json::array();
    const auto read = journal.read([&](life::Tx& tx) -> Status {
        for (const auto& outage : life::outages_of(tx, row)) {
            list.push_back({{"from", time(outage.from)},
                            {"until", time(outage.until)},
                            {"cause", outage.cause},
                            {"looked_at", outage.credited.seconds != 0}});
        }
        return {};
    });
    if (!read) return read.failure();
    return json{{"outages", std::move(list)}};
}

}  // namespace bh::api
