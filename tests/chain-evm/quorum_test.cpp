// Several endpoints of which one or two fail or lie: nothing that did not happen is reported, nothing that did is lost,
// and whoever lied is named.
#include "tests/chain-evm/trio.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

struct Lie {
    const char* caught;
    std::function<Endpoint::Change()> change;
};
const std::vector<Lie>& lies() {
    static const std::vector<Lie> all{{"empty_answer", empty_logs},
                                      {"added_log", adds_a_log},
                                      {"altered_log", alters_logs},
                                      {"altered_log", moves_logs}};
    return all;
}

// Two purchases in one block, so that one of them can be left out.
void buy_two(World& world) {
    world.anvil.automine(false);
    world.buy();
    world.buy();
    world.anvil.mine();
    world.anvil.automine(true);
}

void check_truth(Trio& trio, const std::vector<std::string>& before, const ChainEvents& seen) {
    std::vector<std::string> all = before;
    std::ranges::copy(lines(seen), std::back_inserter(all));
    CHECK(all == lines(trio.truth()));
}

// Less than the 20 s that one request may take.
constexpr double kInTime = 15;

double seconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("of three endpoints one that lies about logs is outwitted and named") {
    for (const Lie& lie : lies()) {
        INFO(lie.caught);
        Trio trio;
        const auto before = lines(trio.truth());
        trio[2].change(lie.change());
        trio.world.buy();
        const ChainEvents seen = trio.read();
        CHECK(seen.events.size() == 1);
        check_truth(trio, before, seen);
        CHECK(trio.caught(2, lie.caught) >= 1);
        CHECK(trio.status(2).state == "distrusted");
        CHECK(trio.status(0).caught.empty());
        CHECK(trio.status(1).caught.empty());
    }
    Trio trio;
    const auto before = lines(trio.truth());
    trio[2].change(omits_logs());
    buy_two(trio.world);
    check_truth(trio, before, trio.read());
    CHECK(trio.caught(2, "omitted_log") == 1);
}

TEST_CASE("lies about logs of a range of blocks are proven block by block") {
    for (const Lie& lie : lies()) {
        INFO(lie.caught);
        Trio trio;
        const auto before = lines(trio.truth());
        trio[0].change(lie.change());
        trio.world.anvil.mine(3);
        trio.world.buy();
        trio.world.anvil.mine(3);
        trio.world.buy();
        trio.world.anvil.mine(2);
        check_truth(trio, before, trio.read());
        CHECK(trio.caught(0, lie.caught) >= 1);
        CHECK(trio.status(1).caught.empty());
    }
}

TEST_CASE("a log that comes late is told from one that is kept back") {
    Trio trio;
    const auto before = lines(trio.truth());
    trio[1].change(empty_logs());
    trio.world.buy();
    check_truth(trio, before, trio.read());
    CHECK(trio.caught(1, "empty_answer") == 1);
    CHECK(trio.caught(1, "delayed_log") == 0);
    trio[1].honest();
    wait_for("the late log", [&] {
        (void)trio.read();
        return trio.caught(1, "delayed_log") == 1;
    });
}

TEST_CASE("with one honest source of headers two liars change nothing") {
    for (const Lie& lie : lies()) {
        INFO(lie.caught);
        Trio trio{json::object(), {true, false, false}};
        CHECK(trio.instance->describe()->agree == 1);
        const auto before = lines(trio.truth());
        trio[1].change(in_receipts_too(lie.change()));
        trio[2].change(in_receipts_too(lie.change()));
        trio.world.buy();
        check_truth(trio, before, trio.read());
        CHECK(trio.caught(1, lie.caught) + trio.caught(2, lie.caught) >= 1);
        CHECK(trio.status(0).caught.empty());
    }
}

