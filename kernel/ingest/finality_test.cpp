#include "kernel/ingest/finality.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::life;

namespace {
ChainEvents chain_of(std::uint64_t from, std::uint64_t to) {
    ChainEvents polled;
    for (std::uint64_t h = from; h <= to; ++h) {
        polled.recent.push_back({{"0x" + std::to_string(h), h}, {static_cast<std::int64_t>(h)}});
    }
    polled.head = polled.recent.back();
    return polled;
}
}  // namespace

TEST_CASE("latest+N: N blocks stand on top of the final one") {
    const auto rule = parse_finality("latest+2");
    REQUIRE(rule);
    CHECK(final_block(*rule, chain_of(1, 10))->position.height == 8);
    CHECK_FALSE(final_block(*rule, chain_of(0, 1)));
    CHECK_FALSE(final_block(*rule, chain_of(9, 10)));  // not vouched for
}

TEST_CASE("safe and finalized are what the chain says, and nothing where it does not") {
    ChainEvents polled = chain_of(1, 10);
    CHECK_FALSE(final_block(*parse_finality("safe"), polled));
    polled.safe = polled.recent[6], polled.finalized = polled.recent[3];
    CHECK(final_block(*parse_finality("safe"), polled)->position.height == 7);
    CHECK(final_block(*parse_finality("finalized"), polled)->position.height == 4);
}

TEST_CASE("a finality rule is read strictly") {
    CHECK(to_text(*parse_finality("latest")) == "latest+0");
    CHECK(to_text(*parse_finality("latest+12")) == "latest+12");
    for (const char* bad :
         {"", "latest+", "latest+-1", "latest+512", "latest+1x", "Safe", "final", "latest-1", "latest+ 1"}) {
        const auto rule = parse_finality(bad);
        REQUIRE_FALSE(rule.ok());
        CHECK(rule.failure().message.find("latest+N") != std::string::npos);
    }
}
