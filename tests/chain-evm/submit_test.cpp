// submit() against a real node: one transaction per job, whatever dies in between.
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"
#include "tests/chain-evm/world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <thread>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

JobDouble job(const std::string& op) { return {op, {}, 0, false, BH_CANCEL_NONE, 0}; }

// Calls submit as the kernel does, mining in between, until it is no longer pending.
Result<Receipt> finish(World& world, Instance& instance, JobDouble& job, const Intent& intent) {
    constexpr int kRounds = 60;
    Result<Receipt> last = Failure{BH_PENDING, "", ""};
    for (int i = 0; i < kRounds; ++i) {
        last = instance.submit(job, intent, world.head());
        if (last || last.failure().code != BH_PENDING) return last;
        world.anvil.mine();
    }
    return last;
}

ChainEvent purchase(World& world, Instance& instance, const std::string& id = "1") {
    std::string cursor;
    const ChainEvents events = world.poll_all(instance, cursor);
    const auto found = std::ranges::find_if(
        events.events, [&](const ChainEvent& e) { return e.type == "purchased" && e.subscription == id; });
    REQUIRE(found != events.events.end());
    return *found;
}

std::uint64_t agent_nonce(World& world) {
    const json answer = world.anvil.rpc("eth_getTransactionCount", {world.kernel.agent().lower_text(), "latest"});
    return *Uint256::from_quantity(answer.get<std::string>())->as_u64();
}

std::size_t deliveries(World& world, Instance& instance) {
    std::string cursor;
    const ChainEvents events = world.poll_all(instance, cursor);
    return static_cast<std::size_t>(std::ranges::count(events.events, std::string{"delivered"}, &ChainEvent::type));
}

void require_delivered_once(World& world, Instance& instance, std::uint64_t transactions = 1) {
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

}  // namespace

TEST_CASE("a delivery is pending until its block is final, then has a receipt") {
    Bought b;
    JobDouble deliver = job("deliver-1");
    const Position before = b.world.head();
    auto out = b.instance.submit(deliver, b.intent, before);
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().code == BH_PENDING);
    CHECK(out.failure().retry_after_ms > 0);
    CHECK(deliver.saves == 1);
    wait_for("the transaction", [&] { return agent_nonce(b.world) == 1; });
    out = b.instance.submit(deliver, b.intent, before);  // mined, not yet final
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().code == BH_PENDING);
    out = b.instance.submit(deliver, b.intent, {});
    CHECK(out.failure().code == BH_PENDING);
    out = b.instance.submit(deliver, b.intent, b.world.head());
    REQUIRE(out.ok());
    CHECK(out->position == b.world.position(before.height + 1));
    CHECK(out->fee.units != "0");
    CHECK(deliver.saves == 1);
    require_delivered_once(b.world, b.instance);
    const auto state = b.instance.state("1");
    REQUIRE(state.ok());
    CHECK(state->delivered);
    CHECK(state->expires_at.seconds == out->time.seconds + static_cast<std::int64_t>(30 * kDay));
    CHECK(b.world.kernel.store.empty());  // nothing stays behind
}

TEST_CASE("killed between save and broadcast: sent by the next attempt, once") {
    Bought b;
    JobDouble deliver = job("deliver-1");
    deliver.die_after_save = true;
    REQUIRE_FALSE(b.instance.submit(deliver, b.intent, {}).ok());
    CHECK(agent_nonce(b.world) == 0);
    deliver.die_after_save = false;
    const bool store_lost = GENERATE(false, true);
    if (store_lost) b.world.kernel.store.clear();
    Instance restarted{b.world.kernel, b.world.config()};
    REQUIRE(finish(b.world, restarted, deliver, b.intent).ok());
    require_delivered_once(b.world, restarted);
}

TEST_CASE("killed between broadcast and answer: found by the next attempt, nothing is sent twice") {
    Bought b;
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    const std::size_t signatures = b.world.kernel.signed_payloads.size();
    const bool store_lost = GENERATE(false, true);
    if (store_lost) b.world.kernel.store.clear();
    Instance restarted{b.world.kernel, b.world.config()};
    REQUIRE(finish(b.world, restarted, deliver, b.intent).ok());
    CHECK(b.world.kernel.signed_payloads.size() == signatures);
    require_delivered_once(b.world, restarted);
}

