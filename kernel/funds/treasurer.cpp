// Treasurer: what is ordered. run.cpp: how it is carried out.
#include "kernel/funds/treasurer.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/op_id.hpp"

#include <algorithm>

namespace bh::funds {
namespace {

constexpr const char* kHost = "host";

Failure refused(std::string why) { return {BH_E_CONFLICT, "refused", std::move(why), 0}; }

bool has(const ChainDescription& description, const char* capability) {
    return std::ranges::find(description.capabilities, capability) != description.capabilities.end();
}

}  // namespace

std::string token_or_native(const std::string& token) { return token.empty() ? "native" : token; }

Treasurer::Treasurer(life::Journal& journal, life::Ports& ports, Config config, life::EngineConfig timing,
                     std::string instance, std::function<bool()> recovering)
    : journal_{journal},
      ports_{ports},
      config_{std::move(config)},
      timing_{std::move(timing)},
      instance_{std::move(instance)},
      recovering_{std::move(recovering)} {}

void Treasurer::stop() { cancel_.cancel(BH_CANCEL_SHUTDOWN); }

Result<Treasurer::Place> Treasurer::place() {
    Place out;
    auto chain = life::port_of(ports_.chains, instance_);
    if (!chain) return chain.failure();
    out.chain = *chain;
    auto description = out.chain->describe();
    if (!description) return description.failure();
    out.description = std::move(*description);
    std::optional<life::CursorRow> cursor;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        cursor = life::cursor_of(tx, instance_);
        return {};
    });
    if (!read) return read.failure();
    if (cursor && cursor->parked_destruction) {
        return refused("the chain '" + instance_ +
                       "' was rolled back below a final position: look, then `blockhost chain accept-reorg " +
                       instance_ + "`; until then no money is moved there");
    }
    if (!cursor || !cursor->final.position.known()) {
        return Failure{BH_E_UNAVAILABLE, "nothing_final", "no block of '" + instance_ + "' is final yet", 0};
    }
    out.final = cursor->final;
    return out;
}

Result<Treasurer::Place> Treasurer::place_for(const char* capability) {
    auto out = place();
    if (!out || has(out->description, capability)) return out;
    return Failure{BH_E_UNSUPPORTED, "no_such_action",
                   "the chain '" + instance_ + "' has no " + capability +
                       " for this host: its plugin does not list it among its capabilities",
                   0};
}

Status Treasurer::above_reserve(life::ChainPort& chain) {
    const auto coin = host_coin(journal_, chain, config_, instance_);
    // A chain whose plugin tells of no coin has no fees to keep it for.
    if (!coin) return coin.failure().code == BH_E_UNSUPPORTED ? Status{} : coin.failure();
    if (coin->low()) return Failure{BH_E_NO_FUNDS, "gas_reserve", coin->text(), 0};
    return {};
}

life::HostTxRow Treasurer::order(const Place& place, const std::string& action, const std::string& subject,
                                 const std::string& epoch, const Intent& intent) const {
    life::HostTxRow row;
    row.op_id = life::op_id({place.description.chain, place.description.contract, subject, action, "", epoch});
    row.instance = instance_, row.action = action, row.subject = subject, row.epoch = epoch;
    row.intent = to_json(intent);
    return row;
}

// What this command ordered when it was given before, or what is under way for the same token.
Result<std::optional<std::vector<life::HostTxRow>>> Treasurer::given_before(const life::Command& command,
                                                                            const Place& place,
                                                                            const std::string& action,
                                                                            const std::string& token) {
    std::vector<life::HostTxRow> found;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        for (std::size_t i = 0;; ++i) {
            const std::string epoch = command.nonce + "/" + token + "/" + std::to_string(i);
            auto row = life::host_tx(tx, order(place, action, kHost, epoch, {}).op_id);
            if (!row) break;
            found.push_back(std::move(*row));
        }
        if (!found.empty()) return {};
        for (auto& row : life::open_host_txs(tx, instance_)) {
            const auto intent = parse_intent(row.intent);
            if (row.action == action && intent && intent->token == token) found.push_back(std::move(row));
        }
        return {};
    });
    if (!read) return read.failure();
    if (found.empty()) return std::optional<std::vector<life::HostTxRow>>{};
    return std::optional{std::move(found)};
}

Result<std::vector<life::HostTxRow>> Treasurer::give(const life::Command& command, const std::string& text,
                                                     std::vector<life::HostTxRow> orders) {
    const auto written =
        journal_.write("funds/" + (orders.empty() ? "none" : orders.front().action), [&](life::Tx& tx) -> Status {
            if (auto ok = life::take_command(tx, command, text); !ok) return ok;
            for (auto& row : orders) {
                row.created_ms = row.not_before_ms = tx.now_ms();
                life::save_host_tx(tx, row);
                life::append_audit(tx, "operator", row.action, "chain:" + instance_, row.op_id + " " + row.intent);
            }
            return {};
        });
    if (!written) return written.failure();
    return orders;
}

