// A plugin instance that is parked: its rows wait, all others go on; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Parked : Fixture {
    // Subscription 1 is served; 2 waits for a storage that is parked and stays so for as long as a test wants.
    Scene& waiting() {
        Scene& s = served();
        user(*world, "extend", "1", 200);
        add_fault(*world, "storage_check", BH_E_DENIED, 1000);
        add_fault(*world, "volume_create", BH_E_DENIED, 1);
        buy_now("2");
        REQUIRE(s.until([&] { return is_parked(); }));
        return s;
    }
    bool is_parked() {
        const auto found = status(*scene->journal);
        return found && found->parked.size() == 1 && found->parked.front().instance == "st";
    }
    std::uint32_t attempts() {
        return scene->read<std::uint32_t>([&](Tx& tx) {
            std::uint32_t all = 0;
            for (const auto& row : subscriptions_by_id(tx, "chain", "2")) {
                for (const auto& job : jobs_of(tx, row.row)) all += job.attempt;
            }
            return all;
        });
    }
    void end_faults() {
        for (auto& fault : world->faults) fault.count = 0;
    }
};

}  // namespace

TEST_CASE_METHOD(Parked, "its jobs are not tried while it is parked, and what needs it not goes on") {
    Scene& s = waiting();
    const auto before = attempts();
    // The other one: its VM stops and is started again, it is extended, all inside the window of the one that waits.
    world->vms[0].running = false;
    REQUIRE(s.until([&] { return world->vms[0].running; }, 20));
    const auto expires = s.row()->expires_at;
    user(*world, "extend", "1", 100);
    REQUIRE(s.until([&] { return s.row()->expires_at > expires; }, 20));
    CHECK(is_parked());
    CHECK(attempts() == before);
    CHECK_FALSE(s.state_is(State::ended, "2"));
    CHECK(count_volumes(*world) == 1);
    CHECK(world->violation.empty());
}

TEST_CASE_METHOD(Parked, "it is tried every while and goes on when its check passes") {
    Scene& s = waiting();
    end_faults();
    REQUIRE(s.until([&] { return !is_parked(); }, 30));
    REQUIRE(s.until([&] { return s.state_is(State::active, "2"); }));
    CHECK(standing_alarms().empty());
    CHECK(world->volumes_made == 2);
    CHECK(world->violation.empty());
}

TEST_CASE_METHOD(Parked, "unpark tries it at once, once for each command, and says so when there is none") {
    Scene& s = waiting();
    end_faults();
    const Command command = s.command();
    REQUIRE(s.operate->unpark(command, "st"));
    const std::int64_t asked = world->now_ms;
    REQUIRE(s.until([&] { return !is_parked(); }, 30));
    CHECK(world->now_ms - asked < 2000);  // not at the next time by itself
    CHECK(s.operate->unpark(command, "st").failure().code == BH_E_CONFLICT);
    CHECK(s.operate->unpark(s.command(), "st").failure().code == BH_E_NOT_FOUND);
    REQUIRE(s.until([&] { return s.state_is(State::active, "2"); }));
}

TEST_CASE_METHOD(Parked, "an order whose window passes while it waits for a parked instance gets the money back") {
    Scene& s = waiting();
    REQUIRE(s.until([&] {
        return s.state_is(State::declined, "2") || s.state_is(State::cleaning, "2") || s.state_is(State::ended, "2");
    }));
    const Sub* order = find_sub(head(*world), "2");
    REQUIRE(order != nullptr);
    CHECK(order->declined);
    CHECK_FALSE(order->delivered);
    CHECK(balances(*world));
    CHECK(world->violation.empty());
}

TEST_CASE_METHOD(Parked, "a restart does not forget it") {
    Scene& s = waiting();
    s.restart();
    const auto before = attempts();
    const std::int64_t later = world->now_ms + 15'000;  // tried again three times by then
    REQUIRE(s.until([&] { return world->now_ms >= later; }));
    CHECK(is_parked());
    CHECK(attempts() == before);
    end_faults();
    REQUIRE(s.until([&] { return s.state_is(State::active, "2"); }));
}
