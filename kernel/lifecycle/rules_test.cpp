// One test for each rule of the lifecycle; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

#include "kernel/lifecycle/assign.hpp"

#include <thread>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

TEST_CASE_METHOD(Fixture, "no address that the journal, netd's list or the hypervisor's list knows is assigned") {
    std::string first;
    {
        served();
        first = world->vms[0].address.str();
        scene.reset();
        std::filesystem::remove_all(directory + "/journal.db");
    }
    for (const bool by_netd : {true, false}) {
        world = std::make_unique<World>();
        begin_world(*world);
        directory = directory + (by_netd ? "" : "b");
        std::filesystem::create_directories(directory);
        for (const auto& entry : std::filesystem::directory_iterator{directory}) {
            if (entry.is_regular_file()) std::filesystem::remove(entry.path());
        }
        if (by_netd) {
            world->bindings[7].exists = true, world->bindings[7].owner = "foreign", world->bindings[7].address = first;
        } else {
            world->vms[7].exists = true, world->vms[7].op_id = "foreign", world->vms[7].address = first;
        }
        served();
        for (const auto& vm : world->vms) {
            if (vm.exists && !(vm.op_id == "foreign")) CHECK_FALSE(vm.address == first);
        }
        scene.reset();
    }
    std::filesystem::remove_all(directory);
    directory.pop_back();
}

TEST_CASE_METHOD(Fixture,
                 "a purchase whose sealed request does not open is declined with its reason, and nothing is built") {
    world->request_opens = false;
    Scene& s = bought();
    expect(State::declined);
    CHECK(s.row()->reason == "request_does_not_open");
    expect(State::ended);
    CHECK(world->vms_made + world->volumes_made == 0);
    CHECK(find_sub(head(*world), "1")->declined);
    CHECK(find_sub(head(*world), "1")->credited == 1000);
}

TEST_CASE_METHOD(Fixture, "a purchase of a plan whose image does not exist is declined") {
    world->image_exists = false;
    Scene& s = bought();
    expect(State::declined);
    CHECK(s.row()->reason == "no_image");
}

TEST_CASE_METHOD(Fixture, "a purchase for which there is no room is declined, and the other one runs on") {
    world->max_vms = 1;
    Scene& s = served();
    user(*world, "extend", "1", 1000);
    buy_now("2");
    REQUIRE(s.until([&] { return s.state_is(State::ended, "2"); }));
    CHECK(s.row("2")->reason == "no_room");
    CHECK(s.state_is(State::active));
    CHECK(count_vms(*world) == 1);
}

TEST_CASE_METHOD(Fixture, "the refund wins the race with the delivery: cleaned, and no token") {
    Scene& s = bought();
    expect(State::delivering);
    user(*world, "refund", "1");
    expect(State::ended);
    CHECK(find_sub(head(*world), "1")->refunded);
    CHECK(find_sub(head(*world), "1")->mints == 0);
    CHECK(objects() == 0);
    CHECK(s.read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).empty());
}

TEST_CASE_METHOD(Fixture,
                 "whether a subscription has expired is asked of the newest final block, never of the wall clock") {
    Scene& s = served();
    world->now_ms += 3'600'000;  // an hour without a block
    for (int i = 0; i < 200; ++i) s.engine->step();
    CHECK(s.state_is(State::active));
    CHECK(world->vms[0].running);
}

TEST_CASE_METHOD(Fixture, "an error is never a reason to suspend, to close or to destroy") {
    Scene& s = served();
    add_fault(*world, "subscription_state", BH_E_UNAVAILABLE, 100'000);
    CHECK_FALSE(s.until([&] { return !s.state_is(State::active); }, 150));
    CHECK(world->vms[0].running);
}

TEST_CASE_METHOD(Fixture, "a restart counts the guard's looks from zero") {
    Scene& s = served();
    REQUIRE(s.until([&] { return s.row()->wake_ms > 0 && head(*world).time > s.row()->expires_at.seconds; }));
    const std::int64_t before = world->now_ms;
    s.restart();
    expect(State::suspending);
    CHECK(world->now_ms - before >= config_for_tests().guard.span_ms);
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

TEST_CASE_METHOD(Fixture, "undo in its window keeps the VM, off, for a rescue; after the window it is refused") {
    Scene& s = served();
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return s.state_is(State::retiring) && s.row()->undo_until_ms > 0; }));
    const auto row = s.row()->row;
    const auto undone = s.operate->undo({"n1", 0}, row);
    REQUIRE(undone.ok());
    CHECK(s.state_is(State::held));
    CHECK(s.operate->undo({"n2", 0}, row).failure().code == BH_E_CONFLICT);
    CHECK_FALSE(s.until([&] { return count_vms(*world) == 0; }, 60));
    CHECK_FALSE(world->vms[0].running);
    CHECK(standing_alarms().size() == 1);
}

