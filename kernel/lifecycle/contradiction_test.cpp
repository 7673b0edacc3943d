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
    Scene& active() {
        scene.emplace(*world, directory, script, &counter);
        buy_now();
        expect(State::active);
        user(*world, "extend", "1", 100'000);
        scene->pass(6);
        for (int i = 0; i < 100; ++i) scene->tick();
        counter.passed.clear();
        return *scene;
    }
    void lie(bool lies) {
        for (auto& fault : world->faults) fault = {};
        if (lies) add_fault(*world, "says_open", BH_E_INTERNAL, std::numeric_limits<std::uint32_t>::max());
        user(*world, "transfer", "1", 0, "0xbuyer");  // an event: the subscription is looked at
    }
    bool alarmed() {
        const auto all = standing_alarms();
        return std::any_of(all.begin(), all.end(), [](const auto& each) { return each.reason == kDeliveryDenied; });
    }
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
