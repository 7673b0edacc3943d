// What goes on beside the subscriptions' own steps; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

#include "kernel/journal/events.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

// As many subscriptions that have ended as a host has after some time, with all that is kept of them.
Status add_history(Tx& tx) {
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
        // A host that is full: its suspended VMs are there and stopped.
        save_vm(tx, {"vm" + id, row.row, "hv", "vm-" + id, "bh-" + id, "", "", "2001:db8::" + id, "", "", 0});
        save_volume(tx, {"volume" + id, row.row, "st", "volume-" + id, "system", "{}", 0});
        assign_address(tx, {"2001:db8::" + id, "d1", "bh-" + id, "hv", "st", row.row});
        save_statement(tx, {row.row, 1, 0, 0, "0xowner"});
        save_credential(tx, {row.row, id, {}, {}, {}, "{}", ""});
        mark_stage(tx, row.row, "mined", 1);
        append_audit(tx, "kernel", "test", "subscription:" + id, "");
    }
    return {};
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the work of a tick does not grow with the journal: no table is read from end to end") {
    Scene& s = served();
    user(*world, "extend", "1", 100'000);
    for (int i = 1; i < 4; ++i) {
        VmObject& stopped = world->vms[i];
        stopped.exists = true, stopped.op_id = "vm" + std::to_string(1000 + i);
    }
    REQUIRE(s.journal->write(add_history));
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
