// Endpoints that are down, wrong, behind, limited or broken: no event is lost or made up, and each has its sentence.
#include "tests/chain-evm/endpoint.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "tests/chain-evm/world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

json error(int code, const std::string& message, const json& data = nullptr) {
    json out{{"error", {{"code", code}, {"message", message}}}};
    if (!data.is_null()) out["error"]["data"] = data;
    return out;
}

std::string with_url(const World& world, const std::string& url, json more = json::object()) {
    more["endpoints"] = json::array({{{"url", url}}});
    return world.config(more);
}

bool is(const json& call, const char* method) { return call.at("method") == method; }

std::size_t purchases(const ChainEvents& events) {
    return static_cast<std::size_t>(std::ranges::count(events.events, std::string{"purchased"}, &ChainEvent::type));
}

Failure poll_failure(World& world, const std::string& url) {
    Instance instance{world.kernel, with_url(world, url, {{"timeout_s", 1}})};
    const auto out = instance.poll("");
    REQUIRE_FALSE(out.ok());
    return out.failure();
}

}  // namespace

TEST_CASE("an endpoint that gives no answer is unavailable, and the message says why") {
    World world;
    Endpoint endpoint;
    const auto failure = [&](HttpAnswer answer) {
        endpoint.answer_all(std::move(answer));
        const Failure out = poll_failure(world, endpoint.url() + "/v3/secret-key?token=secret-key");
        CHECK(out.code == BH_E_UNAVAILABLE);
        CHECK(out.message.find("secret-key") == std::string::npos);
        return out;
    };
    CHECK(failure({200, "<html>It works</html>", "text/html"}).reason == "endpoint_garbage");
    CHECK(failure({200, "", "text/html"}).reason == "endpoint_garbage");
    CHECK(failure({200, "[]", "application/json"}).reason == "endpoint_garbage");
    CHECK(failure({200, "{}", "application/json"}).reason == "endpoint_garbage");
    CHECK(failure({200, R"({"id":999999,"jsonrpc":"2.0","result":"0x1"})", "application/json"}).reason ==
          "endpoint_garbage");
    CHECK(failure({401, "who are you", "text/plain"}).reason == "endpoint_refused");
    CHECK(failure({503, "<html>later</html>", "text/html"}).reason == "endpoint_refused");
    CHECK(failure({429, "slow down", "text/plain"}).reason == "rate_limited");
    CHECK(poll_failure(world, "http://127.0.0.1:1").reason == "endpoint_down");
    CHECK(std::ranges::none_of(world.kernel.log,
                               [](const std::string& line) { return line.find("secret-key") != std::string::npos; }));
}

TEST_CASE("an endpoint of another chain is refused by every verb") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    endpoint.script([](const json& call) { return is(call, "eth_chainId") ? json{{"result", "0x5"}} : json{}; });
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    CHECK(instance.poll("").failure().reason == "wrong_chain");
    CHECK(instance.state("1").failure().reason == "wrong_chain");
    CHECK(instance.health().failure().reason == "wrong_chain");
    JobDouble job{"close", {}, 0, false, BH_CANCEL_NONE, 0};
    Intent intent;
    intent.action = "close";
    intent.subscription = "1";
    const auto out = instance.submit(job, intent, {});
    CHECK(out.failure().reason == "wrong_chain");
    CHECK(out.failure().message.find("chain 5") != std::string::npos);
    CHECK(out.failure().message.find("31337") != std::string::npos);
}

TEST_CASE("an empty answer of a node behind the range is no answer") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    std::string cursor;
    (void)world.poll_all(instance, cursor);
    world.buy();
    world.anvil.mine(2);
    const std::uint64_t head = world.anvil.head();
    // Behind a load balancer: the logs, and what is asked after them, come from a node that has not seen these blocks.
    bool logs_asked = false;
    endpoint.script([&](const json& call) -> json {
        if (is(call, "eth_getLogs")) return logs_asked = true, json{{"result", json::array()}};
        if (logs_asked && is(call, "eth_getBlockByNumber") && call["params"][0] == quantity(head)) {
            return {{"result", nullptr}};
        }
        return {};
    });
    const auto out = instance.poll(cursor);
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().reason == "endpoint_behind");
    endpoint.script(nullptr);
    CHECK(purchases(world.poll_all(instance, cursor)) == 1);
}

TEST_CASE("logs of another branch than the headers are asked again, never reported") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    std::string cursor;
    (void)world.poll_all(instance, cursor);
    world.buy();
    world.anvil.mine(2);
    int lies = 0;
    endpoint.script([&](const json& call) -> json {
        if (!is(call, "eth_getLogs") || ++lies > 1) return {};
        json logs = world.anvil.rpc("eth_getLogs", call["params"]);
        for (json& log : logs) log["blockHash"] = "0x" + std::string(64, '9');
        return {{"result", logs}};
    });
    const ChainEvents out = world.poll_all(instance, cursor);
    CHECK(lies == 2);
    CHECK(purchases(out) == 1);
    endpoint.script([&](const json& call) -> json {
        if (!is(call, "eth_getLogs")) return {};
        json logs = world.anvil.rpc("eth_getLogs", call["params"]);
        for (json& log : logs) log["removed"] = true;
        return {{"result", logs}};
    });
    std::string start;
    CHECK(instance.poll(start).failure().reason == "endpoint_garbage");
}

