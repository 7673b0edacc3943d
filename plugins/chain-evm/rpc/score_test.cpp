#include "plugins/chain-evm/rpc/score.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::evm;

namespace {

struct Fixture {
    std::int64_t ms = 1'000'000;
    Score score;

    explicit Fixture(bool alone = false) : score{{[this] { return ms; }, [this] { return ms / 1000; }}, alone} {}

    void fail(const char* reason, std::uint32_t retry_after_ms = 0) {
        score.failed({BH_E_UNAVAILABLE, reason, "it failed", retry_after_ms});
    }
    [[nodiscard]] std::uint32_t rest() const {
        const auto rests = score.rests("node");
        return rests ? rests->retry_after_ms : 0;
    }
    [[nodiscard]] ChainEndpoint view() const { return score.view("node", true); }
};

}  // namespace

TEST_CASE("an endpoint that is down rests longer each time, and an answer ends that") {
    Fixture f;
    f.fail("endpoint_down");
    CHECK(f.rest() == 0);
    CHECK(f.view().state == "resting");
    f.fail("endpoint_timeout");
    CHECK(f.rest() == 500);
    f.ms += 500;
    CHECK(f.rest() == 0);
    f.fail("endpoint_down");
    CHECK(f.rest() == 1000);
    for (int i = 0; i < 40; ++i) f.fail("endpoint_garbage");
    CHECK(f.rest() == 60'000);
    CHECK(f.view().rests_until.seconds == 1060);
    f.score.answered(30);
    CHECK(f.rest() == 0);
    CHECK(f.view().state == "ok");
    CHECK(f.view().errors == 43);
    CHECK(f.view().latency_ms == 30);
}

TEST_CASE("a rate limit is kept as long as the server says") {
    Fixture f;
    f.fail("rate_limited", 7000);
    CHECK(f.rest() == 7000);
    CHECK(f.view().state == "resting");
    f.ms += 7000;
    f.fail("rate_limited");
    CHECK(f.rest() == 10'000);
    Fixture alone{true};
    alone.fail("rate_limited", 2000);
    CHECK(alone.rest() == 2000);
    alone.ms += 2000;
    alone.fail("endpoint_down");
    alone.fail("endpoint_down");
    CHECK(alone.rest() == 0);  // the only one is asked whenever somebody wants to know
}

TEST_CASE("what a node says truly of itself is no error") {
    Fixture f;
    f.fail("too_many_logs");
    f.fail("method_missing");
    CHECK(f.view().errors == 0);
    f.fail("position_unknown");
    f.fail("endpoint_behind");
    CHECK(f.view().errors == 2);
    CHECK(f.rest() == 0);
    CHECK(f.view().last_error == "it failed");
}

TEST_CASE("a proven lie costs belief for a while, longer each time; being outvoted does not") {
    Fixture f;
    f.score.answered(1);
    f.score.caught(Caught::other_branch, 5);
    f.score.caught(Caught::delayed_log, 5);
    CHECK(f.score.believed());
    f.score.caught(Caught::omitted_log, 6);
    CHECK_FALSE(f.score.believed());
    CHECK(f.view().state == "distrusted");
    f.ms += 600'000;
    CHECK(f.score.believed());
    f.score.caught(Caught::omitted_log, 7);
    f.ms += 600'000;
    CHECK_FALSE(f.score.believed());
    f.ms += 600'000;
    CHECK(f.score.believed());
    const ChainEndpoint view = f.view();
    REQUIRE(view.caught.size() == 3);
    CHECK(view.caught[2].what == "omitted_log");
    CHECK(view.caught[2].count == 2);
    CHECK(view.caught[2].height == 7);
    CHECK(view.caught[2].last_at.seconds == 1600);
}

TEST_CASE("heads that go back and heads that stay behind are told") {
    Fixture f;
    f.score.answered(1);
    f.score.has_head({"0xa", 10});
    f.score.agreed_head(12);
    CHECK(f.view().state == "ok");
    f.score.agreed_head(14);
    CHECK(f.view().state == "behind");
    CHECK(f.view().lag == 4);
    f.score.has_head({"0xb", 9});
    CHECK(f.view().caught.front().what == "went_back");
    f.score.late(true);
    CHECK(f.view().state == "slow");
    f.score.late(false);
    CHECK_FALSE(f.score.owes());
}
