// The extension `contract` against a real node: any contract, its logs, and transactions to it.
#include "plugins/chain-evm/contract/calls.hpp"
#include "tests/chain-evm/submitting.hpp"

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

Bytes topic_of(const ChainLogs& logs, std::size_t log, std::size_t topic) { return logs.logs.at(log).topics.at(topic); }

// Follows `more` to the head.
std::vector<ChainLog> read_all(Instance& instance, const ChainFilter& filter, std::string& cursor,
                               std::uint32_t max = 100) {
    std::vector<ChainLog> all;
    for (bool more = true; more;) {
        auto logs = instance.contract_logs(filter, cursor, max);
        REQUIRE(logs.ok());
        cursor = logs->cursor;
        more = logs->more;
        for (auto& log : logs->logs) all.push_back(std::move(log));
    }
    return all;
}

}  // namespace

TEST_CASE("any contract is read at the position asked for, and a revert is an answer") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Position before = world.head();
    world.buy();
    const ChainRead owner{world.contract.text(), view::last_plan_id()};
    const auto value = instance.contract_read(owner);
    REQUIRE(value.ok());
    CHECK_FALSE(value->reverted);
    CHECK(value->data.size() == 32);
    CHECK(value->data.back() == 1);
    CHECK(value->position == world.head());
    CHECK(instance.contract_read(owner, before)->position == before);
    const auto revert = instance.contract_read({world.credential.text(), view::owner_of(Uint256{99})});
    REQUIRE(revert.ok());
    CHECK(revert->reverted);
    CHECK(revert->data.size() >= 4);
    // An account without code answers nothing.
    CHECK(instance.contract_read({world.stranger.text(), view::last_plan_id()})->data.empty());
    CHECK(instance.contract_read({"0x12", {}}).failure().code == BH_E_INVALID);
    CHECK(instance.contract_read(owner, {}, 2).failure().reason == "too_few_endpoints");
    CHECK(instance.contract_read(owner, {"0x" + std::string(64, '7'), 1}).failure().reason == "position_unknown");
}

TEST_CASE("logs are read once each, filtered by contract and topic, in pieces as small as asked") {
    World world;
    Instance instance{world.kernel, world.config()};
    for (int i = 0; i < 3; ++i) world.buy();
    const ChainFilter of_contract{{world.contract.text()}, {}};
    std::string cursor;
    const auto all = read_all(instance, of_contract, cursor);
    REQUIRE(all.size() >= 4);  // the plan and three purchases
    std::string pieces;
    const auto in_pieces = read_all(instance, of_contract, pieces, 1);
    REQUIRE(in_pieces.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(in_pieces[i].tx == all[i].tx);
        CHECK(in_pieces[i].log_index == all[i].log_index);
        CHECK(in_pieces[i].position == all[i].position);
        CHECK(all[i].contract == world.contract.text());
        CHECK(all[i].time.seconds > 0);
    }
    std::string again = cursor;
    CHECK(read_all(instance, of_contract, again).empty());

    // By topic: the last log is a purchase; its first topic is that of three.
    const Bytes purchased = all.back().topics.at(0), which = all.back().topics.at(1);
    std::string from;
    CHECK(read_all(instance, {{world.contract.text()}, {{purchased}}}, from).size() == 3);
    from.clear();
    CHECK(read_all(instance, {{world.contract.text()}, {{}, {which}}}, from).size() >= 1);
    from.clear();
    CHECK(read_all(instance, {{world.contract.text()}, {{purchased}, {which}}}, from).size() == 1);
    from.clear();
    CHECK(read_all(instance, {{world.credential.text()}, {{purchased}}}, from).empty());
    world.buy();
    CHECK(read_all(instance, {{world.contract.text()}, {{purchased}}}, cursor).size() == 1);
}

TEST_CASE("a branch that was left is reported with the last block still valid") {
    World world;
    Instance instance{world.kernel, world.config()};
    const ChainFilter filter{{world.contract.text()}, {}};
    std::string cursor;
    (void)read_all(instance, filter, cursor);
    const Position valid = world.head();
    world.buy();
    const auto bought = instance.contract_logs(filter, cursor);
    REQUIRE(bought.ok());
    REQUIRE(bought->logs.size() >= 1);
    const Bytes topic = topic_of(*bought, 0, 0);
    world.anvil.rpc("anvil_reorg", {1, json::array()});
    const auto left = instance.contract_logs(filter, bought->cursor);
    REQUIRE(left.ok());
    CHECK(left->rollback == valid);
    CHECK(left->logs.empty());
    CHECK_FALSE(instance.contract_logs(filter, left->cursor)->rollback.known());
    world.buy();
    const auto after = instance.contract_logs(filter, left->cursor);
    REQUIRE(after.ok());
    CHECK(topic_of(*after, 0, 0) == topic);
}

TEST_CASE("filters and cursors that can't be are refused by name") {
    World world;
    Instance instance{world.kernel, world.config()};
    const ChainFilter filter{{world.contract.text()}, {}};
    CHECK(instance.contract_logs({{}, {}}, "").failure().reason == "bad_filter");
    CHECK(instance.contract_logs({{"0x12"}, {}}, "").failure().code == BH_E_INVALID);
    CHECK(instance.contract_logs({{world.contract.text()}, {{Bytes{1}}}}, "").failure().reason == "bad_filter");
    CHECK(instance.contract_logs({{world.contract.text()}, {{}, {}, {}, {}, {}}}, "").failure().reason == "bad_filter");
    for (const char* cursor : {"x", "7", "7 0x12", "7 ", ";", " "}) {
        CHECK(instance.contract_logs(filter, cursor).failure().reason == "bad_cursor");
    }
}

TEST_CASE("a call to any contract is a transaction like the host's own: one per job, signed by the policy's signer") {
    Bought b;
    ContractCall call;
    call.action = "call";
    call.contract = b.world.contract.text();
    call.data = *encode_intent(b.intent);
    JobDouble one = job("call-1");
    const auto receipt = finish(b.world, b.instance, one, call);
    REQUIRE(receipt.ok());
    require_delivered_once(b.world, b.instance);
    ContractCall other = call;
    other.data.push_back(0);
    one.attempt = 1;
    CHECK(b.instance.submit(one, other, b.world.head()).failure().reason == "other_intent");
    ContractCall bad = call;
    bad.contract = "nobody";
    JobDouble two = job("call-2");
    CHECK(b.instance.submit(two, bad, {}).failure().code == BH_E_INVALID);
    bad = call;
    bad.data = {1, 2, 3};
    CHECK(b.instance.submit(two, bad, {}).failure().reason == "bad_call");
    CHECK(two.saves == 0);
    // What the contract refuses is not sent.
    JobDouble three = job("call-3");
    CHECK(b.instance.submit(three, call, b.world.head()).failure().reason == "would_revert");
}
