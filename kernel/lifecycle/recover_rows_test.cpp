// LIFECYCLE.md section 5, row by row: the journal is lost, and what the chain says and what exists decide; the name is
// the row. And each of them once more with the journal of an earlier day.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Recovered : Fixture {
    // The engine is away while this happens, and it is final when it comes back with an empty journal.
    template <class Change>
    void lose_journal(const Change& change, std::int64_t blocks = 5) {
        change();
        scene->pass(blocks);
        scene->wipe();
        REQUIRE(scene->until([&] { return !scene->engine->recovering(); }));
    }
    void on_chain(std::initializer_list<const char*> actions) {
        for (const char* action : actions) {
            user(*world, action, "1");
            scene->pass(1);
        }
    }
    void lose_vm() {
        world->vms[0] = {};
        for (auto& volume : world->volumes) volume = {};
        for (auto& binding : world->bindings) binding = {};
    }
    bool alarmed(const std::string& reason) {
        const auto all = standing_alarms();
        return std::any_of(all.begin(), all.end(), [&](const auto& alarm) { return alarm.reason == reason; });
    }
    // Nothing was ever made twice, and in the end nothing is left.
    void expect_end() {
        expect(State::ended);
        CHECK(objects() == 0);
        CHECK(world->vms_made <= 1);
        CHECK(balances(*world));
        const Sub* sub = find_sub(head(*world), "1");
        if (sub->delivered) CHECK(sub->mints == 1);
    }
};

}  // namespace

TEST_CASE_METHOD(Recovered, "open, anything: purchased; what exists is adopted with its address and spec") {
    Scene& s = bought();
    REQUIRE(s.until([&] { return count_vms(*world) == 1; }));
    const std::string address = world->vms[0].address.str();
    lose_journal([] {});
    REQUIRE(s.row().has_value());
    CHECK(is_undelivered(s.row()->state));
    expect(State::active);
    CHECK(world->vms[0].address == address);
    CHECK(world->vms_made == 1);
    CHECK(world->volumes_made == 1);
    user(*world, "cancel", "1");
    expect_end();
}

TEST_CASE_METHOD(Recovered, "delivered and paid, VM: active, started if it is stopped") {
    served();
    lose_journal([&] {
        user(*world, "extend", "1", 1000);
        reboot(*world);
    });
    expect(State::active);
    REQUIRE(scene->until([&] { return world->vms[0].running; }));
    user(*world, "cancel", "1");
    expect_end();
}

TEST_CASE_METHOD(Recovered, "delivered and paid, no VM: held, and no other one is built") {
    served();
    lose_journal([&] {
        user(*world, "extend", "1", 1000);
        lose_vm();
    });
    expect(State::held);
    CHECK(alarmed("held"));
    CHECK_FALSE(scene->until([&] { return count_vms(*world) > 0; }, 60));
    CHECK(scene->state_is(State::held));
}

TEST_CASE_METHOD(Recovered, "expired, VM: suspending, then suspended; an extension still saves it") {
    served();
    lose_journal([&] { world->now_ms += kPaid * 1000; }, 6);
    CHECK(count_vms(*world) == 1);
    REQUIRE(scene->until([&] { return scene->state_is(State::suspending) || scene->state_is(State::suspended); }));
    expect(State::suspended);
    user(*world, "extend", "1", 1000);
    expect(State::active);
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Recovered, "cancelled, VM: closing") {
    served();
    lose_journal([&] { on_chain({"cancel"}); });
    expect(State::closing);
    expect_end();
}

TEST_CASE_METHOD(Recovered, "closed, VM: retiring with a new deadline") {
    served();
    lose_journal([&] { on_chain({"cancel", "close"}); });
    REQUIRE(scene->until([&] { return scene->state_is(State::retiring) && scene->row()->undo_until_ms > 0; }));
    CHECK(scene->row()->undo_until_ms > world->now_ms);
    CHECK(count_vms(*world) == 1);
    expect_end();
}

TEST_CASE_METHOD(Recovered, "closed, none: burning") {
    served();
    lose_journal([&] {
        on_chain({"cancel", "close"});
        lose_vm();
    });
    REQUIRE(scene->until([&] { return scene->state_is(State::burning); }));
    expect_end();
    CHECK(find_sub(head(*world), "1")->burned);
}

TEST_CASE_METHOD(Recovered, "burned, VM: retiring") {
    served();
    lose_journal([&] { on_chain({"cancel", "close", "burn"}); });
    expect(State::retiring);
    CHECK(count_vms(*world) == 1);
    expect_end();
}

TEST_CASE_METHOD(Recovered, "burned, none: ended") {
    served();
    lose_journal([&] {
        on_chain({"cancel", "close", "burn"});
        lose_vm();
    });
    expect_end();
    CHECK(scene->job(Step::burn) == std::nullopt);
}

TEST_CASE_METHOD(Recovered, "declined or refunded: cleaning") {
    for (const char* action : {"decline", "refund"}) {
        INFO(action);
        scene.reset();
        for (const auto& entry : std::filesystem::directory_iterator{directory}) std::filesystem::remove(entry.path());
        world = std::make_unique<World>();
        begin_world(*world);
        bought();
        expect(State::delivering);
        world->mining = false;  // its delivery is lost
        scene->tick();
        for (auto& tx : world->txs) {
            if (!tx.user) tx = {};
        }
        world->mining = true;
        lose_journal([&] { on_chain({action}); });
        REQUIRE(scene->until([&] { return scene->state_is(State::cleaning); }));
        expect_end();
        CHECK(find_sub(head(*world), "1")->mints == 0);
    }
}

TEST_CASE_METHOD(Recovered, "no such order, an object of ours: an orphan, kept, alarmed, its address reserved") {
    Scene& s = served();
    const std::string address = world->vms[0].address.str();
    lose_journal([&] { reorganise(*world, height_of(*world, "purchased") - 1, true); });
    CHECK(alarmed("orphan"));
    CHECK_FALSE(s.row().has_value());
    CHECK(s.read<bool>([&](Tx& tx) { return address_is_taken(tx, address); }));
    CHECK_FALSE(s.until([&] { return count_vms(*world) == 0; }, 60));
    buy_now("2");
    REQUIRE(s.until([&] { return s.state_is(State::active, "2"); }));
    CHECK(count_vms(*world) == 2);
    CHECK(world->violation.empty());
}
