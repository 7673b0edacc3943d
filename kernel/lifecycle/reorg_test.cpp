// A rollback below a final position, and what it stops until an operator has looked; the name is the rule.
#include "kernel/journal/capacity.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Reorganised : Fixture {
    // The operator does not look by himself.
    Scene& start() {
        Script patient;
        patient.accept_reorgs = false;
        Scene& s = begin(patient);
        buy_now();
        return s;
    }
    // Paid for a long time, and that is final.
    Scene& served() {
        Scene& s = start();
        expect(State::active);
        user(*world, "extend", "1", 100'000);
        settle();
        return s;
    }
    // So many blocks, and what they bring.
    void settle() {
        scene->pass(6);
        for (int i = 0; i < 50; ++i) scene->tick();
    }
    // Everything from the newest event of this type on never happened; below what was final.
    void lose(const char* event) {
        scene->pass(6);  // far enough behind the head to be final
        REQUIRE(scene->until([&] { return true; }));
        for (int i = 0; i < 50; ++i) scene->tick();
        reorganise(*world, height_of(*world, event) - 1, true);
        world->now_ms += 1000;
        REQUIRE(scene->until([&] { return parked(); }, 30));
    }
    bool parked() {
        return scene->read<bool>([](Tx& tx) {
            const auto cursor = cursor_of(tx, "chain");
            return cursor && cursor->parked_destruction;
        });
    }
    void accept() { REQUIRE(scene->operate->accept_reorg(scene->command(), "chain").ok()); }
    bool alarmed(const std::string& reason) {
        const auto all = standing_alarms();
        return std::any_of(all.begin(), all.end(), [&](const auto& alarm) { return alarm.reason == reason; });
    }
    std::uint64_t sent(const char* action) {
        std::uint64_t n = 0;
        for (const auto& tx : world->txs) n += tx.state != WorldTx::none && !tx.user && tx.action == action ? 1 : 0;
        return n;
    }
};

}  // namespace

TEST_CASE_METHOD(Reorganised, "it sells nothing until it is accepted, and then as many places as before") {
    Scene& s = served();
    lose("extended");
    CHECK(alarmed("reorg_below_final"));
    REQUIRE(s.until([&] { return head(*world).capacity == 0; }, 30));
    buy_now("2");
    s.pass(3);
    CHECK(find_sub(head(*world), "2") == nullptr);
    accept();
    REQUIRE(s.until([&] { return head(*world).capacity == kCapacity; }, 60));
    REQUIRE(s.until([&] { return s.sales_settled(); }, 60));
    CHECK_FALSE(alarmed("reorg_below_final"));
    CHECK(sent("set_capacity") == 2);
    buy_now("3");
    CHECK(s.until([&] { return s.state_is(State::active, "3"); }));
}

