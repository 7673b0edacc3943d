// Measures for bench.py: from the moment before a block is mined until its purchase is committed, with the node's
// WebSocket and in a loop that polls each five seconds. One JSON object: milliseconds of each sample.
#include "tests/chain-evm/journalled.hpp"

#include <catch2/catch_test_macros.hpp>

#include <iostream>

using namespace bh::evm::test;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

constexpr int kWorlds = 6, kWarm = 4, kWoken = 50, kPolled = 25;  // fewer blocks in a world than make one final
constexpr milliseconds kPause{140}, kPatience{60'000};  // between samples: below the limit of ten polls a second
constexpr milliseconds kInterval{5'000};                // of the loop

// `pause(i)` before the sample i: after the poll that found the one before.
template <class F>
json samples(Journalled& journalled, int count, F&& pause) {
    json out = json::array();
    for (int i = 0; i < count; ++i) {
        std::this_thread::sleep_for(pause(i));
        const auto took = journalled.purchase(kPatience);
        REQUIRE(took);
        out.push_back(*took);
    }
    return out;
}

}  // namespace

TEST_CASE("mined to journalled") {
    const auto evenly = [](int) { return kPause; };
    // A block comes at any moment of the loop's interval, as likely at one as at another.
    const auto all_over = [](int i) { return (2 * i + 1) * kInterval / (2 * kPolled); };
    json out{{"websocket", json::array()}, {"polls", 0}};
    for (int i = 0; i < kWorlds; ++i) {
        World world;
        Journalled journalled{world, {{"ws", "ws" + world.anvil.url().substr(4)}}, 500, 15'000};
        journalled.wait_relied_on();
        (void)samples(journalled, kWarm, evenly);
        const auto polls = journalled.polls();
        for (const json& took : samples(journalled, kWoken, evenly)) out["websocket"].push_back(took);
        out["polls"] = out["polls"].get<std::uint64_t>() + journalled.polls() - polls;
        REQUIRE(journalled.heads().ends == 0);
    }
    {
        World world;
        Journalled journalled{world, json::object(), kInterval.count(), kInterval.count()};
        out["loop"] = samples(journalled, kPolled, all_over);
    }
    std::cout << out.dump() << std::endl;
}
