// What goes on beside the subscriptions' own steps; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/lifecycle/query.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

// As many subscriptions that have ended as a host has after some time, with all that is kept of them.
Status add_history(Tx& tx) {
    CursorRow cursor = cursors(tx).front();
    for (int i = 0; i < 300; ++i) {
        const std::string id = std::to_string(1000 + i);
        SubscriptionRow row;
        row.instance = "chain", row.chain = "test:1", row.contract = "0xcontract", row.id = id, row.tx = "0xold" + id;
        row.state = State::ended, row.purchase = EventState::final;
        add_subscription(tx, row);
        JobRow job;
        job.row = row.row, job.op_id = "op" + id, job.step = Step::burn, job.instance = "chain";
        job.state = JobState::done, job.consumed = true;
        add_job(tx, job);
        EventRow event;
        event.instance = "chain", event.type = "burned", event.position = {"0xblock" + id, 1}, event.tx = row.tx;
        event.subscription = id, event.status = EventState::final;
        add_event(tx, event);
        cursor.newest_event = event.n;
        // A host that is full: its suspended VMs are there and stopped.
        save_vm(tx, {"vm" + id, row.row, "hv", "vm-" + id, "bh-" + id, "", "", "2001:db8::" + id, "", "", 0});
        save_volume(tx, {"volume" + id, row.row, "st", "volume-" + id, "system", "{}", 0});
        assign_address(tx, {"2001:db8::" + id, "d1", "bh-" + id, "hv", "st", row.row});
        save_statement(tx, {row.row, 1, 0, 0, "0xowner"});
        save_credential(tx, {row.row, id, {}, {}, {}, "{}", ""});
        mark_stage(tx, row.row, "mined", 1);
        append_audit(tx, "kernel", "test", "subscription:" + id, "");
    }
    list_subjects(tx, "chain", cursor.listed_event, cursor.newest_event);
    cursor.listed_event = cursor.newest_event;
    save_cursor(tx, cursor);
    return {};
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the work of a tick does not grow with the journal: no table is read from end to end",
                 "[sqlite]") {
    Scene& s = served();
    user(*world, "extend", "1", 100'000);
    for (int i = 1; i < 4; ++i) {
        VmObject& stopped = world->vms[i];
        stopped.exists = true, stopped.op_id = "vm" + std::to_string(1000 + i);
    }
    REQUIRE(s.journal->write(add_history));
    world->max_vms = 1000;  // there are limits to count against
    buy_now("2");
    static_cast<void>(s.journal->take_scans());
    // Blocks, polls, timers, statements, the watch, a purchase and a restart of a stopped VM.
    REQUIRE(s.until([&] { return world->statements >= 2; }));
    world->vms[0].running = false;
    REQUIRE(s.until([&] { return world->vms[0].running; }));
    CHECK(s.row("2")->state != State::purchased);
    const auto scans = s.journal->take_scans();
    INFO((scans.empty() ? "" : scans.front()));
    CHECK(scans.empty());
    // It does count: the list for an operator reads all.
    REQUIRE(s.journal->read([](Tx& tx) -> Status {
        static_cast<void>(list_vms(tx));
        return {};
    }));
    CHECK(s.journal->take_scans().size() == 1);
}

TEST_CASE_METHOD(Fixture, "an empty block takes the same work, however much has been before", "[sqlite]") {
    Scene& s = served();
    const auto work_of_a_block = [&] {
        mine_block(*world);
        REQUIRE(s.until([&] { return s.engine->next_due_ms() > world->now_ms; }));
        static_cast<void>(s.journal->take_steps());
        mine_block(*world);
        s.engine->wake();
        while (s.engine->step()) {
        }
        return s.journal->take_steps();
    };
    const std::uint64_t before = work_of_a_block();
    REQUIRE(s.journal->write(add_history));
    CHECK(before > 0);
    CHECK(work_of_a_block() <= before + before / 10);
}

TEST_CASE_METHOD(Fixture, "showing a subscription takes the same work, however many there are", "[sqlite]") {
    Scene& s = served();
    const auto work_of_showing = [&] {
        static_cast<void>(s.journal->take_steps());
        const auto shown = show_subscription(*s.journal, "chain", "1");
        REQUIRE(shown);
        CHECK_FALSE(shown->events.empty());
        return s.journal->take_steps();
    };
    const std::uint64_t before = work_of_showing();
    REQUIRE(s.journal->write(add_history));
    CHECK(before > 0);
    CHECK(work_of_showing() <= before + before / 10);
}

TEST_CASE_METHOD(Fixture, "a running VM whose place on the network is broken or gone gets it back, and is left alone") {
    Scene& s = served();
    user(*world, "extend", "1", 100'000);
    // Whatever touches the VM itself would use these up.
    constexpr std::uint32_t kMany = 1000;
    add_fault(*world, "vm_start", BH_E_INTERNAL, kMany);
    add_fault(*world, "vm_stop", BH_E_INTERNAL, kMany);
    const BindingObject before = world->bindings[0];
    SECTION("a part is gone") {
        world->bindings[0].broken = true;
        REQUIRE(s.until([&] { return !world->bindings[0].broken; }, 20));
        CHECK(standing_alarms().empty());
    }
    SECTION("all of it is gone: the VM's own end of the tap, too, and a person should know") {
        world->bindings[0] = {};
        REQUIRE(s.until([&] { return world->bindings[0].exists; }, 20));
        REQUIRE(s.until([&] { return standing_alarms().size() == 1; }));
        CHECK(standing_alarms()[0].reason == "tap_lost");
    }
    SECTION("it is blocked") {
        world->bindings[0].blocked = true;
        REQUIRE(s.until([&] { return !world->bindings[0].blocked; }, 20));
    }
    SECTION("netd can't yet: an alarm stands until it can") {
        add_fault(*world, "vm_apply", BH_E_UNAVAILABLE, 2);
        world->bindings[0].broken = true;
        REQUIRE(s.until([&] { return standing_alarms().size() == 1; }));
        CHECK(standing_alarms()[0].reason == "network");
        REQUIRE(s.until([&] { return !world->bindings[0].broken; }, 20));
        REQUIRE(s.until([&] { return standing_alarms().empty(); }));
    }
    CHECK(world->bindings[0].address == before.address.str());
    CHECK(world->bindings[0].owner == before.owner.str());
    CHECK(s.until_state(State::active));
    CHECK_FALSE(s.job(Step::restart));
    CHECK(s.row()->restarts == 0);
    for (const Fault& fault : world->faults) {
        if (fault.verb == "vm_start" || fault.verb == "vm_stop") CHECK(fault.count == kMany);
    }
}

TEST_CASE_METHOD(Fixture, "the network of a VM that is suspended or stopped is not opened by the watch") {
    Scene& s = served();
    expect(State::suspended);
    world->bindings[0].broken = true;
    world->vms[0].running = true;  // somebody started it by hand
    CHECK_FALSE(s.until([&] { return !world->bindings[0].blocked; }, 15));
    CHECK(world->bindings[0].broken);
    CHECK(s.state_is(State::suspended));
}

TEST_CASE_METHOD(Fixture, "an active VM found stopped is started again, slower each time") {
    Scene& s = served();
    user(*world, "extend", "1", 1000);
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 5; ++i) {
        REQUIRE(s.until([&] { return s.state_is(State::active) && world->vms[0].running; }));
        world->vms[0].running = false;
        const std::int64_t stopped = world->now_ms;
        REQUIRE(s.until([&] { return world->vms[0].running; }));
        waits.push_back(world->now_ms - stopped);
    }
    CHECK(waits.back() > waits.front());
    CHECK(s.job(Step::restart)->epoch == "boot-1:5");
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Fixture, "after a reboot the VMs run again, also when the chain's first answers are errors") {
    Scene& s = served();
    user(*world, "extend", "1", 1000);
    REQUIRE(s.until([&] { return s.row()->expires_at.seconds > head(*world).time + 900; }));
    reboot(*world);
    add_fault(*world, "subscription_state", BH_E_UNAVAILABLE, 5);
    s.restart();
    CHECK(s.until([&] { return world->vms[0].running; }, 60));
}

TEST_CASE_METHOD(Fixture,
                 "after a reboot of the machine the VM and its place on the network are back, from the journal") {
    Scene& s = served();
    user(*world, "extend", "1", 1000);
    const std::string address = world->vms[0].address.str();
    reboot(*world);
    s.restart();
    REQUIRE(s.until([&] { return world->vms[0].running && count_bindings(*world) == 1; }));
    CHECK(world->bindings[0].address == address);
    CHECK(s.job(Step::restart)->epoch == "boot-2:1");
}

TEST_CASE_METHOD(Fixture,
                 "owner statements rise, are renewed, and none is issued for an owner whom the head contradicts") {
    Scene& s = served();
    user(*world, "extend", "1", 2000);
    REQUIRE(s.until([&] { return world->statements == 1; }));
    const std::uint64_t first = world->vms[0].statement;
    REQUIRE(s.until([&] { return world->statements == 2; }, 400));
    CHECK(world->vms[0].statement >= first + 300'000);
    // Sold, but not final yet.
    user(*world, "transfer", "1", 0, "0xother");
    mine_block(*world);
    CHECK(head(*world).subs[0].owner == "0xother");
    const auto number = s.row()->row;
    REQUIRE(s.journal->write([&](Tx& tx) -> Status {
        auto statement = *statement_of(tx, number);
        statement.next_ms = tx.now_ms();
        save_statement(tx, statement);
        return {};
    }));
    for (int i = 0; i < 50; ++i) s.engine->step();
    CHECK(world->statements == 2);
    REQUIRE(s.until([&] { return show_subscription(*s.journal, "chain", "1")->statement->owner == "0xother"; }));
    CHECK(world->statements == 3);
    const auto detail = show_subscription(*s.journal, "chain", "1");
    CHECK(detail->subscription.owner == "0xother");
}
