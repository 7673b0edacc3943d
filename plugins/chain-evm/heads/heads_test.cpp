// What is believed of a node that tells of new blocks: its words, and whether the next poll may wait for them.
#include "plugins/chain-evm/heads/message.hpp"
#include "plugins/chain-evm/heads/trust.hpp"
#include "plugins/chain-evm/heads/ws_url.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::evm;
using Kind = HeadsMessage::Kind;

TEST_CASE("a node's answers and its new heads are told apart") {
    const auto chain = read_heads_message(R"({"jsonrpc":"2.0","id":1,"result":"0x7a69"})");
    REQUIRE(chain);
    CHECK(chain->kind == Kind::chain_id);
    CHECK(chain->number == 31337);
    const auto yes = read_heads_message(R"({"jsonrpc":"2.0","id":2,"result":"0xcd0c3e8af590364c09d0fa6a1210faf5"})");
    REQUIRE(yes);
    CHECK(yes->kind == Kind::subscribed);
    CHECK(yes->text == "0xcd0c3e8af590364c09d0fa6a1210faf5");
    const auto head = read_heads_message(
        R"({"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xcd","result":{"number":"0x1b4","hash":"0x00"}}})");
    REQUIRE(head);
    CHECK(head->kind == Kind::head);
    CHECK(head->number == 436);
    CHECK(head->text == "0xcd");
    const auto no =
        read_heads_message(R"({"id":2,"error":{"code":-32601,"message":"no \u0007 such \u001b[2J method"}})");
    REQUIRE(no);
    CHECK(no->kind == Kind::refused);
    CHECK(no->text == "no  such [2J method");
}

TEST_CASE("what is no answer and no head is nothing, and what is no JSON is told") {
    for (const char* text : {R"({"id":1,"result":7})", R"({"id":1,"result":"31337"})", R"({"id":1,"result":"0xzz"})",
                             R"({"id":1,"result":"0x11112222333344445"})", R"({"id":2,"result":""})",
                             R"({"id":3,"result":"0x1"})", R"({"id":"1","result":"0x1"})",
                             R"({"method":"eth_subscription"})", R"({"method":"eth_subscription","params":[]})",
                             R"({"method":"eth_subscription","params":{"subscription":"0x1","result":{"number":1}}})",
                             R"({"method":"eth_subscription","params":{"subscription":7,"result":{"number":"0x1"}}})",
                             R"({"method":"other","params":{"subscription":"0x1","result":{"number":"0x1"}}})", "{}"}) {
        const auto read = read_heads_message(text);
        INFO(text);
        REQUIRE(read);
        CHECK(read->kind == Kind::other);
    }
    for (const char* text : {"", "[]", "\"x\"", "{", "{\"id\":1,\"id\":2}", "\xff\xfe"}) {
        INFO(text);
        CHECK_FALSE(read_heads_message(text));
    }
}

TEST_CASE("a WebSocket's URL is shown without what may be a key") {
    const auto url = parse_ws_url("wss://user:secret@node.example/ws/v3/KEY");
    REQUIRE(url);
    CHECK(url->origin == "wss://node.example");
    CHECK(url->encrypted);
    CHECK(url->port == 443);
    CHECK(url->path == "/ws/v3/KEY");
    CHECK(parse_ws_url("ws://127.0.0.1:8545")->origin == "ws://127.0.0.1:8545");
    for (const char* text :
         {"", "http://node.example", "wss//node.example", "ws://", "WS://node.example", "wss://a b"}) {
        const auto refused = parse_ws_url(text);
        INFO(text);
        REQUIRE_FALSE(refused);
        CHECK(refused.failure().reason == "bad_url");
    }
}

namespace {

struct Judged {
    HeadsTrust trust;
    std::int64_t now = 1000;
    std::uint64_t height = 10;
    Judged() { poll(); }
    void poll() { trust.polled(height, now += 500); }
    void told() { trust.told(height, now); }
    void block() { ++height; }
    // A block that is told of and polled for, as it should be.
    void good_block() {
        block();
        told();
        poll();
    }
};

}  // namespace

TEST_CASE("a node is relied on once a block that it told of was there, and until one comes without a word") {
    Judged judged;
    CHECK_FALSE(judged.trust.relied_on());
    judged.good_block();
    CHECK(judged.trust.relied_on());
    for (int i = 0; i < 5; ++i) judged.poll();
    CHECK(judged.trust.relied_on());
    judged.block();
    judged.poll();
    CHECK(judged.trust.relied_on());  // the word may be a moment late
    judged.poll();
    CHECK_FALSE(judged.trust.relied_on());
    CHECK(judged.trust.silent());
    judged.good_block();
    CHECK(judged.trust.relied_on());
    CHECK_FALSE(judged.trust.silent());
}

TEST_CASE("a word that comes a moment after its block was polled is good") {
    Judged judged;
    for (int i = 0; i < 5; ++i) {
        judged.block();
        judged.poll();
        judged.told();
        judged.poll();
        CHECK(judged.trust.relied_on());
    }
}

TEST_CASE("a node that is silent while a block comes with each poll is not relied on") {
    Judged judged;
    judged.good_block();
    for (int i = 0; i < 3; ++i) {
        judged.block();
        judged.poll();
    }
    CHECK_FALSE(judged.trust.relied_on());
    CHECK(judged.trust.silent());
}

TEST_CASE("no poll waits while a block that was told of is not there: the nodes that are asked may be slower") {
    Judged judged;
    judged.good_block();
    judged.trust.told(judged.height + 1, judged.now);
    judged.poll();
    CHECK_FALSE(judged.trust.relied_on());
    judged.block();
    judged.poll();
    CHECK(judged.trust.relied_on());
    for (int i = 0; i < 3; ++i) judged.poll();
    CHECK(judged.trust.relied_on());
    CHECK_FALSE(judged.trust.silent());
}

TEST_CASE("who tells of blocks that never come is waited for a few seconds, and believed no more than before") {
    Judged judged;
    for (int i = 0; i < 20; ++i) {
        judged.trust.told(1'000'000, judged.now);
        judged.poll();
        CHECK_FALSE(judged.trust.relied_on());
    }
    CHECK_FALSE(judged.trust.silent());
    judged.good_block();
    judged.trust.told(1'000'000, judged.now);
    judged.poll();
    CHECK_FALSE(judged.trust.relied_on());
    judged.now += HeadsTrust::kWaitForMs;
    judged.poll();
    CHECK(judged.trust.relied_on());
}

TEST_CASE("a new connection has to prove itself again") {
    Judged judged;
    judged.good_block();
    judged.trust.forget();
    judged.poll();
    CHECK_FALSE(judged.trust.relied_on());
    judged.good_block();
    CHECK(judged.trust.relied_on());
}
