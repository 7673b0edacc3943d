// The profile for existing deployments against a real node: contracts with their ABI (contracts/fixtures/Legacy.sol),
// which mint as often as they are told to. One purchase has one credential, whatever dies in between.
#include "tests/chain-evm/legacy_world.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

TEST_CASE("an existing deployment: what is said of it, and events that the kernel knows") {
    LegacyWorld w;
    Instance instance{w.world.kernel, w.config()};
    const auto facts = instance.describe();
    REQUIRE(facts.ok());
    CHECK(facts->capabilities == std::vector<std::string>{"deliver", "extend", "transfer"});
    CHECK(facts->seal_formats == std::vector<std::string>{"seal-1"});
    CHECK(facts->accounts.size() == 1);
    const std::int64_t before = w.world.now();
    w.buy(3);
    std::string cursor;
    const ChainEvents events = w.world.poll_all(instance, cursor);
    const auto plan = std::ranges::find(events.events, std::string{"plan"}, &ChainEvent::type);
    REQUIRE(plan != events.events.end());
    CHECK(plan->plan_state->active);
    CHECK(plan->plan_state->grace_s == static_cast<std::uint64_t>(kGraceDays) * kDay);
    CHECK(plan->plan_state->resources == R"({"cpus":1,"disk_bytes":4294967296,"memory_bytes":536870912})");
    CHECK(plan->plan_state->agent == w.world.kernel.agent().text());
    const auto bought = std::ranges::find(events.events, std::string{"purchased"}, &ChainEvent::type);
    REQUIRE(bought != events.events.end());
    CHECK(bought->subscription == "1");
    CHECK(bought->plan == "1");
    CHECK(bought->actor == w.world.buyer.text());
    CHECK(bought->paid_seconds == 3 * kDay);
    CHECK(bought->token == w.token.text());
    CHECK(bought->amount.units == std::to_string(3 * kCents * kUnitsPerCent));
    CHECK(bought->data == Bytes{1, 2, 3});
    // The operator's own credential is none of ours.
    CHECK(std::ranges::count(events.events, std::string{"delivered"}, &ChainEvent::type) == 0);

    const auto state = instance.state("1");
    REQUIRE(state.ok());
    CHECK(state->exists);
    CHECK(state->order == bought->order);
    CHECK(state->recipient == w.world.buyer.text());
    CHECK_FALSE(state->delivered);
    CHECK(state->expires_at.seconds == 0);
    CHECK(state->window_ends.seconds == 0);
    CHECK_FALSE(instance.state("2")->exists);
    CHECK_FALSE(instance.owner_of("1")->exists);
    const auto then = instance.state("1", w.world.position(events.head.position.height - 1));
    REQUIRE(then.ok());
    CHECK_FALSE(then->exists);
    CHECK(w.world.now() >= before);
    CHECK(instance.balances("escrow").failure().code == BH_E_UNSUPPORTED);
}

TEST_CASE(
    "a delivery is one mint that says whom it is for; expiry, extension, transfer and cancellation are the "
    "contract's") {
    Sold s;
    JobDouble deliver = job("deliver-1");
    const auto receipt = finish(s.world, s.instance, deliver, s.intent);
    INFO((receipt ? "" : receipt.failure().message));
    REQUIRE(receipt.ok());
    s.require_one(s.instance);
    auto state = s.instance.state("1");
    REQUIRE(state.ok());
    CHECK(state->delivered);
    CHECK(state->owner == s.world.buyer.text());
    const std::int64_t expires = state->expires_at.seconds;
    CHECK(expires > s.world.now());
    CHECK(state->grace_ends.seconds == expires + kGraceDays * static_cast<std::int64_t>(kDay));
    CHECK(s.instance.state("1", s.world.position(receipt->position.height - 1))->delivered == false);

    s.theirs(s.contract, CallEncoder{"extendSubscription(uint256,uint256,uint256)"}.uint(1).uint(5).uint(1));
    s.theirs(
        s.credential,
        CallEncoder{"transferFrom(address,address,uint256)"}.address(s.world.buyer).address(s.world.stranger).uint(1));
    s.ours(s.contract, CallEncoder{"cancelSubscription(uint256)"}.uint(1));
    s.ours(s.contract,
           CallEncoder{"withdrawFunds(address,address)"}.address(s.token).address(s.world.operator_account));
    std::string cursor;
    const ChainEvents events = s.world.poll_all(s.instance, cursor);
    const auto event = [&](const char* type) {
        const auto found = std::ranges::find(events.events, std::string{type}, &ChainEvent::type);
        REQUIRE(found != events.events.end());
        return *found;
    };
    CHECK(event("delivered").subscription == "1");
    CHECK(event("extended").subscription == "1");
    CHECK(event("extended").expires_at.seconds == expires + 5 * static_cast<std::int64_t>(kDay));
    CHECK(event("transferred").subscription == "1");
    CHECK(event("transferred").owner == s.world.stranger.text());
    CHECK(event("cancelled").subscription == "1");
    CHECK(event("withdrawn").token == s.token.text());
    state = s.instance.state("1");
    CHECK(state->owner == s.world.stranger.text());
    CHECK(state->cancelled);
    CHECK(state->cancelled_by_owner);
    CHECK_FALSE(state->declined);
    CHECK(s.instance.owner_of("1")->owner == s.world.stranger.text());
    CHECK(s.instance.owner_of("0")->exists == false);  // by subscription, not by token
}

