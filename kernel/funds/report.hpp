// The host's money on one chain, read anew: the contract's books held against ours, what a withdrawal would move, the
// treasury and its shares, and the coin that the host pays its transactions with. Any thread.
#pragma once

#include "kernel/funds/config.hpp"
#include "kernel/funds/ledger.hpp"
#include "kernel/lifecycle/seams.hpp"

namespace bh::funds {

// What time has earned and nobody has settled, and whose it is.
struct Unsettled {
    std::map<std::string, Sum> amounts;                             // by token
    std::map<std::string, std::vector<std::string>> subscriptions;  // ids, by token
    bool complete = true;                                           // false: there are more than were asked for
};
// Reads each delivered subscription, at most `limit` of them, at `at`.
Result<Unsettled> unsettled(life::Journal& journal, life::ChainPort& chain, const std::string& instance,
                            const Position& at, std::uint32_t limit);

struct TokenReport {
    std::string token, symbol;
    std::uint32_t decimals = 0;
    Sum held;                                // what the contract has
    std::optional<Balances::Escrow> escrow;  // whose it is, by the contract
    Books books;                             // and by the journal
    Sum accrued;                             // earned, and settled by the next withdrawal
    // The chain less the journal: of all three together, and each.
    Sum undelivered_off, line_off, credits_off;
    [[nodiscard]] Sum difference() const { return undelivered_off + line_off + credits_off; }
    Sum unaccounted;  // held by the contract and nobody's: somebody sent it coins
    [[nodiscard]] bool reconciled() const {
        return escrow && undelivered_off.is_zero() && line_off.is_zero() && credits_off.is_zero() &&
               !(unaccounted < Sum{});
    }
};

// The account that pays for the host's transactions.
struct HostCoin {
    std::string account, symbol;
    Sum coin, reserve;
    Sum delivery;                  // what a delivery cost of late, at most; 0 = not known
    std::uint64_t deliveries = 0;  // that it can pay for; 0 while that is not known
    std::uint32_t wanted = 0;      // deliveries of the reserve
    [[nodiscard]] bool low() const { return coin < reserve; }
    // For people: what it has, what it should have, and what to do.
    [[nodiscard]] std::string text() const;
};
Result<HostCoin> host_coin(life::Journal& journal, life::ChainPort& chain, const Config& config,
                           const std::string& instance);

struct ChainReport {
    std::string instance, chain, contract;
    Block block;  // the final one that it holds for
    std::vector<TokenReport> tokens;
    bool accrued_complete = true;
    std::optional<Balances> treasury;  // none: the chain does not tell
    std::optional<HostCoin> host;
    std::string why;  // why it can't be reconciled; "" = it was held against the chain
    [[nodiscard]] bool reconciled() const;
};
// A chain that can't be asked is a report with `why`.
ChainReport report(life::Journal& journal, life::ChainPort& chain, const Config& config, const std::string& instance,
                   std::uint32_t limit);

// Delivered subscriptions that are read for a report, and for a withdrawal.
inline constexpr std::uint32_t kReportReads = 200, kWithdrawReads = 5000;

}  // namespace bh::funds
