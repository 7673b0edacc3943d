// What would be taken away, when and why not yet; the name is the rule.
#include "kernel/lifecycle/foresee.hpp"

#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Foreseen : Fixture {
    GcReport report() {
        Doubles doubles{*world};
        Ports ports = doubles.ports();
        auto found = foresee_all(*scene->journal, *scene->engine, ports, config_for_tests(), 50);
        REQUIRE(found.ok());
        return std::move(*found);
    }
    std::optional<Foresight> next() {
        auto all = report().rows;
        if (all.empty()) return std::nullopt;
        REQUIRE(all.size() == 1);
        return std::move(all.front());
    }
    // The first answer of this kind on the way.
    Foresight when(Step step, Verdict verdict) {
        std::optional<Foresight> found;
        const bool came = scene->until([&] {
            found = next();
            return found && found->step == step && found->verdict == verdict;
        });
        INFO(to_text(step) << " " << to_text(verdict)
                           << "; last: " << (found ? std::string{to_text(found->step)} + " " + found->why : "nothing"));
        REQUIRE(came);
        return std::move(*found);
    }
};

}  // namespace

TEST_CASE_METHOD(Foreseen,
                 "a life is foreseen step by step: paid, counted, due; then its grace, the undo window, the burn") {
    Scene& s = bought();
    CHECK_FALSE(next().has_value());  // nothing is to be taken from who waits to be served
    expect(State::active);
    const auto paid = when(Step::suspend, Verdict::waiting);
    CHECK(paid.when == UnixTime{find_sub(head(*world), "1")->expires});
    CHECK(paid.why.find("paid") != std::string::npos);
    CHECK_FALSE(paid.holds);

    const auto counting = when(Step::suspend, Verdict::counting);
    CHECK(counting.holds);
    CHECK(counting.looks < config_for_tests().guard.checks);
    CHECK(counting.when_ms > world->now_ms);
    CHECK(world->vms[0].running);

    expect(State::suspended);
    const auto grace = when(Step::close, Verdict::waiting);
    CHECK(grace.when == UnixTime{find_sub(head(*world), "1")->grace_ends});
    when(Step::close, Verdict::counting);
    const auto undo = when(Step::destroy, Verdict::waiting);
    CHECK(undo.when_ms == s.row()->undo_until_ms);
    CHECK(undo.why.find("subscription undo 1") != std::string::npos);
    CHECK(count_vms(*world) == 1);
    expect(State::ended);
    CHECK_FALSE(next().has_value());
}

TEST_CASE_METHOD(Foreseen, "asking changes nothing") {
    Scene& s = served();
    const auto head_before = s.read<std::string>([](Tx& tx) { return audit_head(tx); });
    const auto row = s.row()->updated_ms;
    const auto before = count_vms(*world);
    for (int i = 0; i < 20; ++i) report();
    CHECK(s.read<std::string>([](Tx& tx) { return audit_head(tx); }) == head_before);
    CHECK(s.row()->updated_ms == row);
    CHECK(count_vms(*world) == before);
    // Nor does asking make the guard count.
    REQUIRE(s.until([&] { return head(*world).time > find_sub(head(*world), "1")->expires + 4; }));
    const auto progress = s.engine->guard_progress(s.row()->row);
    for (int i = 0; i < 20; ++i) report();
    const auto after = s.engine->guard_progress(s.row()->row);
    CHECK((progress ? progress->looks : 0) == (after ? after->looks : 0));
}

TEST_CASE_METHOD(Foreseen, "a chain or a hypervisor that can't be asked is no answer") {
    Scene& s = served();
    REQUIRE(s.until([&] { return s.state_is(State::suspended); }));
    SECTION("chain") { add_fault(*world, "subscription_state", BH_E_UNAVAILABLE, 1); }
    SECTION("hypervisor") { add_fault(*world, "vm_get", BH_E_UNAVAILABLE, 1); }
    const auto found = next();
    REQUIRE(found.has_value());
    CHECK(found->verdict == Verdict::unread);
    CHECK(found->why.find("injected") != std::string::npos);
}

TEST_CASE_METHOD(Foreseen, "a head that says otherwise, or a VM that is not ours, is refused") {
    Scene& s = served();
    expect(State::suspended);
    SECTION("extended at the head") {
        REQUIRE(s.until([&] { return head(*world).time > find_sub(head(*world), "1")->grace_ends + 6; }));
        user(*world, "extend", "1", 1000);
        world->now_ms += 1000;
        mine_block(*world);
        const auto found = next();
        REQUIRE(found.has_value());
        CHECK(found->verdict == Verdict::refused);
        CHECK(found->says.head == Standing::paid);
        CHECK_FALSE(found->holds);
    }
    SECTION("foreign") {
        world->vms[0].op_id = "0000000000000000000000000000000000000000";
        const auto vm = s.read<std::vector<VmRow>>([](Tx& tx) { return list_vms(tx); });
        REQUIRE(vm.size() == 1);
        // The hypervisor answers for the name that we know with another maker.
        ForesightInput in;
        in.row = *s.row();
        in.vm = vm[0];
        Vm other;
        other.created_by = "0000000000000000000000000000000000000000";
        in.found_vm = Result<Vm>{other};
        const auto found = foresee(in);
        REQUIRE(found.has_value());
        CHECK(found->verdict == Verdict::refused);
        CHECK(found->why.find("somebody else's") != std::string::npos);
    }
}

TEST_CASE_METHOD(Foreseen, "held, a rolled back chain, and a start block everything, and say what is needed") {
    Scene& s = served();
    SECTION("held") {
        expect(State::suspending);
        add_fault(*world, "vm_stop", BH_E_INVALID, 2);
        expect(State::held);
        CHECK(next()->verdict == Verdict::blocked);
        CHECK(next()->step == Step::none);
    }
    SECTION("start") {
        expect(State::suspended);
        s.restart();
        CHECK(next()->verdict == Verdict::blocked);
        CHECK(next()->why.find("deriving") != std::string::npos);
    }
    SECTION("rolled back") {
        ForesightInput in;
        in.row = *s.row();
        in.parked_chain = true;
        CHECK(foresee(in)->verdict == Verdict::blocked);
        CHECK(foresee(in)->why.find("accept-reorg chain") != std::string::npos);
    }
}

TEST_CASE_METHOD(Foreseen, "a clean waits for finality and for creates that may still appear") {
    Scene& s = bought();
    expect(State::delivering);
    user(*world, "refund", "1");
    const auto found = when(Step::clean, Verdict::waiting);
    CHECK(found.why.find("final") != std::string::npos);
    expect(State::ended);
    CHECK_FALSE(next().has_value());
    static_cast<void>(s);
}

TEST_CASE_METHOD(Foreseen, "orphans are shown, and kept") {
    world->vms[5].exists = true, world->vms[5].op_id = "0123456789012345678901234567890123456789";
    world->vms[5].name = "bh-9-012345", world->vms[5].subject = "subscription:9", world->vms[5].epoch = "0xnone:0";
    world->vms[5].address = "2001:db8:b10c::55", world->vms[5].chain = "test:1", world->vms[5].contract = "0xcontract";
    served();
    CHECK(report().orphan_vms.size() == 1);
}
