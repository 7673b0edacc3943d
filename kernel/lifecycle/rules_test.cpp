// One test for each rule of the lifecycle; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

#include <thread>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

TEST_CASE_METHOD(Fixture, "no address that the journal, netd's list or the hypervisor's list knows is assigned") {
    // Of a first purchase, in a world of its own. `watched`: the watch has got its lists before.
    const auto address_of_first = [&](bool watched, const std::function<void(World&)>& before) {
        scene.reset();
        for (const auto& entry : std::filesystem::directory_iterator{directory}) {
            if (entry.is_regular_file()) std::filesystem::remove(entry.path());
        }
        world = std::make_unique<World>();
        begin_world(*world);
        begin();
        REQUIRE(scene->until([&] { return !scene->engine->recovering(); }));
        before(*world);
        if (!watched) add_fault(*world, "vm_list", BH_E_UNAVAILABLE);
        buy_now();
        expect(State::active);
        return world->vms[0].address.str();
    };
    for (const bool watched : {true, false}) {
        const std::string first = address_of_first(watched, [](World&) {});
        CHECK(address_of_first(watched, [](World&) {}) == first);
        CHECK_FALSE(address_of_first(watched, [&](World& w) {
                        w.bindings[7].exists = true, w.bindings[7].owner = "foreign", w.bindings[7].address = first;
                    }) == first);
        CHECK_FALSE(address_of_first(watched, [&](World& w) {
                        w.vms[7].exists = true, w.vms[7].op_id = "foreign", w.vms[7].address = first;
                    }) == first);
    }
}

TEST_CASE_METHOD(Fixture,
                 "the watch's newest lists say which addresses are in use; a backend is asked when it has none") {
    Script at_once;
    at_once.early_start = true;
    Scene& s = begin(at_once);
    buy_now();
    expect(State::active);
    const auto reserve = [&](const std::string& id) {
        buy_now(id);
        REQUIRE(s.until([&] {
            return s.read<bool>([&](Tx& tx) {
                const auto rows = subscriptions_by_id(tx, "chain", id);
                return !rows.empty() && address_of(tx, rows[0].row).has_value();
            });
        }));
    };
    SECTION("it was just asked") {
        world->vms[0].running = false;  // the watch starts it again
        REQUIRE(s.until([&] { return world->vms[0].running; }));
        const std::uint32_t before = world->vm_lists;
        reserve("2");
        CHECK(world->vm_lists == before);
    }
    SECTION("it got no answer") {
        add_fault(*world, "vm_list", BH_E_UNAVAILABLE);
        REQUIRE(s.until([&] { return world->faults[0].count == 0; }));
        const std::uint32_t before = world->vm_lists;
        reserve("2");
        CHECK(world->vm_lists > before);
    }
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
