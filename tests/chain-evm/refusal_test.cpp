// submit() against a real node: what is refused, reverted, cancelled or unaffordable is told apart; every action works.
#include "tests/chain-evm/submitting.hpp"

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;

TEST_CASE("what the contract would refuse is not sent, and is named") {
    Bought b;
    JobDouble first = job("deliver-1");
    REQUIRE(finish(b.world, b.instance, first, b.intent).ok());
    JobDouble close = job("close-1");
    Intent intent;
    intent.action = "close";
    intent.subscription = "1";
    const auto refused = b.instance.submit(close, intent, b.world.head());
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().code == BH_E_UNAVAILABLE);
    CHECK(refused.failure().reason == "would_revert");
    CHECK(refused.failure().message.find("TooEarly(") != std::string::npos);
    CHECK(close.saves == 0);
    CHECK(b.world.kernel.store.empty());
    // The same delivery by another job: it is done, whoever did it.
    JobDouble second = job("deliver-again");
    CHECK(b.instance.submit(second, b.intent, b.world.head()).ok());
    CHECK(second.saves == 0);
}

TEST_CASE("a revert in a final block is a conflict; the step takes a new nonce when it is ordered again") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    const auto set_agent = [&](const Address& agent) {
        b.world.send(b.world.operator_account, b.world.contract,
                     CallEncoder{"setAgent(uint256,address)"}.uint(1).address(agent).finish());
    };
    b.world.anvil.rpc("anvil_dropAllTransactions");
    set_agent(b.world.stranger);
    b.world.anvil.mine();
    (void)b.instance.submit(deliver, b.intent, {});  // sent again, and now refused
    b.world.anvil.mine();
    REQUIRE(agent_nonce(b.world) == 1);
    const auto out = b.instance.submit(deliver, b.intent, b.world.head());
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().code == BH_E_CONFLICT);
    CHECK(out.failure().reason == "reverted");
    CHECK(b.instance.submit(deliver, b.intent, b.world.head()).failure().code == BH_E_CONFLICT);
    set_agent(b.world.kernel.agent());
    b.world.anvil.mine();
    b.world.anvil.automine(true);
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance, 2);
}

TEST_CASE("an order that is cancelled leaves no transaction behind") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    SECTION("nothing was sent") {
        deliver.cancel = BH_CANCEL_ORDER;
        CHECK(b.instance.submit(deliver, b.intent, {}).failure().code == BH_E_CANCELLED);
        CHECK(deliver.saves == 0);
        CHECK(b.world.kernel.store.empty());
    }
    SECTION("an empty transfer takes its place") {
        (void)b.instance.submit(deliver, b.intent, {});
        deliver.cancel = BH_CANCEL_ORDER;
        const auto out = finish(b.world, b.instance, deliver, b.intent);
        REQUIRE_FALSE(out.ok());
        CHECK(out.failure().code == BH_E_CANCELLED);
        CHECK(deliveries(b.world, b.instance) == 0);
        CHECK(agent_nonce(b.world) == 1);
    }
    SECTION("the kernel stops: nothing is touched") {
        deliver.cancel = BH_CANCEL_SHUTDOWN;
        CHECK(b.instance.submit(deliver, b.intent, {}).failure().code == BH_E_INTERRUPTED);
    }
}

TEST_CASE("what stops a transaction is told apart") {
    Bought b;
    JobDouble deliver = job("deliver-1");
    SECTION("an agent without coins") {
        b.world.anvil.rpc("anvil_setBalance", {b.world.kernel.agent().lower_text(), "0x1"});
        const auto out = b.instance.submit(deliver, b.intent, {});
        CHECK(out.failure().code == BH_E_NO_FUNDS);
        CHECK(out.failure().message.find(b.world.kernel.agent().text()) != std::string::npos);
    }
    SECTION("a signer that refuses") {
        b.world.kernel.signer_refuses = true;
        CHECK(b.instance.submit(deliver, b.intent, {}).failure().code == BH_E_DENIED);
    }
    SECTION("fees above the cap") {
        b.world.anvil.rpc("anvil_setNextBlockBaseFeePerGas", {quantity(40'000'000'000ULL)});
        b.world.anvil.mine();
        Instance frugal{b.world.kernel, b.world.config({{"max_fee_gwei", 2}})};
        const auto out = frugal.submit(deliver, b.intent, {});
        CHECK(out.failure().code == BH_E_UNAVAILABLE);
        CHECK(out.failure().reason == "fee_above_cap");
    }
    CHECK(deliver.saves == 0);
    CHECK(b.world.kernel.store.empty());
}

TEST_CASE("one op_id is one intent") {
    Bought b;
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    Intent other = b.intent;
    other.sealed = Bytes(100, 1);
    CHECK(b.instance.submit(deliver, other, {}).failure().code == BH_E_CONFLICT);
    deliver.checkpoint = "{\"nonce\":";
    CHECK(b.instance.submit(deliver, b.intent, {}).failure().code == BH_E_CORRUPT);
}

TEST_CASE("every action reaches the contract") {
    World world;
    Instance instance{world.kernel, world.config()};
    world.buy();
    world.buy();
    const auto run = [&](const std::string& op, const Intent& intent) {
        JobDouble j = job(op);
        const auto out = finish(world, instance, j, intent);
        INFO(op << ": " << (out ? "" : out.failure().message));
        REQUIRE(out.ok());
        REQUIRE_FALSE(out->tx.empty());
    };
    Intent decline;
    decline.action = "decline";
    decline.subscription = "2";
    decline.order = purchase(world, instance, "2").order;
    decline.reason = "no room";
    run("decline", decline);
    CHECK(instance.state("2")->declined);

    run("deliver", world.deliver_intent(purchase(world, instance, "1")));
    Intent update;
    update.action = "update";
    update.subscription = "1";
    update.owner = world.buyer.text();
    update.sealed = Bytes(90, 0x77);
    run("update", update);

    Intent capacity;
    capacity.action = "set_capacity";
    capacity.plan = "1";
    capacity.total = 7;
    run("set_capacity", capacity);

    const std::int64_t delivered_at = instance.state("1")->time.seconds;
    world.anvil.rpc("evm_increaseTime", {7200});
    world.anvil.mine();
    Intent credit;
    credit.action = "credit_time";
    credit.subscription = "1";
    credit.from = {delivered_at + 60};
    credit.until = {delivered_at + 660};
    const UnixTime before = instance.state("1")->expires_at;
    run("credit_time", credit);
    CHECK(instance.state("1")->expires_at.seconds == before.seconds + 600);

    Intent withdraw;
    withdraw.action = "withdraw";
    withdraw.token = "native";
    withdraw.subscriptions = {"1", "2", "99"};
    run("withdraw", withdraw);

    world.anvil.rpc("evm_increaseTime", {40 * kDay});
    world.anvil.mine();
    Intent close;
    close.action = "close";
    close.subscription = "1";
    run("close", close);
    CHECK(instance.state("1")->closed);
    close.action = "burn";
    run("burn", close);
    CHECK(instance.state("1")->burned);
    CHECK_FALSE(instance.owner_of("1")->exists);

    Intent nonsense;
    nonsense.action = "selfdestruct";
    JobDouble j = job("nonsense");
    CHECK(instance.submit(j, nonsense, {}).failure().code == BH_E_UNSUPPORTED);
}