TEST_CASE("a purchase that the operator cancels before it is delivered counts as declined") {
    Sold s;
    s.ours(s.contract, CallEncoder{"cancelSubscription(uint256)"}.uint(1));
    const auto state = s.instance.state("1");
    REQUIRE(state.ok());
    CHECK(state->declined);
    CHECK_FALSE(state->delivered);
}

TEST_CASE("what another program sold before is none of ours, and plans of that time are known") {
    LegacyWorld w;
    w.buy();
    w.ours(w.contract, CallEncoder{"cancelSubscription(uint256)"}.uint(1));
    w.mint_unmarked(w.world.buyer);
    const std::uint64_t from = w.world.anvil.head() + 1;
    json own = json::parse(w.config()).at("legacy");
    own["serve_from"] = from;
    Instance instance{w.world.kernel, w.config({{"legacy", own}})};
    w.buy();
    std::string cursor;
    const ChainEvents events = w.world.poll_all(instance, cursor);
    const auto count = [&](const char* type) {
        return std::ranges::count(events.events, std::string{type}, &ChainEvent::type);
    };
    CHECK(count("plan") == 1);
    CHECK(count("delivered") == 0);
    REQUIRE(count("purchased") == 1);
    const auto bought = std::ranges::find(events.events, std::string{"purchased"}, &ChainEvent::type);
    CHECK(bought->subscription == "2");
    CHECK(bought->position.height == from);
    CHECK_FALSE(instance.state("2")->delivered);
    CHECK(instance.state("1").failure().reason == "not_polled");
    // The credential of the time before does not stand in the way.
    JobDouble deliver = job("deliver-2");
    REQUIRE(finish(w.world, instance, deliver, intent_of(*bought)).ok());
    CHECK(w.minted() == 3);
}

TEST_CASE("what the contracts can't do is refused without a transaction") {
    Sold s;
    for (const char* action : {"decline", "close", "burn", "update", "withdraw", "set_capacity", "credit_time"}) {
        Intent intent = s.intent;
        intent.action = action;
        JobDouble one = job(action);
        CHECK(s.instance.submit(one, intent, s.world.head()).failure().code == BH_E_UNSUPPORTED);
    }
    CHECK(agent_nonce(s.world) == 0);
}

TEST_CASE("killed between save and broadcast, or after it: one mint") {
    Sold s;
    JobDouble deliver = job("deliver-1");
    deliver.die_after_save = GENERATE(true, false);
    REQUIRE_FALSE(s.instance.submit(deliver, s.intent, {}).ok());
    deliver.die_after_save = false;
    const bool ledger_lost = GENERATE(false, true);
    if (ledger_lost) std::erase_if(s.world.kernel.store, [](const auto& e) { return e.first.starts_with("nonce/"); });
    Instance restarted{s.world.kernel, s.config()};
    REQUIRE(finish(s.world, restarted, deliver, s.intent).ok());
    s.require_one(restarted);
    CHECK(agent_nonce(s.world) == 1);
}

TEST_CASE("an older journal, which knows neither transaction nor seal, finds the mint and makes no second") {
    Sold s;
    JobDouble deliver = job("deliver-1");
    REQUIRE(finish(s.world, s.instance, deliver, s.intent).ok());
    s.world.anvil.mine(3);
    s.world.kernel.store.clear();
    Instance restored{s.world.kernel, s.config()};
    JobDouble again = job("deliver-1");
    const Intent other_seal = intent_of(purchase(s.world, restored), 0x77);
    const auto receipt = finish(s.world, restored, again, other_seal);
    INFO((receipt ? "" : receipt.failure().message));
    REQUIRE(receipt.ok());
    CHECK(receipt->tx.size() == 66);
    CHECK(again.saves == 0);
    s.require_one(restored);
}

TEST_CASE("an older journal waits for a transaction that it does not know") {
    Sold s;
    s.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    CHECK(s.instance.submit(deliver, s.intent, {}).failure().code == BH_PENDING);
    s.world.kernel.store.clear();
    Instance restored{s.world.kernel, s.config()};
    const Intent other_seal = intent_of(purchase(s.world, restored), 0x77);
    JobDouble again = job("deliver-1");
    for (int i = 0; i < 3; ++i) {
        const auto waits = restored.submit(again, other_seal, s.world.head());
        REQUIRE_FALSE(waits.ok());
        CHECK(waits.failure().reason == "unknown_pending");
    }
    CHECK(again.saves == 0);
    s.world.anvil.automine(true);
    s.world.anvil.mine();
    REQUIRE(finish(s.world, restored, again, other_seal).ok());
    s.require_one(restored);
}

