// submit() against a real node: one transaction per job, whatever dies in between.
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"
#include "tests/chain-evm/submitting.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <numeric>
#include <thread>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

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
    Instance instance{world.kernel, world.config({{"bump_after_s", 1}})};
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
    // All of them again and again, as the kernel does: anvil keeps one in hundreds that come at once and does not mine
    // it, until it is replaced by its job; the others wait behind its nonce.
    constexpr int kRounds = 100, kAtOnce = 30;
    std::vector<std::size_t> open(kJobs);
    std::iota(open.begin(), open.end(), std::size_t{0});
    for (int round = 0; round < kRounds && !open.empty(); ++round) {
        std::erase_if(open, [&](std::size_t i) {
            const auto out = instance.submit(jobs[i], intents[i], world.head());
            INFO((out ? "" : out.failure().reason + ": " + out.failure().message));
            CHECK((out || out.failure().code == BH_PENDING));
            return out.ok();
        });
        world.anvil.mine();
        if (round >= kAtOnce) std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    CHECK(open.empty());
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
