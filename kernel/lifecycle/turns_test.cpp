// Who comes first when much is due at once; the name is the rule.
#include "kernel/lifecycle/testing/held_executor.hpp"

#include <algorithm>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

class Recorder final : public Boundaries {
public:
    void at(const std::string& name) noexcept override { passed.push_back(name); }
    [[nodiscard]] bool has(std::string_view name) const {
        return std::find(passed.begin(), passed.end(), name) != passed.end();
    }
    // How often a boundary that begins like this was passed before the first `end`.
    [[nodiscard]] std::size_t before(std::string_view end, std::string_view begins) const {
        const auto until = std::find(passed.begin(), passed.end(), end);
        return static_cast<std::size_t>(
            std::count_if(passed.begin(), until, [&](const std::string& each) { return each.starts_with(begins); }));
    }
    std::vector<std::string> passed;
};

struct Burst : Fixture {
    Scene& begun() {
        scene.emplace(*world, directory, script, &recorder);
        buy_now();
        return *scene;
    }
    void buy_three() {
        for (const char* id : {"2", "3", "4"}) buy_now(id);
        recorder.passed.clear();
    }
    Recorder recorder;
};

// An engine whose verbs are held, with nothing due but what a test brings.
struct HeldLooks : HeldEngine {
    HeldLooks() {
        config.looks_per_chain = 2;
        start_idle();
    }
};

}  // namespace

// It was: all looks in the order in which the events came, and then all jobs.
TEST_CASE_METHOD(Burst, "an extension that comes with purchases does not wait for them") {
    Scene& s = begun();
    expect(State::suspended);
    buy_three();
    user(*world, "extend", "1", 300);
    REQUIRE(s.until([&] { return recorder.has("after resuming/step_done:resume"); }, 60));
    CHECK(recorder.before("after suspended/paid", "after purchased/start_allowed") <= 1);
    CHECK(recorder.before("after run/resume", "after run/check") <= 1);
    REQUIRE(s.until([&] { return s.state_is(State::active, "4"); }));
    CHECK(world->violation.empty());
}

TEST_CASE_METHOD(Burst, "a suspension that comes due while purchases are built does not wait for them") {
    Scene& s = begun();
    expect(State::active);
    const std::int64_t expires = find_sub(head(*world), "1")->expires;
    REQUIRE(s.until([&] { return head(*world).time >= expires - 4; }, 60));
    buy_three();
    REQUIRE(s.until([&] { return recorder.has("after run/suspend"); }, 60));
    REQUIRE(s.state_is(State::suspending));
    REQUIRE(s.until([&] { return s.state_is(State::active, "4"); }));
    CHECK(world->violation.empty());
}

// It was: an instance was asked again only when no job was due.
TEST_CASE_METHOD(Burst, "a parked instance is asked again while jobs of purchases are due") {
    Scene& s = begun();
    expect(State::active);
    buy_three();
    REQUIRE(s.until([&] { return recorder.has("after run/check"); }, 60));
    REQUIRE(s.journal->write([](Tx& tx) -> Status {
        save_parked(tx, {"v6", "test", "to be asked again", tx.now_ms(), tx.now_ms()});
        return {};
    }));
    recorder.passed.clear();
    REQUIRE(s.until([&] { return recorder.has("after unpark"); }, 60));
    CHECK(recorder.before("after unpark", "after run/") <= 3);  // one of each line
}

// It was: looked for again a minute after the last time, whatever the journal said since.
TEST_CASE_METHOD(Burst, "a prefix whose time has come is renewed while jobs of purchases are due") {
    Scene& s = begun();
    expect(State::active);
    buy_three();
    REQUIRE(s.until([&] { return recorder.has("after run/check"); }, 60));
    REQUIRE(s.journal->write([](Tx& tx) -> Status {
        DelegationRow due = delegations(tx).front();
        due.renew_ms = tx.now_ms();
        save_delegation(tx, due);
        return {};
    }));
    recorder.passed.clear();
    REQUIRE(s.until([&] { return recorder.has("effect/delegation"); }, 60));
    CHECK(recorder.before("effect/delegation", "after run/") <= 3);
}

TEST_CASE_METHOD(HeldLooks, "so many looks at one chain are on their way at once, and no more") {
    for (const char* id : {"1", "2", "3", "4"}) buy_now(id);
    mine_block(*world);
    engine->wake();
    settle();
    REQUIRE(executor.waiting() == 1);  // the poll
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 2);
    executor.run_one();
    settle();
    CHECK(executor.waiting() == 2);
    executor.run_all();
    settle();
    CHECK(executor.waiting() == 1);
    executor.run_all();
    settle();
    CHECK(executor.waiting() == 0);
}

TEST_CASE("each step stands in one line: what is served, what was begun, what is new") {
    CHECK(line_of(Step::suspend) == Line::served);
    CHECK(line_of(Step::resume) == Line::served);
    CHECK(line_of(Step::restart) == Line::served);
    CHECK(line_of(Step::close) == Line::served);
    for (const Step step : {Step::start, Step::reach, Step::seal, Step::deliver, Step::decline, Step::clean})
        CHECK(line_of(step) == Line::begun);
    for (const Step step : {Step::check, Step::reserve, Step::volume_create, Step::vm_create})
        CHECK(line_of(step) == Line::fresh);
}
