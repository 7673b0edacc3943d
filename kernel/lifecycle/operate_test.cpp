// What an operator may do to held jobs and subscriptions; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Operated : Fixture {
    // Stays held, with an alarm, however long nobody does anything.
    void expect_held_for_good(std::int64_t seconds = 60) {
        CHECK_FALSE(scene->until([&] { return !scene->state_is(State::held); }, seconds));
        const auto all = standing_alarms();
        CHECK(std::any_of(all.begin(), all.end(), [](const auto& alarm) { return alarm.reason == "held"; }));
    }
    void no_faults() {
        for (auto& fault : world->faults) fault.count = 0;
    }
    std::int64_t job_number(Step step) { return scene->job(step)->n; }
    std::size_t held_jobs() {
        return scene->read<std::vector<JobRow>>([](Tx& tx) { return jobs_in_state(tx, JobState::held); }).size();
    }
    // A declined order whose clean is held.
    void hold_clean() {
        add_fault(*world, "seal_credential", BH_E_INVALID, 1);
        bought();
        expect(State::declining);
        add_fault(*world, "volume_delete", BH_E_INTERNAL, kMaxLooks + 1);
        expect(State::held);
        REQUIRE(scene->job(Step::clean)->state == JobState::held);
    }
};

}  // namespace

// It was: an order that is declined on the chain was cleaned by itself again and again, held or not.
TEST_CASE_METHOD(Operated, "a clean that is held is not tried again by itself; retry goes on, and nothing is left") {
    hold_clean();
    expect_held_for_good();
    CHECK(objects() > 0);
    REQUIRE(scene->operate->job_retry({"n1", 0}, job_number(Step::clean)).ok());
    expect(State::ended);
    CHECK(objects() == 0);
    CHECK(standing_alarms().empty());
    CHECK(held_jobs() == 0);
}

TEST_CASE_METHOD(Operated, "a decline that is held is not sent again by itself, late or not; abandon declines anew") {
    add_fault(*world, "seal_credential", BH_E_INVALID, 1);
    Scene& s = bought();
    expect(State::declining);
    add_fault(*world, "submit", BH_E_INTERNAL, kMaxLooks + 1);
    expect(State::held);
    expect_held_for_good(kWindow);
    const auto decline = job_number(Step::decline);
    CHECK(s.operate->job_abandon({"n1", 0}, decline, false).ok());
    expect(State::ended);
    CHECK(find_sub(head(*world), "1")->declined);
    CHECK(find_sub(head(*world), "1")->credited == 1000);
    CHECK(s.operate->job_retry({"n2", 0}, decline).failure().reason == "refused");
}

TEST_CASE_METHOD(Operated,
                 "an abandoned clean ends the order when the operator confirms that nothing is left, and not before") {
    hold_clean();
    const auto clean = job_number(Step::clean);
    const auto refused = scene->operate->job_abandon({"n1", 0}, clean, false);
    CHECK(refused.failure().code == BH_E_CONFLICT);
    CHECK(refused.failure().message.find("--gone") != std::string::npos);
    CHECK(scene->operate->job_abandon({"n1", 0}, clean, false).failure().reason == "refused");  // its nonce is unused
    // By hand, on the backends; and their lists never work again.
    for (auto& vm : world->vms) vm = {};
    for (auto& volume : world->volumes) volume = {};
    for (auto& binding : world->bindings) binding = {};
    add_fault(*world, "volume_list", BH_E_INTERNAL, 100'000);
    REQUIRE(scene->operate->job_abandon({"n1", 0}, clean, true).ok());
    expect(State::ended);
    CHECK(scene->read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).empty());
    CHECK(scene->read<std::vector<VmRow>>([](Tx& tx) { return list_vms(tx); }).empty());
    CHECK(standing_alarms().empty());
}

TEST_CASE_METHOD(Operated, "what an operator wrongly said to be gone is an orphan at the next start: kept, alarmed") {
    hold_clean();
    add_fault(*world, "volume_list", BH_E_INTERNAL, 100'000);
    REQUIRE(scene->operate->job_abandon({"n1", 0}, job_number(Step::clean), true).ok());
    expect(State::ended);
    no_faults();
    scene->restart();
    REQUIRE(scene->until([&] { return !scene->engine->recovering(); }));
    CHECK(count_volumes(*world) == 1);
    const auto all = standing_alarms();
    CHECK(std::count_if(all.begin(), all.end(), [](const auto& alarm) { return alarm.reason == "orphan"; }) == 1);
}

TEST_CASE_METHOD(Operated,
                 "a destroy that is held: retry destroys, abandon wants the operator's word and goes on behind it") {
    Scene& s = served();
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return s.job(Step::destroy).has_value(); }));
    add_fault(*world, "vm_destroy", BH_E_INVALID, 2);
    expect(State::held);
    const auto destroy = job_number(Step::destroy);
    expect_held_for_good();
    CHECK(count_vms(*world) == 1);
    SECTION("retry") {
        no_faults();
        REQUIRE(s.operate->job_retry({"n1", 0}, destroy).ok());
    }
    SECTION("abandon") {
        CHECK(s.operate->job_abandon({"n1", 0}, destroy, false).failure().reason == "refused");
        for (auto& vm : world->vms) vm = {};
        for (auto& binding : world->bindings) binding = {};
        REQUIRE(s.operate->job_abandon({"n2", 0}, destroy, true).ok());
    }
    expect(State::ended);
    CHECK(objects() == 0);
    CHECK(find_sub(head(*world), "1")->burned);
}

