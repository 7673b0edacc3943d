// What counts as a broken [no-block], and what does not; the name is the rule.
#include "kernel/worker/no_block.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <thread>

using namespace bh::worker;

namespace {
constexpr std::int64_t kMs = 1'000'000;
}

TEST_CASE("ten milliseconds of waiting break the promise") {
    CHECK(blocked_ms({}, {10 * kMs, 0, 1}) == 10);
    CHECK(blocked_ms({5 * kMs, kMs, 7}, {2505 * kMs, kMs, 8}) == 2500);
}

TEST_CASE("ten milliseconds of computing break it, too") { CHECK(blocked_ms({}, {12 * kMs, 10 * kMs, 0}) == 12); }

TEST_CASE("a short wait does not, and neither does a thread that the host kept from running") {
    CHECK(blocked_ms({}, {10 * kMs - 1, 0, 3}) == 0);
    CHECK(blocked_ms({}, {900 * kMs, 9 * kMs, 0}) == 0);
}

TEST_CASE("a call is measured by its own thread") {
    std::uint32_t ms = 77;
    CHECK(measured(ms, [] { return 5; }) == 5);
    CHECK(ms == 0);
    measured(ms, [] {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        return 0;
    });
    CHECK(ms >= 20);
}

TEST_CASE("each member is counted for itself, with its longest call") {
    Blocked blocked;
    CHECK(blocked.note("query", 12));
    CHECK(blocked.note("parse_address", 30));
    CHECK_FALSE(blocked.note("parse_address", 20));
    const auto rows = blocked.rows();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].member == "parse_address");
    CHECK(rows[0].times == 2);
    CHECK(rows[0].longest_ms == 30);
    CHECK(rows[1].times == 1);
}
