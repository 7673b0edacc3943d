// A chain plugin that contradicts itself, steadily: it costs a look now and then, and a person is told.
#include "kernel/lifecycle/testing/fixture.hpp"

#include <limits>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

class Counter final : public Boundaries {
public:
    void at(const std::string& name) noexcept override { ++passed[name]; }
    std::map<std::string, std::uint32_t> passed;
};

struct Contradicted : Fixture {
    Scene& delivered() {
        scene.emplace(*world, directory, script, &counter);
        buy_now();
        expect(State::active);
        return *scene;
    }
    Scene& active() {
        delivered();
        user(*world, "extend", "1", 100'000);
        scene->pass(6);
        for (int i = 0; i < 100; ++i) scene->tick();
        counter.passed.clear();
        return *scene;
    }
    void lie(bool lies) {
        never();
        if (lies) always("says_open", BH_E_INTERNAL);
        user(*world, "transfer", "1", 0, "0xbuyer");  // an event: the subscription is looked at
    }
    void always(const char* verb, std::int32_t code) {
        add_fault(*world, verb, code, std::numeric_limits<std::uint32_t>::max());
    }
    void never() {
        for (auto& fault : world->faults) fault = {};
    }
    bool alarmed(const std::string& why = kDeliveryDenied) {
        const auto all = standing_alarms();
        return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.reason == why; });
    }
    // Until it is held; how often that alarm was seen to stand on the way there.
    std::uint32_t alarmed_until_held() {
        std::uint32_t seen = 0;
        REQUIRE(scene->until(
            [&] {
                seen += alarmed(kStepRepeated) ? 1 : 0;
                return scene->state_is(State::held);
            },
            1000));
        return seen;
    }
    // What a person has to see before it is his turn, and nothing goes on without him.
    void stays_held() {
        const auto job = scene->job(Step::close);
        REQUIRE(job);
        CHECK(job->state == JobState::held);
        CHECK(alarmed("held"));
        CHECK_FALSE(alarmed(kStepRepeated));
        const std::uint32_t runs = counter.passed["after run/close"];
        CHECK_FALSE(scene->until([&] { return !scene->state_is(State::held); }, 60));
        CHECK(counter.passed["after run/close"] == runs);
        CHECK(count_vms(*world) == 1);
    }
    Status retry() { return scene->operate->job_retry(scene->command(), scene->job(Step::close)->n); }
    Counter counter;
};

}  // namespace

// It was: from active to delivering and back as fast as the plugin answers, with a look and a job each time.
TEST_CASE_METHOD(Contradicted, "who says that an order is open, and its delivery final, is asked slower and slower") {
    constexpr std::int64_t kSeconds = 120;
    const EngineConfig config = config_for_tests();
    Scene& s = active();
    lie(true);
    CHECK_FALSE(s.until([] { return false; }, kSeconds));
    const std::uint32_t times = counter.passed["after active/undelivered_again"];
    // 0, 1, 2, 4 and then 8 seconds apart.
    const auto most = static_cast<std::uint32_t>(kSeconds * 1000 / config.backoff_max_ms) + 4;
    CHECK(times >= 10);
    CHECK(times <= most);
    CHECK(counter.passed["after run/deliver"] <= most);
    CHECK(alarmed());
    CHECK(world->vms[0].running);
    CHECK(find_sub(head(*world), "1")->mints == 1);

    lie(false);
    expect(State::active);
    REQUIRE(s.until([&] { return !alarmed(); }, 30));
    counter.passed.clear();
    CHECK_FALSE(s.until([&] { return !s.state_is(State::active); }, 60));
    CHECK(counter.passed["after run/deliver"] == 0);
}