TEST_CASE_METHOD(Operated,
                 "a step of a delivered order that is given up: the state follows from the chain without it") {
    Scene& s = served();
    expect(State::suspending);
    add_fault(*world, "vm_stop", BH_E_INVALID, 2);
    expect(State::held);
    user(*world, "extend", "1", 1000);
    const auto suspend = job_number(Step::suspend);
    expect_held_for_good(20);
    REQUIRE(s.operate->job_abandon({"n1", 0}, suspend, false).ok());
    expect(State::active);
    CHECK(world->vms[0].running);
}

TEST_CASE_METHOD(Operated, "only the newest held job of a subscription waits for a person") {
    Scene& s = served();
    expect(State::suspending);
    add_fault(*world, "vm_stop", BH_E_INVALID, 2);
    expect(State::held);
    const auto first = job_number(Step::suspend);
    user(*world, "extend", "1", 30);
    s.pass(6);
    REQUIRE(s.operate->job_retry({"n1", 0}, first).ok());
    expect(State::active);
    CHECK(s.read<std::optional<JobRow>>([&](Tx& tx) { return job_by_number(tx, first); })->state == JobState::aborted);
    expect(State::suspending);
    add_fault(*world, "vm_stop", BH_E_INVALID, 2);
    expect(State::held);
    CHECK(held_jobs() == 1);
    CHECK(s.operate->job_abandon({"n2", 0}, first, false).failure().reason == "refused");
    CHECK(s.operate->job_retry({"n3", 0}, first).failure().reason == "refused");
    CHECK(s.state_is(State::held));
}

TEST_CASE_METHOD(Operated,
                 "a subscription that is held without a job goes on by its own retry; another one is refused") {
    Scene& s = served();
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return s.state_is(State::retiring) && s.row()->undo_until_ms > 0; }));
    const auto row = s.row()->row;
    CHECK(s.operate->retry({"n1", 0}, row).failure().reason == "refused");
    REQUIRE(s.operate->undo({"n2", 0}, row).ok());
    expect_held_for_good();
    CHECK(count_vms(*world) == 1);
    REQUIRE(s.operate->retry({"n3", 0}, row).ok());  // rescued: it may go now, with a new undo window
    REQUIRE(s.until([&] { return s.state_is(State::retiring) && s.row()->undo_until_ms > world->now_ms; }));
    expect(State::ended);
    CHECK(objects() == 0);
    CHECK(s.operate->retry({"n4", 0}, 4711).failure().code == BH_E_NOT_FOUND);
}

TEST_CASE_METHOD(Operated, "recover derives everything anew while the host runs: what came back by hand is adopted") {
    Scene& s = served();
    user(*world, "extend", "1", 10'000);
    const VmObject vm = world->vms[0];
    s.wipe();
    world->vms[0] = {};
    expect(State::held);  // paid, and no VM
    world->vms[0] = vm;   // the operator has put it back
    REQUIRE(s.operate->recover({"n1", 0}).ok());
    CHECK(s.engine->recovering());
    REQUIRE(s.until([&] { return !s.engine->recovering(); }));
    CHECK(s.read<std::vector<VmRow>>([](Tx& tx) { return list_vms(tx); }).size() == 1);
    CHECK(s.state_is(State::held));
    REQUIRE(s.operate->retry({"n2", 0}, s.row()->row).ok());
    expect(State::active);
    CHECK(world->vms_made == 1);
    CHECK(s.operate->recover({"n1", 0}).failure().reason == "refused");
}

TEST_CASE_METHOD(Operated, "every command leaves a row in the audit log, and a refused one none") {
    Scene& s = served();
    const auto commands = [&] {
        auto rows = s.read<std::vector<AuditRow>>([](Tx& tx) { return list_audit(tx, 0, 10'000); });
        std::erase_if(rows, [](const AuditRow& row) { return row.action != "command"; });
        return rows.size();
    };
    CHECK_FALSE(s.operate->job_retry({"n1", 0}, 1).ok());
    CHECK_FALSE(s.operate->retry({"n1", 0}, s.row()->row).ok());
    CHECK(commands() == 0);
    REQUIRE(s.operate->recover({"n1", 0}).ok());
    REQUIRE(s.operate->accept_reorg({"n2", 0}, "chain").ok());
    CHECK(commands() == 2);
}
