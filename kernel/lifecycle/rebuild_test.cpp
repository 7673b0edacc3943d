// A delivered order whose VM is lost: when it is built anew, and when not; the name is the rule.
#include "kernel/lifecycle/rebuild.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Lost : Fixture {
    Lost() {
        Script patient;
        patient.accept_reorgs = false;
        Scene& s = begin(patient);
        user(*world, "buy", "1", 10'000, "0xbuyer");
        expect(State::active);
        const std::int64_t row = s.row()->row;
        first = *s.read<std::optional<VmRow>>([row](Tx& tx) { return vm_of(tx, row); });
        address = *s.read<std::optional<AddressRow>>([row](Tx& tx) { return address_of(tx, row); });
    }
    // As a disk that died: of the VM, and with its volume.
    void lose_vm() {
        for (auto& vm : world->vms) vm = {};
    }
    void lose_all() {
        lose_vm();
        for (auto& volume : world->volumes) volume = {};
    }
    Status rebuild(bool gone = true) { return scene->operate->rebuild(scene->command(), scene->row()->row, gone); }
    // Why it was refused, and nothing has changed.
    std::string refusal(bool gone = true) {
        const State before = scene->row()->state;
        const auto audit = scene->read<std::string>([](Tx& tx) { return list_audit(tx, 0, 100'000).back().hash; });
        const Status done = rebuild(gone);
        REQUIRE_FALSE(done.ok());
        CHECK(scene->row()->state == before);
        CHECK(scene->read<std::string>([](Tx& tx) { return list_audit(tx, 0, 100'000).back().hash; }) == audit);
        return done.failure().message;
    }
    std::vector<Rebuilt> to_tell() {
        return scene->read<std::vector<Rebuilt>>([](Tx& tx) { return rebuilt_rows(tx); });
    }
    void expect_one_of_all() {
        CHECK(world->violation.str() == "");
        CHECK(objects() == 3);
        CHECK(find_sub(head(*world), "1")->mints == 1);
        const auto vms = scene->read<std::vector<VmRow>>([](Tx& tx) { return list_vms(tx); });
        REQUIRE(vms.size() == 1);
        CHECK(vms[0].op_id == first.op_id);
        CHECK(vms[0].name == first.name);
        CHECK(vms[0].address == first.address);
        CHECK_FALSE(vms[0].host_key.empty());
        const auto all = scene->read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); });
        REQUIRE(all.size() == 1);
        CHECK(all[0].address == address.address);
    }
    VmRow first;
    AddressRow address;
};

bool says(const std::string& text, const char* what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE_METHOD(Lost, "a lost VM is built again in its place: the same name and address, one of all, no second mint") {
    const auto statements = world->statements;
    lose_all();
    REQUIRE(rebuild().ok());
    CHECK(scene->state_is(State::rebuilding));
    expect(State::active);
    expect_one_of_all();
    CHECK(world->vms_made == 2);
    CHECK(world->volumes_made == 2);
    CHECK(scene->until([&] { return world->statements > statements; }));
    CHECK(standing_alarms().empty());
    REQUIRE(to_tell().size() == 1);
    CHECK(to_tell()[0].row == scene->row()->row);
}

TEST_CASE_METHOD(Lost, "a volume that outlived its VM is used as it is, also where its image is gone") {
    lose_vm();
    REQUIRE(rebuild().ok());
    expect(State::active);
    expect_one_of_all();
    CHECK(world->vms_made == 2);
    CHECK(world->volumes_made == 1);
}

TEST_CASE_METHOD(Lost, "without the operator's word nothing is built") {
    lose_all();
    CHECK(says(refusal(false), "--gone"));
}

TEST_CASE_METHOD(Lost, "a VM that any hypervisor has is not lost, and is left alone") {
    CHECK(says(refusal(), "the hypervisor hv has the VM vm-"));
    CHECK(world->vms[0].running);
    SECTION("a list that is empty proves nothing: the VM itself is asked for") {
        add_fault(*world, "empty_vm_list", 0, 1);
        CHECK(says(refusal(), "has the VM"));
    }
    SECTION("nor does one answer that there is none: the list is asked, too") {
        add_fault(*world, "vm_get", BH_E_NOT_FOUND, 1);
        CHECK(says(refusal(), "has the VM"));
    }
    SECTION("a hypervisor that does not answer is no reason to build") {
        lose_all();
        add_fault(*world, GENERATE("vm_get", "vm_list"), BH_E_UNAVAILABLE, 1);
        CHECK(says(refusal(), "can't say"));
    }
}

TEST_CASE_METHOD(Lost, "a VM that comes back after the command holds the rebuild; recover takes it in again") {
    const VmObject kept = world->vms[0];
    lose_vm();
    add_fault(*world, "hv_describe", BH_E_BUSY, 3);
    REQUIRE(rebuild().ok());
    REQUIRE(scene->until([&] { return scene->job(Step::reserve)->state == JobState::backoff; }));
    world->vms[0] = kept;
    world->vms[0].running = true;
    expect(State::held);
    CHECK(says(scene->row()->reason, "vm_found"));
    CHECK(world->vms_made == 1);
    scene->engine->recover();
    REQUIRE(scene->until([&] {
        return scene->read<std::size_t>([](Tx& tx) { return list_vms(tx).size(); }) == 1 &&
               !scene->engine->recovering();
    }));
    REQUIRE(scene->operate->retry(scene->command(), scene->row()->row).ok());
    expect(State::active);
    CHECK(world->vms_made == 1);
    CHECK(objects() == 3);
}

TEST_CASE_METHOD(Lost, "only what the chain says is delivered and paid for, at both positions, is built anew") {
    SECTION("not what its owner has cancelled") {
        lose_all();
        user(*world, "cancel", "1");
        scene->pass(1);
        CHECK(says(refusal(), "its head says close_due"));
    }
    SECTION("not while the chain can't be read") {
        lose_all();
        add_fault(*world, "subscription_state", BH_E_UNAVAILABLE, 1);
        REQUIRE_FALSE(rebuild().ok());
        CHECK(scene->state_is(State::active));
    }
    SECTION("not on a chain that was rolled back below a final position, until that is accepted") {
        scene->pass(6);
        for (int i = 0; i < 50; ++i) scene->tick();
        lose_all();
        reorganise(*world, world->height - 4, false);
        world->now_ms += 1000;
        REQUIRE(scene->until(
            [&] { return scene->read<bool>([](Tx& tx) { return cursor_of(tx, "chain")->parked_destruction; }); }));
        CHECK(says(refusal(), "accept-reorg"));
        REQUIRE(scene->operate->accept_reorg(scene->command(), "chain").ok());
        REQUIRE(scene->until([&] { return rebuild().ok(); }));
        expect(State::active);
        expect_one_of_all();
    }
}

TEST_CASE_METHOD(Lost, "a command runs once; a second one waits for the first") {
    lose_all();
    const Command command = scene->command();
    const std::int64_t row = scene->row()->row;
    REQUIRE(scene->operate->rebuild(command, row, true).ok());
    CHECK(says(refusal(), "the subscription is rebuilding"));
    expect(State::active);
    lose_all();
    CHECK(scene->operate->rebuild(command, row, true).failure().message == "this command ran before");
    REQUIRE(rebuild().ok());
    expect(State::active);
    expect_one_of_all();
    CHECK(world->vms_made == 3);
}

TEST_CASE_METHOD(Lost, "what can't be built is held, and built when the cause is gone") {
    lose_all();
    world->image_exists = false;
    REQUIRE(rebuild().ok());
    expect(State::held);
    CHECK(says(scene->row()->reason, "no_image"));
    CHECK(find_sub(head(*world), "1")->delivered);
    world->image_exists = true;
    REQUIRE(rebuild().ok());
    expect(State::active);
    expect_one_of_all();
}

TEST_CASE_METHOD(Lost, "after a create whose answer was lost it waits until that can't appear any more") {
    lose_all();
    add_fault(*world, "vm_create", BH_E_UNKNOWN_OUTCOME, kMaxLooks + 1);
    REQUIRE(rebuild().ok());
    expect(State::held);
    CHECK(says(refusal(), "may still appear"));
    const std::int64_t held_ms = world->now_ms;
    REQUIRE(scene->until([&] { return rebuild().ok(); }));
    CHECK(world->now_ms - held_ms >= 2 * config_for_tests().long_deadline_ms - 1000);
    expect(State::active);
    expect_one_of_all();
}

TEST_CASE_METHOD(Lost, "an owner who cancels meanwhile is closed at once, and what a lost answer made is destroyed") {
    lose_all();
    add_fault(*world, "vm_create", BH_E_UNKNOWN_OUTCOME, 100, true);
    REQUIRE(rebuild().ok());
    REQUIRE(scene->until([&] { return count_vms(*world) == 1; }));
    user(*world, "cancel", "1");
    expect(State::ended);
    CHECK(objects() == 0);
    CHECK(world->vms_made == 2);
    CHECK(scene->read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).empty());
}

TEST_CASE_METHOD(Lost, "a restart in the middle goes on with the same VM") {
    lose_all();
    REQUIRE(rebuild().ok());
    REQUIRE(scene->until([&] { return count_vms(*world) == 1; }));
    scene->restart();
    expect(State::active);
    expect_one_of_all();
    CHECK(world->vms_made == 2);
}

TEST_CASE_METHOD(Lost, "a lost journal in the middle: what there is of it is taken in, and a second command ends it") {
    lose_all();
    REQUIRE(rebuild().ok());
    SECTION("the VM is there") {
        REQUIRE(scene->until([&] { return count_vms(*world) == 1; }));
        scene->wipe();
    }
    SECTION("only the volume is there") {
        REQUIRE(scene->until([&] { return count_volumes(*world) == 1; }));
        scene->wipe();
        expect(State::held);
        CHECK(says(scene->row()->reason, "subscription rebuild 1"));
        REQUIRE(rebuild().ok());
    }
    expect(State::active);
    REQUIRE(scene->until([&] { return world->vms[0].running; }));
    CHECK(world->violation.str() == "");
    CHECK(objects() == 3);
    CHECK(world->vms_made == 2);
    CHECK(world->volumes_made == 2);
}

TEST_CASE("rows whose owner is to be told are kept once each") {
    Fixture at;
    Scene& s = at.begin();
    const auto changed = s.journal->write("test", [](Tx& tx) -> Status {
        note_rebuilt(tx, 7, "one");
        note_rebuilt(tx, 12, "a nonce: with a space");
        note_rebuilt(tx, 7, "two");
        return {};
    });
    REQUIRE(changed.ok());
    auto all = s.read<std::vector<Rebuilt>>([](Tx& tx) { return rebuilt_rows(tx); });
    REQUIRE(all.size() == 2);
    CHECK(all[0].row == 12);
    CHECK(all[1].row == 7);
    CHECK(all[0].command.size() == 64);
    CHECK(all[0].command != all[1].command);
    REQUIRE(s.journal
                ->write("test",
                        [](Tx& tx) -> Status {
                            forget_rebuilt(tx, 12);
                            forget_rebuilt(tx, 99);
                            return {};
                        })
                .ok());
    all = s.read<std::vector<Rebuilt>>([](Tx& tx) { return rebuilt_rows(tx); });
    REQUIRE(all.size() == 1);
    CHECK(all[0].row == 7);
}