Result<std::vector<life::HostTxRow>> Treasurer::withdraw(const life::Command& command, const std::string& token) {
    const auto where = place_for("withdraw");
    if (!where) return where.failure();
    auto before = given_before(command, *where, "withdraw", token);
    if (!before) return before.failure();
    if (*before) return std::move(**before);
    if (auto ok = above_reserve(*where->chain); !ok) return ok.failure();
    const auto fresh = unsettled(journal_, *where->chain, instance_, where->final.position, kWithdrawReads);
    if (!fresh) return fresh.failure();
    std::vector<std::string> ids;
    if (const auto own = fresh->subscriptions.find(token); own != fresh->subscriptions.end()) ids = own->second;
    if (ids.empty()) {
        // Nothing to settle: is there something settled? A chain that does not tell is asked to withdraw all the same.
        const auto escrow = where->chain->balances("escrow", where->final.position, 0);
        if (escrow) {
            const auto row = std::ranges::find(escrow->balances, token, &Balances::Row::token);
            if (row == escrow->balances.end())
                return invalid("unknown_token", "the chain '" + instance_ + "' knows no token \"" + token + "\"");
            if (row->escrow && Sum{row->escrow->earned}.is_zero()) return std::vector<life::HostTxRow>{};
        }
    }
    std::vector<life::HostTxRow> orders;
    for (std::size_t from = 0; from < std::max<std::size_t>(ids.size(), 1); from += kIdsPerWithdrawal) {
        Intent intent;
        intent.action = "withdraw", intent.token = token;
        const std::size_t to = std::min(ids.size(), from + kIdsPerWithdrawal);
        intent.subscriptions.assign(ids.begin() + static_cast<std::ptrdiff_t>(from),
                                    ids.begin() + static_cast<std::ptrdiff_t>(to));
        const std::string epoch = command.nonce + "/" + token + "/" + std::to_string(orders.size());
        orders.push_back(order(*where, "withdraw", kHost, epoch, intent));
    }
    return give(command, "funds withdraw " + instance_ + " " + token, std::move(orders));
}

Result<std::vector<life::HostTxRow>> Treasurer::split(const life::Command& command, const std::string& token) {
    const auto where = place_for("release");
    if (!where) return where.failure();
    auto before = given_before(command, *where, "release", token);
    if (!before) return before.failure();
    if (*before) return std::move(**before);
    if (auto ok = above_reserve(*where->chain); !ok) return ok.failure();
    const auto treasury = where->chain->balances("treasury", where->final.position, 0);
    if (!treasury) return treasury.failure();
    const auto row = std::ranges::find(treasury->balances, token, &Balances::Row::token);
    if (row == treasury->balances.end())
        return invalid("unknown_token", "the chain '" + instance_ + "' knows no token \"" + token + "\"");
    if (row->shares.empty()) {
        return refused("the treasury " + treasury->account +
                       " splits nothing: it is not the contract that the plugin's configuration calls its split");
    }
    std::vector<life::HostTxRow> orders;
    for (const auto& share : row->shares) {
        if (Sum{share.due}.is_zero()) continue;
        Intent intent;
        intent.action = "release", intent.token = token, intent.owner = share.account;
        const std::string epoch = command.nonce + "/" + token + "/" + std::to_string(orders.size());
        orders.push_back(order(*where, "release", kHost, epoch, intent));
    }
    if (orders.empty()) return orders;
    return give(command, "funds split " + instance_ + " " + token, std::move(orders));
}

// One subscription has one credit under way; the span that is asked for begins where credits may begin.
Result<life::HostTxRow> Treasurer::order_credit(const Place& place, const life::SubscriptionRow& row, UnixTime from,
                                                UnixTime until, const life::Command* command) {
    Intent intent;
    intent.action = "credit_time", intent.subscription = row.id, intent.from = from, intent.until = until;
    life::HostTxRow made = order(place, "credit_time", life::subject_of(row), std::to_string(from.seconds), intent);
    const auto written = journal_.write("funds/credit_time", [&](life::Tx& tx) -> Status {
        for (const auto& open : life::open_host_txs(tx, instance_)) {
            if (open.action != "credit_time" || open.subject != made.subject) continue;
            const auto other = parse_intent(open.intent);
            const bool same = other && other->until.seconds - other->from.seconds == until.seconds - from.seconds;
            if (!same) return refused("a credit of other length is under way for " + made.subject + ": wait for it");
            made = open;
            return {};
        }
        if (auto known = life::host_tx(tx, made.op_id); known && !known->failed) {
            made = std::move(*known);
            return {};
        }
        const std::string text = "subscription credit " + row.id + " " + std::to_string(until.seconds - from.seconds) +
                                 " s from " + time_to_text(from);
        if (command != nullptr) {
            if (auto ok = life::take_command(tx, *command, text); !ok) return ok;
        }
        made.created_ms = made.not_before_ms = tx.now_ms();
        life::save_host_tx(tx, made);
        life::append_audit(tx, command != nullptr ? "operator" : "kernel", "credit_time", made.subject,
                           made.op_id + " " + text);
        return {};
    });
    if (!written) return written.failure();
    return made;
}