TEST_CASE("a mint that the node lost, or whose block was replaced, is sent again and is one") {
    Sold s;
    JobDouble deliver = job("deliver-1");
    const bool lost = GENERATE(true, false);
    if (lost) {
        s.world.anvil.automine(false);
        (void)s.instance.submit(deliver, s.intent, {});
        s.world.anvil.rpc("anvil_dropAllTransactions");
    } else {
        (void)s.instance.submit(deliver, s.intent, {});
        wait_for("the transaction", [&] { return agent_nonce(s.world) == 1; });
        std::string cursor;
        (void)s.world.poll_all(s.instance, cursor);
        CHECK(s.instance.state("1")->delivered);
        s.world.anvil.rpc("anvil_reorg", {1, json::array()});
        CHECK(agent_nonce(s.world) == 0);
        CHECK_FALSE(s.instance.state("1")->delivered);  // though the index has the mint of the other branch
    }
    REQUIRE(finish(s.world, s.instance, deliver, s.intent).ok());
    s.require_one(s.instance);
}

TEST_CASE("a credential that another program minted to the buyer after the purchase stops the delivery") {
    Sold s;
    s.mint_unmarked(s.world.buyer);
    JobDouble deliver = job("deliver-1");
    const auto refused = finish(s.world, s.instance, deliver, s.intent);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().code == BH_E_CONFLICT);
    CHECK(refused.failure().reason == "minted_by_another");
    CHECK(s.minted() == 2);
    CHECK(deliver.saves == 0);
    // Those of others, and of the time before, do not.
    s.mint_unmarked(s.world.stranger);
    s.buy();
    JobDouble second = job("deliver-2");
    REQUIRE(finish(s.world, s.instance, second, intent_of(purchase(s.world, s.instance, "2"))).ok());
    CHECK(deliveries(s.world, s.instance) == 1);
    CHECK(s.instance.owner_of("2")->owner == s.world.buyer.text());
}

TEST_CASE("two purchases of one buyer have a credential each") {
    Sold s;
    s.buy();
    JobDouble first = job("deliver-1"), second = job("deliver-2");
    const Intent other = intent_of(purchase(s.world, s.instance, "2"));
    REQUIRE(finish(s.world, s.instance, second, other).ok());
    std::string cursor;
    (void)s.world.poll_all(s.instance, cursor);
    CHECK_FALSE(s.instance.state("1")->delivered);
    CHECK(s.instance.state("2")->delivered);
    REQUIRE(finish(s.world, s.instance, first, s.intent).ok());
    (void)s.world.poll_all(s.instance, cursor);
    CHECK(s.instance.state("1")->delivered);
    CHECK(s.minted() == 3);
}

TEST_CASE("a purchase whose block was replaced is the same order when it is mined again") {
    LegacyWorld w;
    Instance instance{w.world.kernel, w.config()};
    w.world.anvil.automine(false);
    const std::string tx = w.buy();
    w.world.anvil.mine();
    const ChainEvent before = purchase(w.world, instance);
    const json raw = w.world.anvil.rpc("eth_getRawTransactionByHash", json::array({tx}));
    w.world.anvil.rpc("anvil_reorg", {1, json::array()});
    w.world.anvil.rpc("anvil_dropAllTransactions");
    const auto gone = instance.state("1");
    REQUIRE(gone.ok());
    CHECK_FALSE(gone->exists);
    w.world.anvil.mine(2);
    w.world.anvil.rpc("eth_sendRawTransaction", json::array({raw}));
    w.world.anvil.mine();
    const auto unread = instance.state("1");
    REQUIRE_FALSE(unread.ok());
    CHECK(unread.failure().reason == "not_polled");
    const ChainEvent after = purchase(w.world, instance);
    CHECK(after.position != before.position);
    CHECK(after.order == before.order);
    CHECK(instance.state("1")->order == before.order);
}

TEST_CASE("the check says what an existing deployment lacks") {
    LegacyWorld w;
    const auto about = [&](const json& more) {
        const auto findings = Instance::check(w.world.kernel, w.config(more));
        REQUIRE(findings.ok());
        std::string fields;
        for (const Finding& finding : *findings) fields += finding.severity + finding.field + " ";
        return fields;
    };
    CHECK(about({}) == "");
    CHECK(about({{"contract", w.token.text()}}) == "error/contract ");
    CHECK(about({{"credential", w.token.text()}}) == "error/credential ");
    CHECK(about({{"legacy", {{"serve_from", 0}}}}) == "warning/legacy/plans ");
    w.world.anvil.rpc("anvil_impersonateAccount", {w.world.kernel.agent().lower_text()});
    w.world.send(w.world.kernel.agent(), w.credential,
                 CallEncoder{"transferOwnership(address)"}.address(w.world.stranger).finish());
    CHECK(about({}) == "error/credential ");
}
