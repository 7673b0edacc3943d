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

TEST_CASE_METHOD(Fixture, "each status of a verb puts its job into the state of the table") {
    for (const Outcome& each : outcomes()) {
        if (each.code == BH_OK || each.code == BH_E_CANCELLED) continue;
        INFO("status " << each.code);
        scene.reset();
        for (const auto& entry : std::filesystem::directory_iterator{directory}) std::filesystem::remove(entry.path());
        world = std::make_unique<World>();
        begin_world(*world);
        add_fault(*world, "volume_create", each.code, 1);
        Scene& s = bought();
        REQUIRE(s.until([&] {
            const auto job = s.job(Step::volume_create);
            return job && job->last_code == each.code && job->state != JobState::running;
        }));
        CHECK(s.job(Step::volume_create)->state == each.next);
    }
}

TEST_CASE_METHOD(Fixture, "the answer of any create is lost: one VM, one volume, one delivery") {
    for (const char* verb : {"volume_create", "vm_create", "vm_start", "vm_apply", "submit", "delegation_acquire"}) {
        INFO(verb);
        scene.reset();
        for (const auto& entry : std::filesystem::directory_iterator{directory}) std::filesystem::remove(entry.path());
        world = std::make_unique<World>();
        begin_world(*world);
        add_fault(*world, verb, BH_E_UNKNOWN_OUTCOME, 3, true);
        bought();
        expect(State::active);
        CHECK(world->vms_made == 1);
        CHECK(world->volumes_made == 1);
        CHECK(find_sub(head(*world), "1")->mints == 1);
    }
}

TEST_CASE_METHOD(Fixture, "EXHAUSTED ten times fails the create, and the purchase is declined") {
    add_fault(*world, "volume_create", BH_E_EXHAUSTED, kMaxExhausted);
    Scene& s = bought();
    expect(State::declining);
    CHECK(s.job(Step::volume_create)->attempt == kMaxExhausted);
    expect(State::ended);
}

TEST_CASE_METHOD(Fixture, "UNCERTAIN is held after eight looks; retry goes on from what the chain says") {
    add_fault(*world, "vm_create", BH_E_UNKNOWN_OUTCOME, kMaxLooks + 1, true);
    Scene& s = bought();
    expect(State::held);
    CHECK(world->vms_made == 1);
    CHECK(standing_alarms().size() == 1);
    REQUIRE(s.operate->job_retry({"n1", 0}, s.job(Step::vm_create)->n).ok());
    expect(State::active);
    CHECK(world->vms_made == 1);
    CHECK(standing_alarms().empty());
}

TEST_CASE_METHOD(Fixture, "an abandoned step of an undelivered order declines it; a removal asks for a confirmation") {
    add_fault(*world, "vm_create", BH_E_UNKNOWN_OUTCOME, kMaxLooks + 1, true);
    Scene& s = bought();
    expect(State::held);
    REQUIRE(s.operate->job_abandon({"n1", 0}, s.job(Step::vm_create)->n, false).ok());
    add_fault(*world, "volume_list", BH_E_INTERNAL, kMaxLooks + 6);
    expect(State::held);
    const auto clean = s.job(Step::clean)->n;
    CHECK(s.operate->job_abandon({"n2", 0}, clean, false).failure().code == BH_E_CONFLICT);
    for (auto& fault : world->faults) fault.count = 0;
    REQUIRE(s.operate->job_retry({"n3", 0}, clean).ok());
    expect(State::ended);
    CHECK(objects() == 0);
}

TEST_CASE_METHOD(Fixture, "DENIED parks the instance and its jobs; they go on when its check passes again") {
    add_fault(*world, "chain_check", BH_E_DENIED, 2);
    Scene& s = bought();
    expect(State::delivering);
    add_fault(*world, "submit", BH_E_NO_FUNDS, 1);
    REQUIRE(s.until([&] { return s.job(Step::deliver) && s.job(Step::deliver)->state == JobState::parked; }));
    const auto view = status(*s.journal);
    REQUIRE(view);
    CHECK(view->parked.size() == 1);
    CHECK(view->alarms.size() == 1);
    expect(State::active);
    CHECK(status(*s.journal)->parked.empty());
    CHECK(standing_alarms().empty());
}

TEST_CASE_METHOD(Fixture, "a job that is tried for more than an hour alarms and stays retryable") {
    Scene& s = served();
    expect(State::suspended);
    user(*world, "extend", "1", 100'000);
    add_fault(*world, "vm_start", BH_E_BUSY, 100'000);
    expect(State::resuming);
    REQUIRE(s.until([&] { return s.job(Step::resume) && s.job(Step::resume)->state == JobState::backoff; }));
    world->now_ms += 3'700'000;
    REQUIRE(s.until([&] { return !standing_alarms().empty(); }));
    CHECK(standing_alarms()[0].reason == "slow_job");
    for (auto& fault : world->faults) fault.count = 0;
    expect(State::active);
    CHECK(standing_alarms().empty());
}

TEST_CASE_METHOD(Fixture, "a full disk loses nothing: what was learnt is written when there is room again") {
    Scene& s = begin();
    buy_now();
    for (int i = 0; i < 3000 && !s.state_is(State::active); ++i) {
        if (i % 7 == 0) s.journal->fail_commits(2);
        s.tick();
    }
    s.journal->fail_commits(0);
    expect(State::active);
    CHECK(world->vms_made == 1);
    CHECK(find_sub(head(*world), "1")->mints == 1);
}

TEST_CASE_METHOD(Fixture, "a slow purchase does not delay another one") {
    add_fault(*world, "guest_hello", BH_E_UNAVAILABLE, 6);
    Scene& s = bought();
    REQUIRE(s.until([&] { return s.job(Step::reach).has_value(); }));
    buy_now("2");
    REQUIRE(s.until([&] { return s.state_is(State::active, "2") && s.state_is(State::active, "1"); }));
    CHECK(world->vms_made == 2);
}

// It was: the job was left to report an effect that it could not, and its guard never counted again.
TEST_CASE_METHOD(Fixture,
                 "a transaction of ours that is final before its job was tried, or tried again, moves the row on") {
    Scene& s = served();
    user(*world, "cancel", "1");
    const auto happened = [&](State state, Step step, const char* action, std::uint32_t attempts) {
        expect(state);
        auto job = s.job(step);
        REQUIRE((job && job->state == JobState::queued && job->attempt == 0));
        REQUIRE(s.journal->write([&](Tx& tx) -> Status {
            job->attempt = attempts;  // as an interrupted one
            save_job(tx, *job);
            return {};
        }));
        user(*world, action, "1");
        s.pass(5);
        s.restart();
    };
    SECTION("never tried") {
        happened(State::closing, Step::close, "close", 0);
        happened(State::burning, Step::burn, "burn", 0);
    }
    SECTION("interrupted") {
        happened(State::closing, Step::close, "close", 1);
        happened(State::burning, Step::burn, "burn", 1);
    }
    expect(State::ended);
    CHECK(objects() == 0);
}