TEST_CASE_METHOD(Contradicted,
                 "once is no contradiction: what a rollback took is delivered at once, without an alarm") {
    Scene& s = active();
    reorganise(*world, height_of(*world, "delivered") - 1, true);
    world->now_ms += 1000;
    REQUIRE(s.until([&] { return s.state_is(State::delivering); }, 30));
    expect(State::active);
    CHECK_FALSE(alarmed());
    CHECK(counter.passed["after active/undelivered_again"] == 1);
}

// It was: from closing to retiring and back for ever, and nobody was told.
TEST_CASE_METHOD(Contradicted,
                 "who denies a close each time that it is final is asked eight times more, then a person") {
    Scene& s = delivered();
    always("says_unclosed", BH_E_INTERNAL);
    user(*world, "cancel", "1");
    CHECK(alarmed_until_held() > 0);
    CHECK(counter.passed["after retiring/close_due"] == kMaxReopened);
    CHECK(counter.passed["after run/close"] >= kMaxReopened + 1);
    CHECK(counter.passed["after run/retire"] == 0);
    CHECK(find_sub(head(*world), "1")->closed);
    CHECK(s.row()->reason.find("each time that its close is final") != std::string::npos);
    stays_held();

    SECTION("a retry while it still says so is one close more") {
        REQUIRE(retry().ok());
        REQUIRE(s.until([&] { return !s.state_is(State::held); }, 60));
        expect(State::held);
        CHECK(counter.passed["after retiring/close_due"] == kMaxReopened);
    }
    never();
    REQUIRE(retry().ok());
    expect(State::ended);
    CHECK(objects() == 0);
    CHECK(standing_alarms().empty());
}

TEST_CASE_METHOD(Contradicted, "a close that is denied once is made again at once, without an alarm") {
    Scene& s = delivered();
    always("says_unclosed", BH_E_INTERNAL);
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return counter.passed["after retiring/close_due"] == 1; }));
    CHECK(s.job(Step::close)->not_before_ms <= world->now_ms);
    never();
    REQUIRE(s.until([&] { return alarmed(kStepRepeated) || s.state_is(State::ended); }));
    CHECK(s.state_is(State::ended));
    CHECK(counter.passed["after retiring/close_due"] == 1);
}

// It was: a close that reverted was sent again a second later, for ever, and nobody was told.
TEST_CASE_METHOD(Contradicted, "a close that fails is made again eight times, slower and slower, then it is held") {
    const EngineConfig config = config_for_tests();
    Scene& s = delivered();
    expect(State::suspended);
    always("submit", BH_E_CONFLICT);
    expect(State::closing);
    const std::int64_t before = world->now_ms;
    CHECK(alarmed_until_held() > 0);
    CHECK(counter.passed["after run/close"] == kMaxReopened + 1);
    // At first after a second, then 1, 2, 4 and from then on 8 seconds apart.
    CHECK(world->now_ms - before >= 8000 + 4 * config.backoff_max_ms);
    CHECK(s.row()->reason == "fault");
    stays_held();
    CHECK_FALSE(world->vms[0].running);
    never();

    SECTION("a retry closes it") {
        REQUIRE(retry().ok());
        expect(State::ended);
        CHECK(objects() == 0);
    }
    SECTION("who pays for it again waits for nobody") {
        user(*world, "extend", "1", 300);
        expect(State::active);
        REQUIRE(s.until([&] { return world->vms[0].running; }, 60));
        CHECK(s.job(Step::close)->state == JobState::aborted);
    }
    CHECK(standing_alarms().empty());
}

TEST_CASE_METHOD(Contradicted, "a burn that fails is made again as often, and a person is told on the way") {
    Scene& s = delivered();
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return s.state_is(State::destroyed) || s.state_is(State::burning); }));
    always("submit", BH_E_CONFLICT);
    CHECK(alarmed_until_held() > 0);
    CHECK(counter.passed["after run/burn"] == kMaxReopened + 1);
    never();
    REQUIRE(s.operate->job_retry(s.command(), s.job(Step::burn)->n).ok());
    expect(State::ended);
    CHECK(standing_alarms().empty());
}
