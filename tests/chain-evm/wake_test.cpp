// A purchase on a real node is in the journal at once when the node tells of its block, without waiting for a poll.
#include "tests/chain-evm/journalled.hpp"
#include "tests/chain-evm/ws_peer.hpp"

#include "plugins/chain-evm/rpc/transport.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <thread>

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kNever = 600'000;  // a poll interval that no test waits for
// Far above what it takes (a few ms), far below any interval: these tests run beside others.
constexpr milliseconds kAtOnce{10'000};

std::string ws_of(const Anvil& anvil) { return "ws" + anvil.url().substr(4); }

}  // namespace

TEST_CASE("a purchase is journalled when its node tells of the block, long before any poll is due") {
    World world;
    Journalled journalled{world, {{"ws", ws_of(world.anvil)}}, kNever, kNever};
    journalled.wait_relied_on();
    for (int i = 0; i < 3; ++i) {
        const auto took = journalled.purchase(kAtOnce);
        REQUIRE(took);
        CHECK(*took < static_cast<double>(kAtOnce.count()));
    }
    CHECK(journalled.heads().told >= 4);
    CHECK(journalled.heads().ends == 0);
}

TEST_CASE("without a WebSocket the same purchase waits for the poll") {
    World world;
    Journalled journalled{world, nlohmann::json::object(), 2'000, kNever};
    const auto before = journalled.polls();
    const auto took = journalled.purchase(milliseconds{30'000});
    REQUIRE(took);
    CHECK(journalled.polls() > before);
}

TEST_CASE("a node that stops telling is polled at the usual interval again") {
    World world;
    std::atomic<bool> tells{true};
    const auto node = std::move(*make_http_transport(world.anvil.url(), {}));
    // Tells of what the real node mined, until it does not.
    WsPeer peer{[&](WsPeer::Session& session) {
        if (!session.accept()) return;
        for (std::uint64_t last = 0; tells;) {
            const auto answer = node->post(R"({"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]})", 0);
            if (!answer) return;
            const auto text = nlohmann::json::parse(*answer).at("result").get<std::string>();
            const std::uint64_t height = std::stoull(text, nullptr, 16);
            if (height != last && !session.head(last = height)) return;
            std::this_thread::sleep_for(milliseconds{5});
        }
        session.wait();
    }};
    Journalled journalled{world, {{"ws", peer.url()}}, 100, 3'000};
    journalled.wait_relied_on();
    REQUIRE(journalled.purchase(kAtOnce));
    tells = false;
    // Found by the safety net, and from then on by polls at the usual interval.
    REQUIRE(journalled.purchase(milliseconds{30'000}));
    wait_for("the word silent", [&] { return journalled.heads().state == "silent"; });
    // In less time than ten of the long intervals take.
    const auto from = journalled.polls();
    wait_for("polls at the usual interval", [&] { return journalled.polls() - from >= 10; });
    REQUIRE(journalled.purchase(milliseconds{30'000}));
}

TEST_CASE("heads without blocks and wakes in a loop cost ten polls a second, and purchases are seen") {
    World world;
    WsPeer peer{[](WsPeer::Session& session) {
        if (!session.accept()) return;
        for (std::uint64_t height = 1'000'000; session.head(height); ++height) {
        }
    }};
    Journalled journalled{world, {{"ws", peer.url()}}, kNever, kNever};
    std::atomic<bool> over{false};
    std::thread asks{[&] {
        while (!over) journalled.wake();
    }};
    wait_for("the burst", [&] { return journalled.polls() > 12; });
    const auto began = std::chrono::steady_clock::now();
    const auto from = journalled.polls();
    CHECK(journalled.purchase(kAtOnce).has_value());
    std::this_thread::sleep_for(milliseconds{3'000});
    const auto polls = journalled.polls() - from;
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    over = true;
    asks.join();
    CHECK(static_cast<double>(polls) <= took * 10 + 10);  // what was left of the burst
    CHECK(polls >= 2);
}
