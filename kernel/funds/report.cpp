#include "kernel/funds/report.hpp"

#include "kernel/journal/events.hpp"

#include <algorithm>

namespace bh::funds {
namespace {

constexpr std::uint32_t kPage = 100;
constexpr std::uint32_t kDeliveries = 10;  // whose fees say what one costs
constexpr std::uint64_t kMostDeliveries = 1'000'000;

bool knows(const ChainDescription& description, const char* account) { return description.accounts.contains(account); }

void compare(TokenReport& token) {
    if (!token.escrow) return;
    token.undelivered_off = Sum{token.escrow->undelivered} - token.books.undelivered;
    token.line_off = Sum{token.escrow->unearned} + token.escrow->earned - token.books.line();
    token.credits_off = Sum{token.escrow->credits} - token.books.credits;
    token.unaccounted =
        token.held - token.escrow->undelivered - token.escrow->unearned - token.escrow->earned - token.escrow->credits;
}

// Everything but the host's own coin.
Status hold_against(life::Journal& journal, life::ChainPort& chain, const std::string& instance,
                    const ChainDescription& description, std::uint32_t limit, ChainReport& out) {
    auto books = books_at_final(journal, instance);
    if (!books) return books.failure();
    out.block = books->block;
    if (!knows(description, "escrow")) {
        return Failure{BH_E_UNSUPPORTED, "no_escrow",
                       "the plugin of '" + instance +
                           "' does not tell what its contract holds and whose it is: only "
                           "the journal's side can be shown",
                       0};
    }
    const Position& at = out.block.position;
    const auto escrow = chain.balances("escrow", at, 0);
    if (!escrow) return escrow.failure();
    const auto fresh = unsettled(journal, chain, instance, at, limit);
    if (!fresh) return fresh.failure();
    out.accrued_complete = fresh->complete;
    for (const Balances::Row& row : escrow->balances) {
        TokenReport token;
        token.token = row.token, token.symbol = row.symbol, token.decimals = row.decimals;
        token.held = row.amount, token.escrow = row.escrow;
        if (const auto own = books->books.extract(row.token)) token.books = own.mapped();
        if (const auto own = fresh->amounts.find(row.token); own != fresh->amounts.end()) token.accrued = own->second;
        compare(token);
        out.tokens.push_back(std::move(token));
    }
    // A token that was paid in and that the plugin was not told to ask about.
    for (auto& [name, own] : books->books) {
        TokenReport token;
        token.token = name, token.books = std::move(own);
        out.tokens.push_back(std::move(token));
    }
    if (!knows(description, "treasury")) return {};
    auto treasury = chain.balances("treasury", at, 0);
    if (!treasury) return treasury.failure();
    out.treasury = std::move(*treasury);
    return {};
}

}  // namespace

Result<Unsettled> unsettled(life::Journal& journal, life::ChainPort& chain, const std::string& instance,
                            const Position& at, std::uint32_t limit) {
    Unsettled out;
    std::int64_t after = 0;
    std::uint32_t asked = 0;
    for (;;) {
        std::vector<life::SubscriptionRow> rows;
        const auto read = journal.read([&](life::Tx& tx) -> Status {
            rows = life::earning_subscriptions(tx, instance, after, kPage);
            return {};
        });
        if (!read) return read.failure();
        for (const auto& row : rows) {
            after = row.row;
            if (asked++ == limit) {
                out.complete = false;
                return out;
            }
            const auto state = chain.subscription_state(row.id, at, 0);
            if (!state) return state.failure();
            const Sum fresh = state->unsettled;
            if (!state->exists || state->order != row.order || fresh.is_zero()) continue;
            out.amounts[state->token] += fresh;
            out.subscriptions[state->token].push_back(row.id);
        }
        if (rows.size() < kPage) return out;
    }
}

std::string HostCoin::text() const {
    const std::string enough = delivery.is_zero() ? "" : ", which pays " + std::to_string(deliveries) + " deliveries";
    return "the host's account " + account + " has " + coin.text() + " of the smallest unit of " + symbol + enough +
           ", and its reserve is " + reserve.text() + " (" + std::to_string(wanted) +
           " deliveries, or what kernel.yaml says): send it " + symbol + "; nothing is withdrawn meanwhile";
}

Result<HostCoin> host_coin(life::Journal& journal, life::ChainPort& chain, const Config& config,
                           const std::string& instance) {
    const auto balances = chain.balances("agent", {}, 0);
    if (!balances) return balances.failure();
    const auto own = std::find_if(balances->balances.begin(), balances->balances.end(),
                                  [](const Balances::Row& row) { return row.token == "native"; });
    if (own == balances->balances.end()) {
        return Failure{BH_E_UNSUPPORTED, "no_coin", "the plugin of '" + instance + "' tells no coin of its account", 0};
    }
    HostCoin out;
    out.account = balances->account, out.symbol = own->symbol, out.coin = own->amount;
    out.wanted = config.reserve_deliveries;
    const auto read = journal.read([&](life::Tx& tx) -> Status {
        for (const auto& fee : life::newest_fees(tx, instance, "deliver", kDeliveries)) {
            const Sum cost = Amount{fee.amount};
            if (out.delivery < cost) out.delivery = cost;
        }
        return {};
    });
    if (!read) return read.failure();
    if (!out.delivery.is_zero()) out.deliveries = out.coin.times(out.delivery, kMostDeliveries);
    out.reserve = out.delivery * config.reserve_deliveries;
    if (const auto least = config.reserve.find(instance); least != config.reserve.end() && out.reserve < least->second)
        out.reserve = least->second;
    return out;
}

bool ChainReport::reconciled() const {
    return why.empty() && std::all_of(tokens.begin(), tokens.end(), [](const auto& each) { return each.reconciled(); });
}

ChainReport report(life::Journal& journal, life::ChainPort& chain, const Config& config, const std::string& instance,
                   std::uint32_t limit) {
    ChainReport out;
    out.instance = instance;
    const auto description = chain.describe();
    if (!description) {
        out.why = description.failure().message;
        return out;
    }
    out.chain = description->chain, out.contract = description->contract;
    if (auto coin = host_coin(journal, chain, config, instance)) {
        if (const auto agent = description->accounts.find("agent");
            coin->account.empty() && agent != description->accounts.end())
            coin->account = agent->second;
        out.host = std::move(*coin);
    }
    if (const auto held = hold_against(journal, chain, instance, *description, limit, out); !held)
        out.why = held.failure().message;
    return out;
}

}  // namespace bh::funds
