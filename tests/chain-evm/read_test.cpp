// Reads, description, check and configuration against a real node.
#include "plugin-api/crypto/keccak.hpp"
#include "tests/chain-evm/endpoint.hpp"
#include "tests/chain-evm/world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

std::vector<Finding> check(World& world, const json& more) {
    const auto out = Instance::check(world.kernel, world.config(more));
    REQUIRE(out.ok());
    return *out;
}

bool finds(const std::vector<Finding>& findings, std::string_view field, std::string_view text) {
    return std::ranges::any_of(findings, [&](const Finding& f) {
        return f.field == field && f.message.find(text) != std::string::npos && !f.remedy.empty();
    });
}

}  // namespace

TEST_CASE("a state is that of the position asked for") {
    World world;
    Instance instance{world.kernel, world.config()};
    const Position before = world.head();
    world.buy();
    const Position after = world.head();
    CHECK_FALSE(instance.state("1", before)->exists);
    const auto state = instance.state("1", after);
    REQUIRE(state.ok());
    CHECK(state->exists);
    CHECK(state->position == after);
    CHECK(state->time.seconds == world.now());
    CHECK(state->recipient == world.buyer.text());
    CHECK(state->plan == "1");
    CHECK(state->window_ends.seconds == state->time.seconds + 3600);
    CHECK(state->expires_at.seconds == 0);
    CHECK_FALSE(instance.state("2")->exists);
    CHECK(instance.state("1", {"0x" + std::string(64, '7'), after.height}).failure().reason == "position_unknown");
    CHECK(instance.state("1", {after.id, after.height + 100}).failure().code == BH_E_UNAVAILABLE);
    CHECK(instance.state("1", {"block 7", 7}).failure().code == BH_E_INVALID);
    CHECK(instance.state("one").failure().code == BH_E_INVALID);
    CHECK(instance.state("1", {}, 2).failure().reason == "too_few_endpoints");
    // A block that was replaced is not there any more, though the node may still hold it.
    world.anvil.rpc("anvil_reorg", {1, json::array()});
    CHECK(instance.state("1", after).failure().reason == "position_unknown");
    CHECK_FALSE(instance.state("1")->exists);
}

TEST_CASE("owners, balances and signatures are answers, also where there is nothing") {
    World world;
    Instance instance{world.kernel, world.config()};
    CHECK_FALSE(instance.owner_of("1")->exists);
    const auto balances = instance.balances("agent");
    REQUIRE(balances.ok());
    CHECK(balances->balances.front().symbol == "ETH");
    CHECK(balances->balances.front().amount.units == "100000000000000000000");
    CHECK(instance.balances("nobody").failure().code == BH_E_INVALID);

    const Bytes message{'h', 'i'};
    const auto signature = crypto::sign(world.kernel.key(), crypto::eip191_hash(message))->encoded();
    CHECK(instance.verify(world.kernel.agent().text(), message, signature)->valid);
    CHECK_FALSE(instance.verify(world.buyer.text(), message, signature)->valid);
    CHECK_FALSE(instance.verify(world.buyer.text(), message, Bytes(65, 1))->valid);
    // A contract that is no account accepts nothing.
    CHECK_FALSE(instance.verify(world.contract.text(), message, signature)->valid);
    CHECK(*instance.parse_address(world.contract.lower_text()) == world.contract.text());
    CHECK(instance.parse_address("0x1234").failure().code == BH_E_INVALID);
}

TEST_CASE("the description names chain, contracts and accounts") {
    World world;
    Instance instance{world.kernel, world.config()};
    const auto d = instance.describe();
    REQUIRE(d.ok());
    CHECK(d->chain == "eip155:31337");
    CHECK(d->contract == world.contract.text());
    CHECK(d->accounts.at("agent") == world.kernel.agent().text());
    CHECK(d->block_time_ms == 1000);
    CHECK(instance.health()->find("at block") != std::string::npos);
}

TEST_CASE("check says in plain words what is wrong and what to do") {
    World world;
    CHECK(check(world, {}).empty());
    CHECK(finds(check(world, {{"endpoints", json::array({{{"url", "http://127.0.0.1:1"}}})}}), "/endpoints/0",
                "can't be reached"));
    CHECK(finds(check(world, {{"chain", "sepolia"}}), "/endpoints/0", "serves chain 31337"));
    CHECK(finds(check(world, {{"contract", world.stranger.text()}}), "/contract", "no contract at"));
    CHECK(finds(check(world, {{"contract", world.credential.text()}, {"credential", world.contract.text()}}),
                "/contract", "is not a BlockHostSubscription"));
    CHECK(finds(check(world, {{"credential", world.stranger.text()}}), "/contract", "belongs together with"));
    CHECK(finds(check(world, {{"start_block", 1000000}}), "/start_block", "before the block"));
    KernelDouble other{0x22};
    const auto foreign = Instance::check(other, world.config());
    REQUIRE(foreign.ok());
    CHECK(finds(*foreign, "", "not the agent of any plan"));
    CHECK(finds(*foreign, "", "to pay for gas"));
    CHECK(finds(check(world, {{"chain", "atlantis"}}), "/chain", "must be one of"));
    // Of several endpoints each is looked at.
    const json good{{"url", world.anvil.url()}};
    const auto some = check(world, {{"endpoints", json::array({good, {{"url", "http://127.0.0.1:1"}}, good})}});
    CHECK(some.size() == 1);
    CHECK(finds(some, "/endpoints/1", "can't be reached"));
    CHECK(check(world, {{"endpoints", json::array({good, good, good})}}).empty());
}