TEST_CASE("killed before anything was saved: the nonce that was reserved is used by the same job") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    b.world.anvil.rpc("anvil_dropAllTransactions");
    // As if the process had ended before the save: the reservation alone is left.
    const std::string key = b.world.kernel.store.begin()->first;
    b.world.kernel.store[key] = crypto::to_bytes(crypto::bytes_of(R"({"op":"deliver-1","at":1})"));
    deliver = job("deliver-1");
    b.world.anvil.automine(true);
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance);
}

TEST_CASE("a journal that forgot the transaction finds it in the store: no second nonce") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    const std::string saved = deliver.checkpoint;
    deliver = job("deliver-1");
    CHECK(b.instance.submit(deliver, b.intent, {}).failure().code == BH_PENDING);
    CHECK(deliver.checkpoint == saved);
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance);
}

TEST_CASE("a transaction that the node lost is sent again") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    b.world.anvil.rpc("anvil_dropAllTransactions");
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance);
}

TEST_CASE("a transaction in a block that was replaced is mined again") {
    Bought b;
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    wait_for("the transaction", [&] { return agent_nonce(b.world) == 1; });
    b.world.anvil.rpc("anvil_reorg", {1, json::array()});
    CHECK(agent_nonce(b.world) == 0);
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance);
}

TEST_CASE("a transaction that pays too little is replaced by one that pays more, with the same nonce") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    b.world.anvil.rpc("anvil_setNextBlockBaseFeePerGas", {quantity(40'000'000'000ULL)});
    b.world.anvil.mine();
    CHECK(agent_nonce(b.world) == 0);
    wait_for("the replacement", [&] {
        (void)b.instance.submit(deliver, b.intent, b.world.head());
        return deliver.saves >= 2;
    });
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance);
}

TEST_CASE("many jobs at once get a nonce each") {
    World world;
    Instance instance{world.kernel, world.config()};
    constexpr std::size_t kJobs = 8;
    for (std::size_t i = 0; i < kJobs; ++i) world.buy();
    std::vector<JobDouble> jobs;
    std::vector<Intent> intents;
    for (std::size_t i = 0; i < kJobs; ++i) {
        jobs.push_back(job("deliver-" + std::to_string(i)));
        intents.push_back(world.deliver_intent(purchase(world, instance, std::to_string(i + 1))));
    }
    std::vector<std::thread> threads;
    std::vector<bh_status> codes(kJobs);
    for (std::size_t i = 0; i < kJobs; ++i) {
        threads.emplace_back([&, i] {
            const auto out = instance.submit(jobs[i], intents[i], {});
            codes[i] = out ? BH_OK : out.failure().code;
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(std::ranges::all_of(codes, [](bh_status code) { return code == BH_PENDING; }));
    for (std::size_t i = 0; i < kJobs; ++i) CHECK(finish(world, instance, jobs[i], intents[i]).ok());
    CHECK(deliveries(world, instance) == kJobs);
    CHECK(agent_nonce(world) == kJobs);
}

TEST_CASE("a nonce whose job never came back is filled, so that later ones are mined") {
    Bought b;
    const std::string key = "nonce/" + b.world.kernel.agent().lower_text() + "/00000000000000000000";
    b.world.kernel.store[key] = crypto::to_bytes(crypto::bytes_of(R"({"op":"never-came-back","at":1})"));
    JobDouble deliver = job("deliver-1");
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    require_delivered_once(b.world, b.instance, 2);
}

TEST_CASE("a nonce that another program used is replaced only when that is final and the contract says undone") {
    Bought b;
    b.world.anvil.automine(false);
    JobDouble deliver = job("deliver-1");
    (void)b.instance.submit(deliver, b.intent, {});
    b.world.anvil.rpc("anvil_dropAllTransactions");
    const Transaction foreign{31337, 0, {100'000'000'000, 2'000'000'000}, 21000, b.world.stranger, Uint256{1}, {}};
    const auto signature = crypto::sign(b.world.kernel.key(), crypto::keccak256(unsigned_bytes(foreign)));
    const auto made = attach_signature(foreign, signature->encoded(), b.world.kernel.agent());
    b.world.anvil.rpc("eth_sendRawTransaction", {crypto::hex0x(made->raw)});
    const Position before = b.world.head();
    b.world.anvil.mine();
    REQUIRE(agent_nonce(b.world) == 1);
    CHECK(b.instance.submit(deliver, b.intent, before).failure().code == BH_PENDING);
    CHECK(deliver.saves == 1);
    REQUIRE(finish(b.world, b.instance, deliver, b.intent).ok());
    CHECK(deliver.saves == 2);
    require_delivered_once(b.world, b.instance, 2);
}

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
