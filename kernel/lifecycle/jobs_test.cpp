// How jobs run, wait and end; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

// Virtual milliseconds from the first time that the step's transaction waits until it is final.
std::int64_t waited(Scene& s, Step step) {
    const auto is = [&](JobState state) {
        const auto job = s.job(step);
        return job && job->state == state;
    };
    REQUIRE(s.until([&] { return is(JobState::waiting); }));
    const std::int64_t since = s.world.now_ms;
    REQUIRE(s.until([&] { return is(JobState::done); }, 2000));
    return s.world.now_ms - since;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a job that waits for its transaction is looked at when a block comes, before its timer") {
    constexpr std::int64_t kFewBlocksMs = 12'000;  // of 2 s; final two blocks above
    world->pending_ms = 600'000;
    SECTION("deliver, close, burn") {
        Scene& s = bought();
        CHECK(waited(s, Step::deliver) < kFewBlocksMs);
        expect(State::active);
        user(*world, "cancel", "1");
        CHECK(waited(s, Step::close) < kFewBlocksMs);
        CHECK(waited(s, Step::burn) < kFewBlocksMs);
    }
    SECTION("decline") {
        world->request_opens = false;
        Scene& s = bought();
        CHECK(waited(s, Step::decline) < kFewBlocksMs);
    }
    // Its success is an event of the subscription, its failure is none.
    SECTION("also when it was reverted") {
        Scene& s = bought();
        REQUIRE(s.until([&] { return s.job(Step::deliver) && s.job(Step::deliver)->state == JobState::waiting; }));
        world->mining = false;
        REQUIRE(s.until([&] { return head(*world).time > find_sub(head(*world), "1")->window_ends; }));
        world->mining = true;
        const std::int64_t mined = world->now_ms;
        REQUIRE(s.until([&] { return s.job(Step::deliver)->last_reason == "reverted"; }, 2000));
        CHECK(world->now_ms - mined < kFewBlocksMs);
    }
    SECTION("not when no block came") {
        Scene& s = bought();
        REQUIRE(s.until([&] { return s.job(Step::deliver) && s.job(Step::deliver)->state == JobState::waiting; }));
        const auto attempts = s.job(Step::deliver)->attempt;
        for (int i = 0; i < 100; ++i) {
            world->now_ms += 500;
            while (s.engine->step()) {
            }
        }
        CHECK(s.job(Step::deliver)->attempt == attempts);
    }
}
