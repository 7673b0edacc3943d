// What the explorer of tests/model found, each as a story of its own.
#include "kernel/journal/events.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Ending : Fixture {
    // The VM of a closed subscription is about to be destroyed: its job is made and has not begun.
    Scene& about_to_destroy() {
        Scene& s = served();
        user(*world, "cancel", "1");
        REQUIRE(s.until([&] { return s.job(Step::destroy).has_value(); }));
        REQUIRE(s.job(Step::destroy)->attempt == 0);
        return s;
    }
};

struct Cleaning : Fixture {
    // An order that is declined when its VM is made: its clean has not begun.
    void about_to_clean() {
        add_fault(*world, "seal_credential", BH_E_INVALID);
        Scene& s = bought();
        REQUIRE(s.until([&] { return s.job(Step::clean).has_value(); }));
        REQUIRE(s.job(Step::clean)->attempt == 0);
        REQUIRE(count_vms(*world) == 1);
        REQUIRE(count_volumes(*world) == 1);
    }
    void expect_empty_list(const char* which) {
        const auto asked = std::find_if(std::begin(world->faults), std::end(world->faults),
                                        [&](const Fault& each) { return each.verb == which; });
        REQUIRE(asked != std::end(world->faults));
        CHECK(asked->count == 0);
    }
};

bool is_parked(Scene& s) {
    return s.read<bool>([](Tx& tx) { return cursor_of(tx, "chain")->parked_destruction; });
}

}  // namespace

// Only the rows that the rolled back events were about counted anew: a job of another row, made before, went on.
TEST_CASE_METHOD(Ending, "a rollback below a final position stops a destruction that was ordered before") {
    Scene& s = about_to_destroy();
    const std::uint64_t keep = head(*world).height - 3;
    REQUIRE(height_of(*world, "closed") <= keep);
    world->now_ms += 1000;  // the chain is read before the job's turn comes
    reorganise_in_place(*world, keep);
    while (s.engine->step()) {
    }
    REQUIRE(is_parked(s));
    CHECK(count_vms(*world) == 1);
    // The driver's operator accepts it.
    expect(State::ended);
    CHECK(objects() == 0);
}

// destroy took one NOT_FOUND for the end of the VM; its volume was deleted under it, and the VM was left for ever.
TEST_CASE_METHOD(Ending, "a VM that one answer does not know is looked for in the list before its volume is deleted") {
    about_to_destroy();
    add_fault(*world, "vm_get", BH_E_NOT_FOUND);
    expect(State::ended);
    CHECK(objects() == 0);
}

// Timers are wall clock times: for an hour nothing was polled, and a purchase was not served in its window.
TEST_CASE_METHOD(Fixture, "a clock that is set back by an hour delays nothing") {
    Scene& s = served();
    world->skew_ms -= 3'600'000;
    buy_now("2");
    CHECK(s.until([&] { return s.state_is(State::active, "2"); }, 60));
    CHECK(world->violation.empty());
}

// A create whose answer was lost may still appear for a while; that while was an hour longer.
TEST_CASE_METHOD(Fixture, "a clock that is set back does not put off a clean after a lost create") {
    add_fault(*world, "vm_create", BH_E_UNKNOWN_OUTCOME, 3, true);
    Scene& s = bought();
    REQUIRE(s.until([&] { return count_vms(*world) == 1; }));
    user(*world, "refund", "1");
    s.pass(1);
    REQUIRE(s.until([&] { return s.job(Step::clean) && s.job(Step::clean)->last_reason == "unsettled"; }));
    world->skew_ms -= 3'600'000;
    if (GENERATE(false, true)) s.restart();
    CHECK(s.until([&] { return s.state_is(State::ended); }, 120));
    CHECK(objects() == 0);
}

// The same where the kernel was down meanwhile.
TEST_CASE_METHOD(Fixture, "a clock that was set back while nobody ran delays nothing") {
    Scene& s = bought();
    add_fault(*world, "volume_create", BH_E_UNAVAILABLE, 2);
    REQUIRE(
        s.until([&] { return s.job(Step::volume_create) && s.job(Step::volume_create)->state == JobState::backoff; }));
    world->skew_ms -= 3'600'000;
    s.restart();
    CHECK(s.until([&] { return s.state_is(State::active); }, 60));
}

// A journal from before the close, or somebody else's close: the look made the job due, the job's start asked for a
// look, and no time passed in between.
TEST_CASE_METHOD(Fixture, "a close that is there before our own was sent ends the wait for the guard") {
    Scene& s = served();
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return s.job(Step::close).has_value(); }));
    REQUIRE(s.job(Step::close)->attempt == 0);
    user(*world, "close", "1");
    s.pass(5);
    s.restart();
    expect(State::ended);
    CHECK(objects() == 0);
}

// clean took one empty list for the end of what the journal itself knew, deleted the volume under the VM, and left the
// VM for ever.
TEST_CASE_METHOD(Cleaning, "what one list does not know is removed all the same when the journal knows it") {
    const char* forgotten = GENERATE("empty_vm_list", "empty_volume_list");
    about_to_clean();
    add_fault(*world, forgotten, 0);
    expect(State::ended);
    expect_empty_list(forgotten);
    CHECK(objects() == 0);
    CHECK(standing_alarms().empty());
}
