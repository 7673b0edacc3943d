// Starting without a journal, or with backends that can't be listed; the name is the rule.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

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