namespace {

struct Creditable {
    life::SubscriptionRow row;
    SubscriptionState state;
};

Result<Creditable> creditable(life::Journal& journal, life::ChainPort& chain, const Position& at, std::int64_t number) {
    Creditable out;
    bool found = false;
    const auto read = journal.read([&](life::Tx& tx) -> Status {
        auto row = life::subscription_by_row(tx, number);
        found = row.has_value();
        if (row) out.row = std::move(*row);
        return {};
    });
    if (!read) return read.failure();
    if (!found)
        return Failure{BH_E_NOT_FOUND, "not_found", "there is no subscription row " + std::to_string(number), 0};
    auto state = chain.subscription_state(out.row.id, at, 0);
    if (!state) return state.failure();
    out.state = std::move(*state);
    if (!out.state.exists || out.state.order != out.row.order || !out.state.delivered) {
        return refused("subscription " + out.row.id +
                       " is not delivered at the newest final block: it has no time yet");
    }
    if (out.state.closed || out.state.cancelled) return refused("subscription " + out.row.id + " is over");
    if (out.state.creditable_from.seconds == 0) {
        return Failure{BH_E_UNSUPPORTED, "no_credit_time",
                       "the chain's plugin does not say from when on time may be credited", 0};
    }
    return out;
}

}  // namespace

Result<std::optional<life::HostTxRow>> Treasurer::credited_before(const std::string& subject, std::int64_t seconds) {
    constexpr std::int64_t kDayMs = 86'400'000;
    std::optional<life::HostTxRow> found;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        for (auto& row : life::host_txs_of(tx, instance_, subject)) {
            if (row.action != "credit_time" || row.failed || row.created_ms + kDayMs < tx.now_ms()) continue;
            const auto intent = parse_intent(row.intent);
            if (!intent || intent->until.seconds - intent->from.seconds != seconds) continue;
            found = std::move(row);
            break;
        }
        return {};
    });
    if (!read) return read.failure();
    return found;
}

Result<life::HostTxRow> Treasurer::credit(const life::Command& command, std::int64_t number, std::int64_t seconds,
                                          bool again) {
    if (seconds <= 0 || seconds > config_.credit_max_s) {
        return invalid("bad_argument", "the time must be 1 to " + std::to_string(config_.credit_max_s) +
                                           " seconds (kernel.yaml, funds.credit_max_s)");
    }
    const auto where = place_for("credit_time");
    if (!where) return where.failure();
    const auto found = creditable(journal_, *where->chain, where->final.position, number);
    if (!found) return found.failure();
    const auto& [row, state] = *found;
    if (!again) {
        auto before = credited_before(life::subject_of(row), seconds);
        if (!before) return before.failure();
        if (*before) return std::move(**before);
    }
    const UnixTime until = state.time;
    const UnixTime from{until.seconds - seconds};
    if (static_cast<std::uint64_t>(seconds) > state.creditable_s) {
        return refused("of subscription " + row.id + " only " + std::to_string(state.creditable_s) +
                       " seconds may still be credited: all credits together are at most what was paid for");
    }
    if (from < state.creditable_from) {
        return refused("time of subscription " + row.id + " counts as an outage from " +
                       time_to_text(state.creditable_from) + " on (its delivery, or the end of the last credit), so " +
                       std::to_string(std::max<std::int64_t>(until.seconds - state.creditable_from.seconds, 0)) +
                       " seconds can be credited now");
    }
    return order_credit(*where, row, from, until, &command);
}

Result<std::optional<life::HostTxRow>> Treasurer::credit_outage(std::int64_t number, UnixTime from, UnixTime until) {
    const auto where = place_for("credit_time");
    if (!where) return where.failure();
    const auto found = creditable(journal_, *where->chain, where->final.position, number);
    if (!found) return found.failure();
    const auto& [row, state] = *found;
    if (until > state.time) {
        return Failure{BH_E_UNAVAILABLE, "not_past", "the newest final block is older than the outage's end", 0};
    }
    from = std::max(from, state.creditable_from);
    const std::int64_t most = std::min(config_.credit_max_s, static_cast<std::int64_t>(state.creditable_s));
    if (until.seconds - from.seconds > most) until.seconds = from.seconds + most;
    if (until <= from) return std::optional<life::HostTxRow>{};
    auto made = order_credit(*where, row, from, until, nullptr);
    if (!made) return made.failure();
    return std::optional{std::move(*made)};
}

}  // namespace bh::funds