TEST_CASE("logs that every endpoint lies about are proven when all are to be") {
    for (const Lie& lie : lies()) {
        INFO(lie.caught);
        Trio trio{json{{"proof", "always"}}};
        const auto before = lines(trio.truth());
        for (std::size_t i = 0; i < 3; ++i) trio[i].change(lie.change());
        trio.world.anvil.mine(2);
        trio.world.buy();
        trio.world.anvil.mine();
        check_truth(trio, before, trio.read());
        CHECK(trio.caught(0, lie.caught) + trio.caught(1, lie.caught) + trio.caught(2, lie.caught) >= 2);
    }
}

TEST_CASE("a single endpoint can be made to prove its logs") {
    Trio trio{json{{"proof", "always"}}, {true}};
    const auto before = lines(trio.truth());
    trio[0].change(empty_logs());
    trio.world.buy();
    check_truth(trio, before, trio.read());
    CHECK(trio.caught(0, "empty_answer") == 1);
    // What can't be proven is no event, and not the absence of one.
    trio[0].change(in_receipts_too(alters_logs()));
    trio.world.buy();
    const auto refused = trio.instance->poll(trio.cursor);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.failure().reason == "unproven");
    trio[0].honest();
    CHECK(trio.read().events.size() == 1);
}

TEST_CASE("each receipt by itself proves as well as all of them at once") {
    Trio trio;
    const auto before = lines(trio.truth());
    trio[0].script(lacks({"eth_getBlockReceipts"}));
    trio[1].script(lacks({"eth_getBlockReceipts"}));
    trio[2].script(lacks({"eth_getBlockReceipts"}));
    trio[2].change(alters_logs());
    buy_two(trio.world);
    check_truth(trio, before, trio.read());
    CHECK(trio.caught(2, "altered_log") == 1);
}

TEST_CASE("without any proof the majority decides, and the other is told") {
    Trio trio;
    const auto before = lines(trio.truth());
    for (std::size_t i = 0; i < 3; ++i) trio[i].script(lacks({"eth_getBlockReceipts", "eth_getTransactionReceipt"}));
    trio[2].change(alters_logs());
    trio.world.buy();
    check_truth(trio, before, trio.read());
    CHECK(trio.caught(2, "other_answer") >= 1);
    CHECK(trio.status(2).state != "distrusted");
    // Two and one are no majority of three.
    Trio strict{json{{"agree", 3}, {"proof", "never"}}};
    strict[2].change(alters_logs());
    strict.world.buy();
    const auto refused = strict.instance->poll(strict.cursor);
    CHECK(refused.failure().reason == "no_agreement");
    CHECK(refused.failure().message.find("blockhost chain status") != std::string::npos);
}

TEST_CASE("a branch that only one endpoint has is not followed") {
    Trio trio;
    trio.world.anvil.mine(4);
    const auto before = lines(trio.truth());
    (void)trio.read();
    trio[0].change(forks_from(trio.world.anvil.head() - 1));
    trio.world.buy();
    const ChainEvents seen = trio.read();
    check_truth(trio, before, seen);
    CHECK(seen.head.position == trio.world.head());
    CHECK(trio.caught(0, "other_branch") >= 1);
    // Nobody is right when all must agree.
    Trio strict{json{{"agree", 3}}};
    strict.world.anvil.mine(12);
    strict[1].change(forks_from(2));
    strict.world.buy();
    CHECK(strict.instance->poll(strict.cursor).failure().reason == "no_agreement");
}

TEST_CASE("a header with another content than its hash is found out") {
    Trio trio;
    trio[2].change(forges_headers());
    trio.world.buy();
    CHECK(trio.read().events.size() == 1);
    CHECK(trio.caught(2, "forged_header") >= 1);
    CHECK(trio.status(2).state == "distrusted");
}

