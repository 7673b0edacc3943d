// Measures for bench.py: from the moment before a block is mined until its purchase is committed, with the node's
// WebSocket and in a loop that polls each five seconds. One JSON object: milliseconds of each sample.
#include "tests/chain-evm/journalled.hpp"

#include <catch2/catch_test_macros.hpp>

#include <iostream>

using namespace bh::evm::test;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

constexpr int kWarm = 5, kWoken = 300, kPolled = 25;
constexpr milliseconds kPause{140}, kPatience{60'000};  // between samples: below the limit of ten polls a second
constexpr milliseconds kOddPause{337};                  // so that the loop is met at every part of its interval

json samples(Journalled& journalled, int count, milliseconds pause) {
    json out = json::array();
    for (int i = 0; i < count; ++i) {
        std::this_thread::sleep_for(pause);
        const auto took = journalled.purchase(kPatience);
        REQUIRE(took);
        out.push_back(*took);
    }
    return out;
}

}  // namespace

TEST_CASE("mined to journalled") {
    json out;
    {
        World world;
        Journalled journalled{world, {{"ws", "ws" + world.anvil.url().substr(4)}}, 500, 15'000};
        journalled.wait_relied_on();
        (void)samples(journalled, kWarm, kPause);
        const auto polls = journalled.polls();
        out["websocket"] = samples(journalled, kWoken, kPause);
        out["polls"] = journalled.polls() - polls;
        REQUIRE(journalled.heads().ends == 0);
    }
    {
        World world;
        Journalled journalled{world, json::object(), 5'000, 5'000};
        out["loop"] = samples(journalled, kPolled, kOddPause);
    }
    std::cout << out.dump() << std::endl;
}
