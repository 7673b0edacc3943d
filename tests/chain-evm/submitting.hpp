// What the tests of submit() share: jobs as the kernel runs them, and a purchase to deliver.
#pragma once

#include "tests/chain-evm/world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace bh::evm::test {

inline JobDouble job(const std::string& op) { return {op, {}, 0, false, BH_CANCEL_NONE, 0}; }

// Calls submit as the kernel does, mining in between, until it is no longer pending.
template <class T>
Result<Receipt> finish(World& world, Instance& instance, JobDouble& job, const T& intent) {
    constexpr int kRounds = 60;
    Result<Receipt> last = Failure{BH_PENDING, "", ""};
    for (int i = 0; i < kRounds; ++i) {
        last = instance.submit(job, intent, world.head());
        if (last || last.failure().code != BH_PENDING) return last;
        world.anvil.mine();
    }
    return last;
}

inline ChainEvent purchase(World& world, Instance& instance, const std::string& id = "1") {
    std::string cursor;
    const ChainEvents events = world.poll_all(instance, cursor);
    const auto found = std::ranges::find_if(
        events.events, [&](const ChainEvent& e) { return e.type == "purchased" && e.subscription == id; });
    REQUIRE(found != events.events.end());
    return *found;
}

inline std::uint64_t agent_nonce(World& world) {
    const nlohmann::json answer =
        world.anvil.rpc("eth_getTransactionCount", {world.kernel.agent().lower_text(), "latest"});
    return *Uint256::from_quantity(answer.get<std::string>())->as_u64();
}

inline std::size_t deliveries(World& world, Instance& instance) {
    std::string cursor;
    const ChainEvents events = world.poll_all(instance, cursor);
    return static_cast<std::size_t>(std::ranges::count(events.events, std::string{"delivered"}, &ChainEvent::type));
}

inline void require_delivered_once(World& world, Instance& instance, std::uint64_t transactions = 1) {
    CHECK(deliveries(world, instance) == 1);
    CHECK(agent_nonce(world) == transactions);
    const auto owner = instance.owner_of("1");
    REQUIRE(owner.ok());
    CHECK(owner->owner == world.buyer.text());
}

struct Bought {
    Bought() : instance{world.kernel, world.config({{"bump_after_s", 1}})} {
        world.buy();
        intent = world.deliver_intent(purchase(world, instance));
    }
    World world;
    Instance instance;
    Intent intent;
};

}  // namespace bh::evm::test