TEST_CASE("a reorganisation that all endpoints see is followed") {
    Trio trio;
    trio.world.anvil.mine(3);
    trio.world.buy();
    (void)trio.read();
    trio.world.anvil.rpc("anvil_reorg", {2, json::array()});
    trio.world.anvil.mine(2);
    const ChainEvents seen = trio.read();
    REQUIRE_FALSE(seen.events.empty());
    CHECK(seen.events.front().type == "rollback");
    CHECK(seen.head.position == trio.world.head());
    for (std::size_t i = 0; i < 3; ++i) CHECK(trio.status(i).state == "ok");
}

TEST_CASE("an endpoint that lags, hangs, fails or babbles holds nobody up and is told") {
    const auto lag = [](Trio& trio) { trio[2].script(lags(trio.world.anvil.head())); };
    const auto all = [](HttpAnswer answer) { return [answer](Trio& trio) { trio[2].answer_all(answer); }; };
    struct Row {
        const char* name;
        std::function<void(Trio&)> begin;
        std::vector<std::string> states;
    };
    const Row rows[] = {
        {"lagging", lag, {"behind"}},
        {"hanging", [](Trio& trio) { trio[2].hang(true); }, {"slow", "resting"}},
        {"rate limit", all({429, "slow", "text/plain", {{"Retry-After", "60"}}}), {"resting"}},
        {"error page", all({502, "<html>bad</html>", "text/html"}), {"resting"}},
        {"garbage", all({200, "It works", "text/html"}), {"resting"}},
        {"cut short", all({200, std::string(4000, '['), "application/json", {}, true}), {"resting"}},
        {"another chain", [](Trio& trio) { trio[2].script(of_chain(1)); }, {"wrong_chain"}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        Trio trio;
        const auto before = lines(trio.truth());
        row.begin(trio);
        ChainEvents seen;
        const auto read = [&] {
            trio.world.anvil.mine(4);
            trio.world.buy();
            const ChainEvents more = trio.read();
            seen.events.insert(seen.events.end(), more.events.begin(), more.events.end());
        };
        read();
        CHECK(seconds(read) < kInTime);
        CHECK(seconds(read) < kInTime);
        CHECK(seen.events.size() == 3);
        check_truth(trio, before, seen);
        const ChainEndpoint status = trio.status(2);
        INFO(status.state << ": " << status.last_error);
        CHECK(std::ranges::find(row.states, status.state) != row.states.end());
        CHECK(trio.status(0).state == "ok");
        CHECK(trio.status(1).state == "ok");
        if (status.state == "behind") CHECK(status.lag > 2);
        if (status.state == "wrong_chain") CHECK(trio.caught(2, "wrong_chain") >= 1);
    }
}

TEST_CASE("an endpoint is not asked while its server says so") {
    Trio trio;
    trio[2].answer_all({429, "slow", "text/plain", {{"Retry-After", "600"}}});
    (void)trio.read();
    wait_for("its answer", [&] { return trio.status(2).errors > 0; });
    CHECK(trio.status(2).rests_until.seconds > 0);
    const int before = trio[2].requests();
    for (int i = 0; i < 5; ++i) {
        trio.world.anvil.mine();
        (void)trio.read();
    }
    CHECK(trio[2].requests() == before);
    // Also the only one: it answers with the server's own word.
    Trio alone{json::object(), {true}};
    alone[0].answer_all({429, "slow", "text/plain", {{"Retry-After", "600"}}});
    CHECK(alone.instance->poll(alone.cursor).failure().reason == "rate_limited");
    const int asked = alone[0].requests();
    const auto again = alone.instance->poll(alone.cursor);
    CHECK(again.failure().reason == "rate_limited");
    CHECK(again.failure().retry_after_ms > 500'000);
    CHECK(alone[0].requests() == asked);
}

TEST_CASE("too few endpoints that answer are no answer") {
    Trio trio;
    trio[1].answer_all({200, "It works", "text/html"});
    trio[2].answer_all({200, "It works", "text/html"});
    trio.world.buy();
    const auto out = trio.instance->poll(trio.cursor);
    REQUIRE_FALSE(out.ok());
    CHECK(out.failure().code == BH_E_UNAVAILABLE);
    CHECK(out.failure().message.find("1 of the 2 endpoints that must agree") != std::string::npos);
    trio[1].honest();
    CHECK(trio.read_to_head().events.size() == 1);
}

TEST_CASE("limits on ranges, pruned history and missing methods cost nothing") {
    Trio trio;
    const auto before = lines(trio.truth());
    trio[0].script(caps_ranges(4, -32602, "query exceeds max block range 4"));
    trio[1].script(caps_ranges(7, -32614, "eth_getLogs is limited to a 7 range"));
    trio[2].script(prunes_below(1'000'000));
    trio.world.anvil.mine(20);
    trio.world.buy();
    trio.world.anvil.mine(20);
    trio.world.buy();
    trio.world.anvil.mine(3);
    check_truth(trio, before, trio.read());
    for (std::size_t i = 0; i < 3; ++i) CHECK(trio.status(i).caught.empty());
    CHECK(trio.instance->state("1", trio.world.head())->exists);
}

TEST_CASE("a state is what enough endpoints say") {
    Trio trio;
    trio.world.buy();
    (void)trio.read();
    const Position at = trio.world.head();
    const auto honest = trio.instance->state("1", at, 3);
    REQUIRE(honest.ok());
    trio[1].change(alters_calls());
    const auto state = trio.instance->state("1", at);
    REQUIRE(state.ok());
    CHECK(to_json(*state) == to_json(*honest));
    CHECK(trio.caught(1, "other_answer") >= 1);
    CHECK(trio.instance->state("1", at, 3).failure().reason == "no_agreement");
    CHECK(trio.instance->state("1", at, 4).failure().reason == "too_few_endpoints");
    CHECK(to_json(*trio.instance->state("1", {}, 2)) == to_json(*honest));
    trio[1].honest();
    CHECK(trio.instance->state("1", at, 3).ok());
}

TEST_CASE("a transaction is followed by what enough endpoints say of it") {
    for (const auto& lie : {loses_receipts(), invents_receipts(), alters_calls()}) {
        Trio trio;
        trio.world.buy();
        const ChainEvents seen = trio.read();
        REQUIRE(seen.events.size() == 1);
        const Intent intent = trio.world.deliver_intent(seen.events.front());
        trio[0].change(lie);
        JobDouble job{"deliver", {}, 0, false, BH_CANCEL_NONE, 0};
        CHECK(trio.instance->submit(job, intent, {}).failure().code == BH_PENDING);
        wait_for("the receipt", [&] { return trio.instance->submit(job, intent, trio.world.head()).ok(); });
        CHECK(trio.world.kernel.signed_payloads.size() == 1);
        CHECK(trio.instance->state("1", {}, 2)->delivered);
    }
}

TEST_CASE("what endpoints are called holds no key") {
    World world;
    Endpoint endpoint{world.anvil.url()};
    world.kernel.secrets = {{"rpc-url", endpoint.url() + "/v3/canary-1"}, {"rpc-key", "canary-2\n"}};
    const json list = json::array({{{"secret", "rpc-url"}, {"bearer", "rpc-key"}},
                                   {{"url", "http://user:canary-3@127.0.0.1:1/canary-4?key=canary-5"}},
                                   {{"url", world.anvil.url()}}});
    Instance instance{world.kernel, world.config({{"endpoints", list}})};
    std::string cursor;
    (void)world.poll_all(instance, cursor);
    (void)world.poll_all(instance, cursor);
    const auto description = instance.describe();
    REQUIRE(description.ok());
    CHECK(description->endpoints[1].errors > 0);
    const std::string text = to_json(*description);
    CHECK(text.find("canary") == std::string::npos);
    CHECK(std::ranges::none_of(world.kernel.log,
                               [](const std::string& line) { return line.find("canary") != std::string::npos; }));
}
