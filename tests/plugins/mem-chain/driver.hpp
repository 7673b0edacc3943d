// What a test does to the pretended chain, from its own process and while plugins use the same state file.
//
// Wallet calls wait in the pool until mine(); what the contract refuses is seen as a reverted transaction (why()).
// What goes wrong with the state file is thrown.
#pragma once

#include "tests/plugins/mem-chain/account.hpp"

namespace bh::mem {

struct PlanTerms {
    std::string resources = R"({"cpus":1,"disk_bytes":1073741824,"image":"debian-12","memory_bytes":536870912})";
    std::uint64_t price_per_day = 1000, window_s = 3600, grace_s = 0, total = 100;
    std::uint32_t setup_days = 0;
};

class ChainDriver {
public:
    explicit ChainDriver(std::string state_file);

    // The operator's.
    std::string create_plan(const PlanTerms& terms = {});  // mined at once -> plan id
    void set_plan_active(const std::string& plan, bool active);
    // A wallet's; each returns the transaction's hash.
    std::string purchase(const std::string& buyer, const std::string& plan, std::uint64_t days, const Bytes& request);
    std::string extend(const std::string& payer, const std::string& subscription, std::uint64_t days);
    std::string cancel(const std::string& sender, const std::string& subscription);
    std::string refund(const std::string& sender, const std::string& subscription);
    std::string transfer(const std::string& owner, const std::string& subscription, const std::string& to);
    std::string claim(const std::string& who);
    // Any call, before or after what waits already: first = true wins a race against the host.
    std::string send(const std::string& from, const ContractCall& call, bool first = false);
    // purchase() and mine(1) -> the subscription's id.
    std::string buy(const std::string& buyer, const std::string& plan, std::uint64_t days, const Bytes& request = {});

    // The chain's own.
    void mine(std::uint32_t blocks = 1);
    void advance(std::uint64_t seconds);  // the next block is that much later
    void reorg(std::uint32_t depth, bool keep_transactions = true);
    void drop_pool();  // what waits is forgotten, as nodes do
    void set_finality_lag(std::uint32_t blocks);
    void set_blocks_per_poll(std::uint32_t blocks);
    void set_estimate(bool on);  // false: submit() sends what would revert

    // The host's verbs: "poll", "submit", "subscription_state", "owner_of", "describe", "health" ...
    void fail(const std::string& verb, bh_status status, std::uint32_t times = 1);
    void lose_answer(const std::string& verb);
    void kill_around(const std::string& verb, const std::string& when);  // "before" | "after" its effect
    [[nodiscard]] std::uint32_t calls(const std::string& verb);

    // What is so at the head.
    [[nodiscard]] Block head();
    [[nodiscard]] std::optional<SubscriptionRow> subscription(const std::string& id);
    [[nodiscard]] std::size_t subscriptions();
    [[nodiscard]] Money money();
    [[nodiscard]] std::map<std::string, std::uint64_t> credits();
    [[nodiscard]] std::size_t waiting();
    [[nodiscard]] std::vector<ChainEvent> logs();
    [[nodiscard]] std::string why(const std::string& transaction);  // of its revert; "" if it went well or is not mined
    [[nodiscard]] ChainState state();
    ChainBackend& backend() { return backend_; }

private:
    [[nodiscard]] View view();
    ChainBackend backend_;
};

}  // namespace bh::mem
