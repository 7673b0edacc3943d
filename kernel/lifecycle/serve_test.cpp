// The life of one subscription from end to end, over the doubles.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

TEST_CASE_METHOD(Fixture, "a purchase becomes one VM, one volume, one address, one credential, and is active") {
    Scene& s = served();
    CHECK(count_vms(*world) == 1);
    CHECK(count_volumes(*world) == 1);
    CHECK(count_bindings(*world) == 1);
    CHECK(find_sub(head(*world), "1")->mints == 1);
    const auto detail = show_subscription(*s.journal, "", "1");
    REQUIRE(detail);
    CHECK(detail->subscription.expires_at.seconds == find_sub(head(*world), "1")->expires);
    CHECK(detail->vm->name.starts_with("bh-1-"));
    CHECK(detail->vm->tap == "bh" + detail->vm->op_id.substr(0, 12));
    CHECK(detail->address->address == detail->vm->address);
    std::set<std::string> stages;
    for (const auto& stage : detail->timeline) stages.insert(stage.stage);
    for (const char* stage :
         {"mined", "seen", "final", "volume", "started", "reachable", "deliver_sent", "deliver_final", "active"}) {
        CHECK(stages.contains(stage));
    }
    CHECK(world->violation.str().empty());
}

TEST_CASE_METHOD(Fixture,
                 "expiry, suspension, extension, resume, expiry, closing, destruction, burning: nothing is left") {
    Scene& s = served();
    REQUIRE(s.until_state(State::suspended));
    CHECK_FALSE(world->vms[0].running);
    CHECK(world->bindings[0].blocked);
    user(*world, "extend", "1", 30);
    REQUIRE(s.until_state(State::active));
    CHECK(world->vms[0].running);
    CHECK_FALSE(world->bindings[0].blocked);
    CHECK(s.row()->expires_at.seconds == find_sub(head(*world), "1")->expires);
    REQUIRE(s.until_state(State::suspended));
    REQUIRE(s.until_state(State::ended));
    CHECK(find_sub(head(*world), "1")->burned);
    CHECK(count_vms(*world) + count_volumes(*world) + count_bindings(*world) == 0);
    CHECK(s.read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).empty());
    CHECK(s.read<std::vector<AlarmRow>>([](Tx& tx) { return alarms(tx); }).empty());
    CHECK(world->violation.str().empty());
    CHECK(balances(*world));
}
