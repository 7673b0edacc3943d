// The subscription contract of MONEY-PATH as plain C++: what each call does, what it refuses, what it logs, and the
// money it holds. Deterministic: the same calls in the same blocks give the same state. One token, the native coin.
#pragma once

#include "plugin-api/documents/chain.hpp"

#include <map>

namespace bh::mem {

// A call to the contract, as a transaction carries it. Which members are read depends on `function`:
// create_plan purchase deliver decline refund extend cancel close update burn set_capacity set_active credit_time
// withdraw claim transfer.
struct ContractCall {
    std::string function;
    std::string subscription, plan, order, to, text;  // text: resources of create_plan, reason of decline
    std::uint64_t days = 0, price_per_day = 0, window_s = 0, grace_s = 0, total = 0, from = 0, until = 0, deadline = 0;
    std::uint32_t setup_days = 0;
    bool active = true;
    Bytes data;  // sealed request or credential, attestation hash
    std::vector<std::string> subscriptions;
};

struct PlanRow {
    std::string resources, agent;
    std::uint64_t window_s = 0, grace_s = 0, total = 0, open = 0, price_per_day = 0;
    std::uint32_t setup_days = 0;
    bool active = true;
};

struct SubscriptionRow {
    std::string plan, order, buyer, owner;  // owner: "" while there is no credential
    std::uint64_t paid_seconds = 0, purchased_at = 0, amount = 0, settled = 0, start = 0, end = 0, delivered_at = 0;
    std::uint64_t outage_until = 0, outage_credited = 0;
    Bytes sealed;
    std::string attestation_hash;
    bool delivered = false, declined = false, refunded = false, cancelled = false, by_operator = false, closed = false,
         burned = false;
};

// By claimant. Without donations: balance = undelivered + unearned + earned + credits.
struct Money {
    std::uint64_t balance = 0;  // what the contract has
    std::uint64_t undelivered = 0, unearned = 0, earned = 0, credits = 0;
    std::uint64_t paid = 0, withdrawn = 0, claimed = 0;  // ever
    [[nodiscard]] bool adds_up() const {
        return balance == undelivered + unearned + earned + credits && paid == withdrawn + claimed + balance;
    }
};

struct Accounts {
    std::string agent, operator_key, treasury;
};

class Ledger {
public:
    explicit Ledger(Accounts accounts) : accounts_{std::move(accounts)} {}

    // What `call` of `sender` does in a block of time `now`: the logs, or why it reverts (and nothing has changed).
    // Logs have type, name and the decoded members; the block's are the caller's to fill in.
    Result<std::vector<ChainEvent>> apply(const std::string& sender, const ContractCall& call, std::uint64_t now);

    [[nodiscard]] const SubscriptionRow* subscription(const std::string& id) const;
    [[nodiscard]] const PlanRow* plan(const std::string& id) const;
    [[nodiscard]] const Money& money() const { return money_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& credits() const { return credits_; }
    [[nodiscard]] std::size_t subscriptions() const { return subscriptions_.size(); }

private:
    using Logs = Result<std::vector<ChainEvent>>;
    Logs create_plan(const std::string& sender, const ContractCall& call);
    Logs purchase(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs deliver(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs give_back(SubscriptionRow& row, const ContractCall& call, const char* type, const char* name);
    Logs decline(const std::string& sender, const ContractCall& call);
    Logs refund(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs extend(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs cancel(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs close(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs update(const std::string& sender, const ContractCall& call);
    Logs burn(const std::string& sender, const ContractCall& call);
    Logs set_plan(const std::string& sender, const ContractCall& call);
    Logs credit_time(const std::string& sender, const ContractCall& call, std::uint64_t now);
    Logs withdraw(const ContractCall& call, std::uint64_t now);
    Logs claim(const std::string& sender);
    Logs transfer(const std::string& sender, const ContractCall& call);

    Result<SubscriptionRow*> known(const std::string& id);
    Result<SubscriptionRow*> for_agent(const std::string& sender, const std::string& id);
    Result<SubscriptionRow*> live(const std::string& id);  // delivered, not cancelled, not closed
    ChainEvent plan_log(const std::string& id, const char* name) const;
    std::uint64_t settle(SubscriptionRow& row, std::uint64_t now);
    void restart(SubscriptionRow& row, std::uint64_t added, std::uint64_t end, std::uint64_t now);
    std::uint64_t stop(SubscriptionRow& row, std::uint64_t now);
    void credit(const std::string& who, std::uint64_t amount);

    Accounts accounts_;
    std::map<std::string, PlanRow> plans_;
    std::map<std::string, SubscriptionRow> subscriptions_;
    std::map<std::string, std::uint64_t> credits_;
    Money money_;
};

inline constexpr std::uint64_t kDay = 86400;
inline constexpr std::uint64_t kMaxDays = 3650;

// Earned so far of a delivered row, settled or not.
std::uint64_t earned(const SubscriptionRow& row, std::uint64_t now);
// The order of a purchase: 32 bytes as hex. A pretended hash.
std::string order_of(const std::string& buyer, const std::string& plan, std::uint64_t paid_seconds,
                     std::uint64_t amount, const Bytes& request);
// 64 hex digits that differ whenever `text` does, for all that a test cares; no cryptography.
std::string pretended_hash(std::string_view text);

}  // namespace bh::mem