TEST_CASE("the endpoint's URL may be a secret") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    world.kernel.secrets["rpc-url"] = endpoint.url() + "/key\n";
    Instance instance{world.kernel, world.config({{"endpoints", json::array({{{"secret", "rpc-url"}}})}})};
    CHECK(instance.health().ok());
    CHECK(instance.health()->find("/key") == std::string::npos);
    world.kernel.secrets.clear();
    CHECK(Instance::try_create(world.kernel, world.config({{"endpoints", json::array({{{"secret", "rpc-url"}}})}}))
              .failure()
              .message.find("/endpoints/0/secret") != std::string::npos);
}

TEST_CASE("a configuration that can't be used is refused with its member's name") {
    World world;
    const auto refusal = [&](const json& more) {
        return Instance::try_create(world.kernel, world.config(more)).failure().message;
    };
    CHECK(refusal({{"chain", "custom"}}).find("/custom_chain") != std::string::npos);
    CHECK(refusal({{"contract", "0x12"}}).find("/contract") != std::string::npos);
    CHECK(refusal({{"credential", world.contract.text()}}).find("/credential") != std::string::npos);
    CHECK(refusal({{"final_depth", 5000}}).find("/final_depth") != std::string::npos);
    CHECK(refusal({{"timeout_s", 0}}).find("/timeout_s") != std::string::npos);
    CHECK(refusal({{"endpoints", json::array()}}).find("/endpoints") != std::string::npos);
    CHECK(refusal({{"endpoints", json::array({{{"url", "ftp://x"}}})}}).find("/endpoints/0/url") != std::string::npos);
    const json one{{"url", "http://127.0.0.1:1"}};
    const json quiet{{"url", "http://127.0.0.1:2"}, {"votes", false}};
    CHECK(refusal({{"endpoints", json::array({one, one})}, {"agree", 3}}).find("/agree") != std::string::npos);
    CHECK(refusal({{"endpoints", json::array({one, quiet})}, {"agree", 2}}).find("/agree") != std::string::npos);
    CHECK(refusal({{"endpoints", json::array({quiet})}}).find("one that votes") != std::string::npos);
    CHECK(refusal({{"endpoints", json::array({one, quiet})}, {"proof", "never"}}).find("/proof") != std::string::npos);
    CHECK(refusal({{"proof", "sometimes"}}).find("/proof") != std::string::npos);
    const auto with = [&](const json& more) {
        json changed = one;
        changed.update(more);
        return refusal({{"endpoints", json::array({one, changed})}});
    };
    CHECK(with({{"secret", "rpc-url"}}).find("/endpoints/1") != std::string::npos);
    CHECK(with({{"ca_file", "ca.pem"}}).find("/endpoints/1/ca_file") != std::string::npos);
    CHECK(with({{"proxy", "http://a:1"}, {"proxy_secret", "proxy-url"}}).find("/endpoints/1") != std::string::npos);
    CHECK(with({{"proxy", "socks5://a:1"}}).find("/endpoints/1") != std::string::npos);
    CHECK(with({{"bearer", "rpc-key"}}).find("/endpoints/1/bearer") != std::string::npos);
}

TEST_CASE("a chain that is not built in needs only its description") {
    World world;
    const json chain{{"name", "mine"},
                     {"title", "My chain"},
                     {"chain_id", 31337},
                     {"block_time_ms", 500},
                     {"finality", {{"tags", false}, {"depth", 8}}},
                     {"logs", {{"max_range", 100}}},
                     {"fees",
                      {{"max_fee_gwei", 100},
                       {"max_priority_fee_gwei", 5},
                       {"min_priority_fee_wei", 1},
                       {"gas_margin_permille", 1200}}},
                     {"coin", {{"symbol", "MINE"}, {"decimals", 18}}}};
    Instance instance{world.kernel, world.config({{"chain", "custom"}, {"custom_chain", chain}})};
    CHECK(instance.describe()->coin_symbol == "MINE");
    std::string cursor;
    CHECK_FALSE(world.poll_all(instance, cursor).events.empty());
}