TEST_CASE("limits on ranges are found out by halving, without losing a log") {
    World world;
    world.anvil.mine(50);
    world.buy();
    world.anvil.mine(50);
    world.buy();
    world.anvil.mine(3);
    Endpoint endpoint{world.anvil.url()};
    const auto block = [](const json& text) { return *Uint256::from_quantity(text.get<std::string>())->as_u64(); };
    endpoint.script([&](const json& call) -> json {
        if (!is(call, "eth_getLogs") || call["params"][0].contains("blockHash")) return {};
        const json& filter = call["params"][0];
        if (block(filter["toBlock"]) - block(filter["fromBlock"]) < 7) return {};
        return error(-32005, "query returned more than 10000 results");
    });
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    std::string cursor;
    CHECK(purchases(world.poll_all(instance, cursor)) == 2);
}

TEST_CASE("a poll without news costs at most two requests") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    std::string cursor;
    (void)world.poll_all(instance, cursor);
    int before = endpoint.requests();
    (void)world.poll_all(instance, cursor);
    CHECK(endpoint.requests() - before == 1);
    world.anvil.mine();
    before = endpoint.requests();
    (void)world.poll_all(instance, cursor);
    CHECK(endpoint.requests() - before <= 2);
}

TEST_CASE("nodes without batches, tags, block hashes in calls or fee history are served") {
    World world;
    world.buy();
    Endpoint endpoint{world.anvil.url()};
    endpoint.refuse_batches(true);
    endpoint.script([&](const json& call) -> json {
        const json& params = call["params"];
        if (is(call, "eth_getBlockByNumber") && (params[0] == "finalized" || params[0] == "safe")) {
            return error(-32603, "Cannot convert finalized to a BigInt");
        }
        if (is(call, "eth_call") && params[1].is_object()) return error(-32700, "Incorrect number of arguments");
        if (is(call, "eth_feeHistory")) return error(-32004, "Method eth_feeHistory is not supported");
        if (is(call, "eth_maxPriorityFeePerGas")) return error(-32601, "Method not found");
        return {};
    });
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    std::string cursor;
    const ChainEvents events = world.poll_all(instance, cursor);
    CHECK(purchases(events) == 1);
    CHECK_FALSE(events.finalized.has_value());
    const auto state = instance.state("1", world.head());
    REQUIRE(state.ok());
    CHECK(state->exists);
    JobDouble job{"deliver", {}, 0, false, BH_CANCEL_NONE, 0};
    const Intent intent =
        world.deliver_intent(*std::ranges::find(events.events, std::string{"purchased"}, &ChainEvent::type));
    CHECK(instance.submit(job, intent, {}).failure().code == BH_PENDING);
    wait_for("the receipt", [&] { return instance.submit(job, intent, world.head()).ok(); });
}

TEST_CASE("the ways in which nodes tell of a revert are all understood") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    Intent intent;
    intent.action = "close";
    intent.subscription = "7";
    const std::string data = crypto::hex0x(CallEncoder{"UnknownSubscription(uint256)"}.uint(7).finish());
    const json forms[] = {
        error(3, "execution reverted", data),
        error(-32603, "VM Exception while processing transaction: reverted", {{"message", "x"}, {"data", data}}),
        error(-32000, "VM Exception while processing transaction: revert", {{"result", data}}),
        error(-32000, std::string{"custom error \x01\0\x02", 16}, data)};
    for (const json& form : forms) {
        endpoint.script(
            [&](const json& call) { return is(call, "eth_call") || is(call, "eth_estimateGas") ? form : json{}; });
        JobDouble job{"close", {}, 0, false, BH_CANCEL_NONE, 0};
        const auto out = instance.submit(job, intent, {});
        CHECK(out.failure().code == BH_E_UNAVAILABLE);
        CHECK(out.failure().reason == "would_revert");
        CHECK(out.failure().message.find("UnknownSubscription(7)") != std::string::npos);
    }
}

TEST_CASE("a broadcast without an answer is looked after, not repeated with another nonce") {
    World world;
    world.buy();
    Endpoint endpoint{world.anvil.url()};
    Instance instance{world.kernel, with_url(world, endpoint.url())};
    std::string cursor;
    const ChainEvents events = world.poll_all(instance, cursor);
    const Intent intent =
        world.deliver_intent(*std::ranges::find(events.events, std::string{"purchased"}, &ChainEvent::type));
    endpoint.script([&](const json& call) -> json {
        if (!is(call, "eth_sendRawTransaction")) return {};
        (void)world.anvil.rpc("eth_sendRawTransaction", call["params"]);
        return error(-32000, "backend connection lost");
    });
    JobDouble job{"deliver", {}, 0, false, BH_CANCEL_NONE, 0};
    CHECK(instance.submit(job, intent, {}).failure().code == BH_PENDING);
    wait_for("the receipt", [&] { return instance.submit(job, intent, world.head()).ok(); });
    CHECK(job.saves == 1);
}
