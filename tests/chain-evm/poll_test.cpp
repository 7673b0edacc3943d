// poll() against a real node.
#include "tests/chain-evm/world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <set>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

std::vector<ChainEvent> of_type(const ChainEvents& events, std::string_view type) {
    std::vector<ChainEvent> out;
    std::ranges::copy_if(events.events, std::back_inserter(out), [&](const ChainEvent& e) { return e.type == type; });
    return out;
}

// Code that logs Burned(1) as often as the first word of its calldata says.
Bytes flood_code() {
    // word(0); loop: if it is 0, jump to the end; mem[0] = 1; push 1 and the topic
    Bytes code = *crypto::parse_hex("6000355b8015603d57600160005260017f");
    crypto::append(code, signature_hash("Burned(uint256)").bytes);
    // LOG2 of mem[0..32]; one less; jump to the loop; the end
    crypto::append(code, *crypto::parse_hex("60206000a2600190036003565b00"));
    return code;
}

// Positions and identity of what was reported, to compare two readings.
std::vector<std::string> keys(const ChainEvents& events) {
    std::vector<std::string> out;
    for (const ChainEvent& e : events.events) {
        out.push_back(e.type + " " + e.position.id + " " + e.tx + " " + std::to_string(e.log_index) + " " +
                      std::to_string(e.ordinal));
    }
    return out;
}

void reorg(Anvil& anvil, std::uint64_t depth, const json& transactions = json::array()) {
    anvil.rpc("anvil_reorg", {depth, transactions});
}

}  // namespace

TEST_CASE("a purchase is seen once, with everything that a host needs") {
    World world;
    Instance instance{world.kernel, world.config()};
    std::string cursor;
    const ChainEvents before = world.poll_all(instance, cursor);
    REQUIRE(of_type(before, "plan").size() == 1);
    const ChainEvent plan = of_type(before, "plan").front();
    CHECK(plan.plan == "1");
    CHECK(plan.plan_state->active);
    CHECK(plan.plan_state->agent == world.kernel.agent().text());
    CHECK(plan.plan_state->resources.find("\"cpus\":1") != std::string::npos);

    const std::string tx = world.buy(30, {7, 8, 9});
    const ChainEvents seen = world.poll_all(instance, cursor);
    REQUIRE(seen.events.size() == 1);
    const ChainEvent& purchase = seen.events.front();
    CHECK(purchase.type == "purchased");
    CHECK(purchase.tx == tx);
    CHECK(purchase.subscription == "1");
    CHECK(purchase.plan == "1");
    CHECK(purchase.actor == world.buyer.text());
    CHECK(purchase.paid_seconds == 30 * kDay);
    CHECK(purchase.token == "native");
    CHECK(purchase.amount.units == std::to_string(30 * kPricePerDay));
    CHECK(purchase.data == Bytes{7, 8, 9});
    CHECK(purchase.ordinal == 0);
    CHECK(purchase.position == world.position(purchase.position.height));
    CHECK(purchase.time.seconds == world.now());
    const auto state = instance.state("1", purchase.position);
    REQUIRE(state.ok());
    CHECK(state->order == purchase.order);
    CHECK(world.poll_all(instance, cursor).events.empty());
}

TEST_CASE("events of all kinds arrive in order, and a cut cursor gives the same ones") {
    World world;
    Instance instance{world.kernel, world.config()};
    world.buy();
    world.buy();
    world.send(world.operator_account, world.contract,
               CallEncoder{"setPlanActive(uint256,bool)"}.uint(1).boolean(false).finish());
    world.send(world.operator_account, world.contract,
               CallEncoder{"setPlanActive(uint256,bool)"}.uint(1).boolean(true).finish());
    world.send(world.operator_account, world.contract,
               CallEncoder{"setPrice(uint256,address,uint256)"}.uint(1).address({}).uint(5).finish());

    std::string cursor;
    const ChainEvents whole = world.poll_all(instance, cursor);
    std::string one_by_one;
    const ChainEvents cut = world.poll_all(instance, one_by_one, 1);
    CHECK(keys(cut) == keys(whole));
    CHECK(one_by_one == cursor);
    CHECK(of_type(whole, "purchased").size() == 2);
    const std::vector<ChainEvent> plans = of_type(whole, "plan");
    REQUIRE(plans.size() == 3);
    CHECK_FALSE(plans[1].plan_state->active);
    CHECK(plans[2].plan_state->active);
    CHECK(std::ranges::any_of(whole.events,
                              [](const ChainEvent& e) { return e.type == "other" && e.name == "PriceChanged"; }));

    // Another process, later: the same cursor, the same events.
    Instance restarted{world.kernel, world.config()};
    std::string from_start;
    CHECK(keys(world.poll_all(restarted, from_start)) == keys(whole));
    world.buy();
    const ChainEvents later = world.poll_all(restarted, cursor);
    REQUIRE(later.events.size() == 1);
    CHECK(later.events.front().subscription == "3");
}