// It was: the plan stayed off sale for ever, and nobody was told.
TEST_CASE_METHOD(Reorganised, "a second rollback that takes the places that came back takes them off sale once more") {
    Scene& s = served();
    lose("extended");
    REQUIRE(s.until([&] { return head(*world).capacity == 0; }, 30));
    accept();
    REQUIRE(s.until([&] { return s.sales_settled(); }, 60));
    const auto restored = s.read<std::optional<CapacityRow>>([](Tx& tx) { return capacity_of(tx, "chain", "1"); });
    REQUIRE(restored);
    user(*world, "extend", "1", 100'000);

    SECTION("accepted later") {
        reorganise(*world, restored->height - 1, true);
        world->now_ms += 1000;
        REQUIRE(s.until([&] { return parked(); }, 30));
        CHECK_FALSE(s.until([&] { return head(*world).capacity != 0; }, 60));
        accept();
    }
    SECTION("accepted at once") {
        reorganise(*world, restored->height - 1, true);
        world->now_ms += 1000;
        while (!parked()) s.tick();
        accept();
    }
    SECTION("that is mined again on the new branch: not on sale before it is accepted") {
        reorganise_in_place(*world, restored->height - 1);
        world->now_ms += 1000;
        REQUIRE(s.until([&] { return parked(); }, 30));
        REQUIRE(s.until([&] { return head(*world).capacity == 0; }, 60));
        CHECK_FALSE(s.until([&] { return head(*world).capacity != 0; }, 60));
        accept();
    }
    SECTION("and the one that took them off: not on sale before it is accepted") {
        reorganise(*world, height_of(*world, "delivered"), true);
        world->now_ms += 1000;
        REQUIRE(s.until([&] { return parked(); }, 30));
        REQUIRE(s.until([&] { return head(*world).capacity == 0; }, 60));
        CHECK_FALSE(s.until([&] { return head(*world).capacity != 0; }, 60));
        accept();
    }
    REQUIRE(s.until([&] { return head(*world).capacity == kCapacity; }, 60));
    REQUIRE(s.until([&] { return s.sales_settled(); }, 60));
}

TEST_CASE_METHOD(Reorganised, "a total that the operator sets by hand meanwhile stays his") {
    Scene& s = served();
    lose("extended");
    REQUIRE(s.until(
        [&] {
            const auto row = s.read<std::optional<CapacityRow>>([](Tx& tx) { return capacity_of(tx, "chain", "1"); });
            return row && row->done;
        },
        60));
    user(*world, "set_capacity", "", 7);
    REQUIRE(s.until([&] { return s.read<std::uint64_t>([](Tx& tx) { return plan_of(tx, "chain", "1")->total; }) == 7; },
                    60));
    accept();
    REQUIRE(s.until([&] { return s.read<bool>([](Tx& tx) { return capacities(tx).empty(); }); }, 60));
    CHECK_FALSE(s.until([&] { return head(*world).capacity != 7; }, 60));
}

TEST_CASE_METHOD(Reorganised, "accepted before a transaction was sent: nothing is sent") {
    add_fault(*world, "submit", BH_E_UNAVAILABLE, 0);
    Scene& s = served();
    reorganise(*world, height_of(*world, "extended") - 1, true);
    world->now_ms += 1000;
    while (!parked()) s.tick();
    accept();
    CHECK_FALSE(s.until([&] { return head(*world).capacity != kCapacity; }, 40));
    CHECK(sent("set_capacity") == 0);
}

TEST_CASE_METHOD(Reorganised, "a delivery waits until it is accepted, and goes out once") {
    Scene& s = start();
    expect(State::active);
    settle();
    lose("delivered");
    REQUIRE(s.until([&] { return s.state_is(State::delivering); }, 60));
    CHECK_FALSE(s.until([&] { return find_sub(head(*world), "1")->delivered; }, 60));
    CHECK(world->vms[0].running);
    accept();
    expect(State::active);
    CHECK(find_sub(head(*world), "1")->mints == 1);
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Reorganised,
                 "what is due is neither suspended, closed nor destroyed, also what the guard had passed before") {
    Scene& s = start();
    expect(State::active);
    SECTION("a VM that waits to be destroyed") {
        user(*world, "cancel", "1");
        REQUIRE(s.until([&] { return s.job(Step::destroy).has_value(); }));
        // Another one's past is rolled back: no event of this one is touched, and its guard was content.
        world->branch += 0;
        reorganise(*world, world->height - 4, false);
        world->now_ms += 1000;
        REQUIRE(s.until([&] { return parked(); }, 30));
        CHECK_FALSE(s.until([&] { return count_vms(*world) == 0; }, 60));
        accept();
        expect(State::ended);
        CHECK(objects() == 0);
    }
    SECTION("a VM whose time is over") {
        settle();
        reorganise(*world, world->height - 4, false);
        world->now_ms += 1000;
        REQUIRE(s.until([&] { return parked(); }, 30));
        CHECK_FALSE(s.until([&] { return !world->vms[0].running; }, 90));
        accept();
        REQUIRE(s.until([&] { return !world->vms[0].running; }, 90));
    }
}

TEST_CASE_METHOD(Reorganised, "a stop that a restart finds is still one") {
    Scene& s = start();
    expect(State::active);
    settle();
    lose("delivered");
    s.restart();
    CHECK_FALSE(s.until([&] { return find_sub(head(*world), "1")->delivered; }, 60));
    CHECK(parked());
    accept();
    expect(State::active);
}

TEST_CASE_METHOD(Reorganised, "an order that is gone, and was delivered, is held once that is accepted; its VM stays") {
    Scene& s = start();
    expect(State::active);
    settle();
    lose("purchased");
    CHECK_FALSE(s.until([&] { return !s.state_is(State::active); }, 60));
    if (GENERATE(false, true)) s.restart();
    accept();
    REQUIRE(s.until([&] { return s.state_is(State::held); }, 60));
    CHECK_FALSE(s.until([&] { return count_vms(*world) == 0; }, 60));
}

// As a node shows it that goes back to a snapshot and mines the same transactions again.
TEST_CASE_METHOD(Reorganised, "an order that is gone and mined again later is served on, without anybody's retry") {
    Scene& s = start();
    expect(State::active);
    settle();
    // The stop of sales, which would refuse it, is slower.
    add_fault(*world, "submit", BH_E_UNAVAILABLE, std::numeric_limits<std::uint32_t>::max());
    lose("purchased");
    s.pass(6);
    CHECK_FALSE(s.until([&] { return !s.state_is(State::active); }, 20));
    buy_now();
    s.pass(6);
    REQUIRE(find_sub(head(*world), "1") != nullptr);
    for (Fault& fault : world->faults) fault = {};
    if (GENERATE(false, true)) s.restart();
    accept();
    REQUIRE(s.until([&] { return find_sub(head(*world), "1")->delivered; }, 60));
    expect(State::active);
    CHECK(world->vms[0].running);
    CHECK(world->vms_made == 1);
    CHECK(find_sub(head(*world), "1")->mints == 1);
}

// It was: ended, whatever the chain said from then on.
TEST_CASE_METHOD(Reorganised, "a burn that is gone is sent again, once it is accepted") {
    Scene& s = start();
    expect(State::ended);
    lose("burned");
    CHECK_FALSE(s.until([&] { return !s.state_is(State::ended) || find_sub(head(*world), "1")->burned; }, 60));
    accept();
    REQUIRE(s.until([&] { return find_sub(head(*world), "1")->burned; }, 60));
    expect(State::ended);
    CHECK(sent("close") == 1);
    CHECK(standing_alarms().empty());
    CHECK_FALSE(s.until([&] { return !s.state_is(State::ended); }, 60));
}

TEST_CASE_METHOD(Reorganised,
                 "an end that is gone, of a VM that is gone: held once it is accepted, also by a restart") {
    Scene& s = start();
    expect(State::active);
    user(*world, "extend", "1", 100'000);
    s.pass(6);
    REQUIRE(s.until([&] { return s.row()->expires_at.seconds > world->now_ms / 1000 + 90'000; }));
    const VmObject vm = world->vms[0];
    const VolumeObject volume = world->volumes[0];
    user(*world, "cancel", "1");
    expect(State::ended);
    lose("cancelled");
    CHECK_FALSE(s.until([&] { return !s.state_is(State::ended); }, 60));
    if (GENERATE(false, true)) s.restart();
    accept();
    expect(State::held);
    const auto all = standing_alarms();
    const auto held = std::find_if(all.begin(), all.end(), [](const auto& each) { return each.reason == "held"; });
    REQUIRE(held != all.end());
    CHECK(held->message.find("blockhost recover") != std::string::npos);
    CHECK(s.row()->reason == held->message);
    CHECK(objects() == 0);
    CHECK_FALSE(s.until([&] { return !s.state_is(State::held); }, 60));

    // The operator has a copy.
    world->vms[0] = vm;
    world->volumes[0] = volume;
    REQUIRE(s.operate->recover(s.command()).ok());
    REQUIRE(s.until([&] { return !s.engine->recovering(); }));
    REQUIRE(s.operate->retry(s.command(), s.row()->row).ok());
    expect(State::active);
    CHECK(s.until([&] { return count_bindings(*world) == 1; }, 60));
    CHECK(s.read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).size() == 1);
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Reorganised, "a close that is gone, of a VM that still exists: it is served again") {
    Scene& s = start();
    expect(State::active);
    user(*world, "extend", "1", 100'000);
    s.pass(6);
    user(*world, "cancel", "1");
    REQUIRE(s.until([&] { return s.state_is(State::retiring) && !world->vms[0].running; }));
    reorganise(*world, height_of(*world, "cancelled") - 1, true);
    world->now_ms += 1000;
    REQUIRE(s.until([&] { return parked(); }, 30));
    accept();
    expect(State::active);
    CHECK(s.until([&] { return world->vms[0].running; }, 60));
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Reorganised, "an order that was declined, and is open again on the new branch, is served anew") {
    world->request_opens = false;
    Scene& s = start();
    expect(State::ended);
    world->request_opens = true;
    reorganise(*world, height_of(*world, "declined") - 1, true);  // within its window still
    world->now_ms += 1000;
    REQUIRE(s.until([&] { return parked(); }, 30));
    accept();
    expect(State::active);
    CHECK(find_sub(head(*world), "1")->mints == 1);
}