TEST_CASE_METHOD(Fixture, "a command runs once, and not after it has expired") {
    Scene& s = served();
    CHECK(s.operate->accept_reorg({"n1", 0}, "chain").ok());
    CHECK(s.operate->accept_reorg({"n1", 0}, "chain").failure().reason == "refused");
    CHECK(s.operate->accept_reorg({"n2", world->now_ms - 1}, "chain").failure().reason == "refused");
    CHECK(s.operate->accept_reorg({"", 0}, "chain").failure().code == BH_E_INVALID);
    CHECK(s.operate->job_retry({"n3", 0}, 4711).failure().code == BH_E_NOT_FOUND);
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

TEST_CASE_METHOD(Fixture, "an undelivered order without a deliver in flight is declined at 80 % of its window") {
    add_fault(*world, "guest_hello", BH_E_UNAVAILABLE, 100'000);
    bought();
    expect(State::declining);
    const Sub* sub = find_sub(head(*world), "1");
    CHECK(head(*world).time >= sub->bought + kWindow * 8 / 10);
    CHECK(head(*world).time < sub->window_ends);
    expect(State::ended);
    CHECK(objects() == 0);
}

TEST_CASE_METHOD(Fixture, "with a deliver in flight at 80 % of the window there is an alarm, and no decline") {
    Scene& s = bought();
    expect(State::delivering);
    REQUIRE(s.until([&] { return s.job(Step::deliver)->state == JobState::waiting; }));
    world->mining = false;  // blocks come, but its transaction is in none
    CHECK_FALSE(s.until([&] { return !s.state_is(State::delivering); }, kWindow));
    const auto all = standing_alarms();
    CHECK(std::any_of(all.begin(), all.end(), [](const auto& alarm) { return alarm.reason == "late_delivery"; }));
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

TEST_CASE_METHOD(Fixture, "the database deleted: recover brings everything back, and makes nothing twice") {
    Scene& s = served();
    user(*world, "extend", "1", 1000);
    const std::string address = world->vms[0].address.str();
    s.wipe();
    expect(State::active);
    const auto detail = show_subscription(*s.journal, "chain", "1");
    CHECK(detail->address->address == address);
    CHECK(detail->vm->op_id == world->vms[0].op_id.str());
    CHECK(world->vms_made == 1);
    CHECK(find_sub(head(*world), "1")->mints == 1);
    buy_now("2");
    REQUIRE(s.until([&] { return s.state_is(State::active, "2"); }));
    CHECK(world->violation.empty());
}

TEST_CASE_METHOD(Fixture, "the database deleted while building: what exists is adopted with its address and spec") {
    Scene& s = bought();
    REQUIRE(s.until([&] { return count_vms(*world) == 1; }));
    s.wipe();
    expect(State::active);
    CHECK(world->vms_made == 1);
    CHECK(world->volumes_made == 1);
}

TEST_CASE_METHOD(Fixture,
                 "an object of ours whose order is on no chain is kept, alarmed, and its address stays reserved") {
    world->vms[5].exists = true, world->vms[5].op_id = "0123456789012345678901234567890123456789";
    world->vms[5].name = "bh-9-012345", world->vms[5].subject = "subscription:9", world->vms[5].epoch = "0xnone:0";
    world->vms[5].address = "2001:db8:b10c::55", world->vms[5].chain = "test:1", world->vms[5].contract = "0xcontract";
    Scene& s = served();
    CHECK(count_vms(*world) == 2);
    CHECK(standing_alarms().size() == 1);
    CHECK(standing_alarms()[0].reason == "orphan");
    CHECK(s.read<bool>([](Tx& tx) { return address_is_taken(tx, "2001:db8:b10c::55"); }));
    expect(State::ended);
    CHECK(count_vms(*world) == 1);
}

TEST_CASE_METHOD(Fixture, "nothing is made before the chain is read and the backends are listed") {
    add_fault(*world, "vm_list", BH_E_UNAVAILABLE, 20);
    Scene& s = bought();
    REQUIRE(s.until([&] { return s.row().has_value(); }));
    CHECK(s.engine->recovering());
    CHECK(world->volumes_made == 0);
    expect(State::active);
}

TEST_CASE_METHOD(Fixture, "a slow purchase does not delay another one") {
    add_fault(*world, "guest_hello", BH_E_UNAVAILABLE, 6);
    Scene& s = bought();
    REQUIRE(s.until([&] { return s.job(Step::reach).has_value(); }));
    buy_now("2");
    REQUIRE(s.until([&] { return s.state_is(State::active, "2") && s.state_is(State::active, "1"); }));
    CHECK(world->vms_made == 2);
}

TEST_CASE_METHOD(Fixture,
                 "with real threads a purchase gets to its delivery, and stop() ends run() with nothing lost") {
    begin();
    scene.reset();
    user(*world, "buy", "1", kPaid, "0xbuyer");
    for (int i = 0; i < 6; ++i) mine_block(*world);
    script = {};
    auto opened = Journal::open(directory + "/threads.db", [] { return 1'800'000'000'000; });
    REQUIRE(opened.ok());
    auto& journal = **opened;
    Doubles doubles{*world};
    const auto pool = make_thread_pool(1);  // the world is for one thread at a time
    Engine engine{journal, doubles.ports(), config_for_tests(), *pool};
    REQUIRE(engine.start().ok());
    std::thread loop{[&] { engine.run(); }};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    const auto state = [&] {
        const auto detail = show_subscription(journal, "chain", "1");
        return detail ? detail->subscription.state : State::purchased;
    };
    while (state() != State::delivering && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    engine.stop();
    loop.join();
    CHECK(state() == State::delivering);
    CHECK(engine.running_verbs() == 0);
}