TEST_CASE("a plan whose text is no JSON is reported without it, and stops nothing") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Address tokens[] = {Address{}};
    const Uint256 prices[] = {Uint256{1}};
    world.send(world.operator_account, world.contract,
               CallEncoder{"createPlan(string,uint256,uint256,uint256,address,uint256,address[],uint256[])"}
                   .bytes(Bytes{'{', 0xff, 0x00, '}'})
                   .uint(3600)
                   .uint(0)
                   .uint(0)
                   .address(world.kernel.agent())
                   .uint(5)
                   .addresses(tokens)
                   .uints(prices)
                   .finish());
    world.send(world.operator_account, world.contract,
               CallEncoder{"setCapacity(uint256,uint256)"}.uint(2).uint(9).finish());
    std::string cursor;
    const std::vector<ChainEvent> plans = of_type(world.poll_all(instance, cursor), "plan");
    REQUIRE(plans.size() == 3);
    CHECK(plans[1].plan_state->resources.empty());
    CHECK(plans[2].plan_state->resources.empty());
    CHECK(plans[2].plan_state->total == 9);
}

TEST_CASE("several logs of one transaction have ordinals that do not depend on the block") {
    World world;
    world.anvil.rpc("anvil_setCode", {world.contract.lower_text(), crypto::hex0x(flood_code())});
    Instance instance{world.kernel, world.config()};
    std::string cursor;
    (void)world.poll_all(instance, cursor);
    world.anvil.automine(false);
    world.send(world.stranger, world.contract, crypto::to_bytes(Uint256{3}.word()));
    world.send(world.buyer, world.contract, crypto::to_bytes(Uint256{2}.word()));
    world.anvil.mine();
    const ChainEvents seen = world.poll_all(instance, cursor);
    REQUIRE(seen.events.size() == 5);
    std::vector<std::uint32_t> ordinals, indexes;
    for (const ChainEvent& e : seen.events) ordinals.push_back(e.ordinal), indexes.push_back(e.log_index);
    CHECK(indexes == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
    const bool first_three = seen.events[2].tx == seen.events[0].tx;
    CHECK(ordinals ==
          (first_three ? std::vector<std::uint32_t>{0, 1, 2, 0, 1} : std::vector<std::uint32_t>{0, 1, 0, 1, 2}));
}

TEST_CASE("ten thousand logs after an outage are read in bounded answers") {
    World world;
    world.anvil.rpc("anvil_setCode", {world.contract.lower_text(), crypto::hex0x(flood_code())});
    constexpr std::size_t kBlocks = 10, kLogs = 1000;
    for (std::size_t i = 0; i < kBlocks; ++i) {
        world.send(world.stranger, world.contract, crypto::to_bytes(Uint256{kLogs}.word()));
    }
    const std::uint64_t first = world.anvil.head() - kBlocks + 1;
    Instance instance{world.kernel, world.config({{"start_block", first}})};
    std::string cursor;
    std::size_t calls = 0, count = 0;
    std::set<std::string> distinct;
    const auto begin = std::chrono::steady_clock::now();
    for (bool more = true; more; ++calls) {
        const auto part = instance.poll(cursor, 100000);
        REQUIRE(part.ok());
        REQUIRE(to_json(*part).size() < (1u << 20));
        for (const std::string& key : keys(*part)) distinct.insert(key);
        count += part->events.size();
        cursor = part->cursor;
        more = part->more;
    }
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    WARN("10,000 logs in " << calls << " calls, " << ms.count() << " ms");
    CHECK(count == kBlocks * kLogs);
    CHECK(distinct.size() == count);
}

TEST_CASE("a reorganisation is reported with the last block that holds, and nothing comes twice") {
    World world;
    Instance instance{world.kernel, world.config()};
    std::string cursor;
    (void)world.poll_all(instance, cursor);
    world.buy();
    world.buy();
    const ChainEvents before = world.poll_all(instance, cursor);
    REQUIRE(of_type(before, "purchased").size() == 2);
    const std::string kept_cursor = cursor;
    const Position first = before.events.front().position;

    SECTION("a purchase that vanished is rolled back") {
        reorg(world.anvil, 1);
        world.anvil.mine();
        const ChainEvents after = world.poll_all(instance, cursor);
        REQUIRE(after.events.size() == 1);
        CHECK(after.events.front().type == "rollback");
        CHECK(after.events.front().position == first);
        CHECK(world.poll_all(instance, cursor).events.empty());
        Instance restarted{world.kernel, world.config()};
        std::string again = kept_cursor;
        CHECK(keys(world.poll_all(restarted, again)) == keys(after));
    }
    SECTION("one that is mined again comes again, with the same transaction and ordinal") {
        const json raw = world.anvil.rpc("eth_getRawTransactionByHash", {before.events.back().tx});
        reorg(world.anvil, 2, json::array({json::array({raw, 0})}));
        const ChainEvents after = world.poll_all(instance, cursor);
        REQUIRE(!after.events.empty());
        CHECK(after.events.front().type == "rollback");
        CHECK(after.events.front().position.height == first.height - 1);
        for (const ChainEvent& e : of_type(after, "purchased")) {
            CHECK(e.position == world.position(e.position.height));
        }
        CHECK(of_type(after, "rollback").size() == 1);
    }
    SECTION("in the middle of an answer that was cut") {
        std::string cut;
        auto part = instance.poll(cut, 3);
        REQUIRE(part.ok());
        REQUIRE(part->more);
        reorg(world.anvil, 2);
        world.anvil.mine();
        cut = part->cursor;
        const ChainEvents after = world.poll_all(instance, cut);
        CHECK(of_type(after, "purchased").empty());
    }
}

TEST_CASE("a head that went back to an ancestor is a node that lags, until a new branch is there") {
    World world;
    Instance instance{world.kernel, world.config()};
    std::string cursor;
    world.anvil.mine(3);
    const ChainEvents before = world.poll_all(instance, cursor);
    world.anvil.rpc("anvil_rollback", {2});
    const ChainEvents lagging = world.poll_all(instance, cursor);
    CHECK(lagging.events.empty());
    CHECK(lagging.head == before.head);
    world.anvil.rpc("evm_increaseTime", {1000});
    world.anvil.mine(3);
    const ChainEvents after = world.poll_all(instance, cursor);
    REQUIRE(after.events.size() == 1);
    CHECK(after.events.front().type == "rollback");
    CHECK(after.events.front().position.height == before.head.position.height - 2);
}

TEST_CASE("recent blocks are one chain that ends in the head and is as deep as configured") {
    World world;
    world.anvil.mine(30);
    Instance instance{world.kernel, world.config({{"final_depth", 10}})};
    std::string cursor;
    ChainEvents out = world.poll_all(instance, cursor);
    REQUIRE(out.recent.size() == 11);
    CHECK(out.recent.back() == out.head);
    world.anvil.mine(5);
    out = world.poll_all(instance, cursor);
    REQUIRE(out.recent.size() == 11);
    for (const Block& block : out.recent) CHECK(block.position == world.position(block.position.height));
    // After a long outage only the newest part is dense, and the old head is still known to be on the chain.
    world.anvil.mine(100);
    out = world.poll_all(instance, cursor);
    CHECK(out.events.empty());
    CHECK(out.recent.size() == 11);
    CHECK(out.finalized.has_value());
}
