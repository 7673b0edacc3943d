// The host's own transactions on one chain: withdrawals of what is earned, releases of shares, credits of time; and the
// watch over the coin that pays for all transactions.
//
// An order is journalled, with an op_id made from its cause, before its transaction exists. The same order again finds
// that row, so a command that was killed and is repeated does nothing twice; and the chain plugin sends one transaction
// for an op_id, whatever dies in between (blockhost/kind/chain.h).
//
// withdraw(), split() and credit() may be called by any thread; one thread calls step().
#pragma once

#include "kernel/funds/report.hpp"
#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/executor.hpp"
#include "kernel/lifecycle/operate.hpp"
#include "kernel/lifecycle/ports.hpp"

#include <functional>

namespace bh::funds {

class Treasurer {
public:
    // `recovering`: while it answers true no transaction is begun. All of these outlive this.
    Treasurer(life::Journal& journal, life::Ports& ports, Config config, life::EngineConfig timing,
              std::string instance, std::function<bool()> recovering);

    // Orders withdrawals of one token: what is settled and what the delivered subscriptions have earned since, to the
    // contract's treasury, in transactions of at most kIdsPerWithdrawal subscriptions. Empty: nothing is earned. While
    // withdrawals of that token are under way those are the answer. BH_E_NO_FUNDS: the host's account is below its
    // reserve. BH_E_UNSUPPORTED: the chain has no withdrawals.
    Result<std::vector<life::HostTxRow>> withdraw(const life::Command& command, const std::string& token);

    // Orders a release for each owner of a share of the treasury to whom something of the token is due.
    Result<std::vector<life::HostTxRow>> split(const life::Command& command, const std::string& token);

    // Orders that a subscription's time is extended by the `seconds` before the newest final block, as an outage. As
    // many seconds that a command credited to it in the last day are that same credit, done or under way, unless
    // `again` says that another one is meant: who does not know whether a command arrived may give it once more.
    // BH_E_CONFLICT: part of that time was credited before, or lies before the delivery; or another credit of it is
    // under way.
    Result<life::HostTxRow> credit(const life::Command& command, std::int64_t row, std::int64_t seconds,
                                   bool again = false);

    // The same without a command, for an outage that was measured. What of it can't be credited is left out; nothing is
    // left: no row. `until` is not after the newest final block.
    Result<std::optional<life::HostTxRow>> credit_outage(std::int64_t row, UnixTime from, UnixTime until);

    // Does at most one thing; milliseconds until it wants to be called again.
    std::int64_t step();
    void stop();  // a transaction that is on its way saves itself and stops

    static constexpr std::size_t kIdsPerWithdrawal = 100;

private:
    struct Place {
        life::ChainPort* chain = nullptr;
        ChainDescription description;
        Block final;
    };
    // The chain with its newest final block; refuses while it is rolled back below one.
    Result<Place> place();
    Result<Place> place_for(const char* capability);
    Status above_reserve(life::ChainPort& chain);
    life::HostTxRow order(const Place& place, const std::string& action, const std::string& subject,
                          const std::string& epoch, const Intent& intent) const;
    // Writes the command and its orders in one transaction, unless they are there.
    Result<std::vector<life::HostTxRow>> give(const life::Command& command, const std::string& text,
                                              std::vector<life::HostTxRow> orders);
    Result<std::optional<std::vector<life::HostTxRow>>> given_before(const life::Command& command, const Place& place,
                                                                     const std::string& action,
                                                                     const std::string& token);
    Result<life::HostTxRow> order_credit(const Place& place, const life::SubscriptionRow& row, UnixTime from,
                                         UnixTime until, const life::Command* command);
    // Of as many seconds, ordered by a command in the last day, and not failed.
    Result<std::optional<life::HostTxRow>> credited_before(const std::string& subject, std::int64_t seconds);

    bool run_due(std::int64_t& wait);
    void run(life::HostTxRow row, const Position& final_at);
    Status settle(const std::string& op_id, const Result<Receipt>& receipt);
    void watch_coin();

    life::Journal& journal_;
    life::Ports& ports_;
    Config config_;
    life::EngineConfig timing_;
    std::string instance_;
    std::function<bool()> recovering_;
    life::CancelToken cancel_;
    std::int64_t next_coin_ms_ = 0;
};

// A chain's token as the ABI spells it, out of an operator's words: "" is the chain's own coin.
std::string token_or_native(const std::string& token);

}  // namespace bh::funds
