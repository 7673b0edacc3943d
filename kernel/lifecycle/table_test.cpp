#include "kernel/lifecycle/table.hpp"

#include "kernel/lifecycle/guard.hpp"
#include "kernel/lifecycle/op_id.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace bh::life;

TEST_CASE("the table has one answer for each state and fact, and a name for each transition") {
    std::set<std::string> names;
    for (const Transition& each : transitions()) {
        CHECK(names.insert(name_of(each)).second);
        CHECK(find_transition(each.from, each.fact, each.done) == &each);
        CHECK((each.fact == Fact::step_done) == (each.done != Step::none));
    }
    CHECK(names.size() > 150);
}

TEST_CASE("every state is reached and has a way to the end") {
    std::set<State> reached{State::purchased};
    for (std::size_t round = 0; round < kStateCount; ++round) {
        for (const Transition& each : transitions()) {
            if (reached.contains(each.from)) reached.insert(each.to);
        }
    }
    CHECK(reached.size() == kStateCount);
    std::set<State> ending{State::ended};
    for (std::size_t round = 0; round < kStateCount; ++round) {
        for (const Transition& each : transitions()) {
            if (ending.contains(each.to)) ending.insert(each.from);
        }
    }
    CHECK(ending.size() == kStateCount);
}

TEST_CASE("each step is ordered by the table, and its end is used in each state that it brings") {
    std::set<Step> ordered;
    for (const Transition& each : transitions()) {
        if (each.order == Step::none) continue;
        ordered.insert(each.order);
        INFO(name_of(each));
        CHECK(find_transition(each.to, Fact::step_done, each.order) != nullptr);
    }
    CHECK(ordered.size() == kStepCount - 1);
}

TEST_CASE("what can't be undone is guarded") {
    for (const Step step :
         {Step::suspend, Step::close, Step::retire, Step::destroy, Step::volume_delete, Step::clean, Step::burn}) {
        CHECK(rules_of(step).guard != Guard::none);
    }
    for (std::size_t i = 0; i < kStepCount; ++i) CHECK(rules_of(static_cast<Step>(i)).step == static_cast<Step>(i));
}

TEST_CASE("a destroyed VM is only destroyed after a close: retiring is the only way to destroy") {
    for (const Transition& each : transitions()) {
        if (each.order == Step::destroy || each.order == Step::volume_delete) CHECK(each.from == State::retiring);
        if (each.order == Step::retire) {
            const bool closed =
                each.fact == Fact::closed_final || each.fact == Fact::burned_final || each.done == Step::close;
            CHECK(closed);
        }
    }
}

TEST_CASE("each status of the ABI has its outcome, an unknown one is looked at") {
    CHECK(outcome_of(BH_OK, Step::start) == JobState::done);
    CHECK(outcome_of(BH_PENDING, Step::start) == JobState::waiting);
    CHECK(outcome_of(BH_E_NOT_FOUND, Step::destroy) == JobState::done);
    CHECK(outcome_of(BH_E_NOT_FOUND, Step::vm_create) == JobState::uncertain);
    CHECK(outcome_of(-99, Step::vm_create) == JobState::uncertain);
    std::set<bh_status> codes;
    for (const Outcome& each : outcomes()) CHECK(codes.insert(each.code).second);
    for (bh_status code = BH_E_INTERRUPTED; code <= BH_PENDING; ++code) {
        if (code != BH_E_NOT_FOUND) CHECK(codes.contains(code));
    }
}

TEST_CASE("op_id follows op-id-1.md") {
    struct Vector {
        OpSubject of;
        const char* id;
    };
    const std::string tx = "0xabababababababababababababababababababababababababababababababab";
    const std::string contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    const Vector vectors[] = {
        {{"eip155:31337", contract, "subscription:7", "build", "", tx + ":0"},
         "6275670000c5b0838142f504a61a77f6604911d3"},
        {{"eip155:31337", contract, "subscription:7", "build", "system", tx + ":0"},
         "5e013d7875d009c92d082d68803749c322f92973"},
        {{"eip155:31337", contract, "subscription:7", "build", "", tx + ":1"},
         "d2f52d94db7c10e79178d7bf9f4b8d84c03ff9f3"},
        {{"eip155:1", contract, "subscription:7", "suspend", "", "1790000000"},
         "d42f6f6e34f56b85c120124d3c5158730c7f6ea7"},
        {{"eip155:1", contract, "host", "delegation", "", "00112233445566778899aabbccddeeff"},
         "2b23f63d12100e3fe8f719772685a33cdc2503ff"},
        {{"", "", "", "", "", ""}, "3bd0f539df0cadbb32cd76fb86f602de1e77682d"},
        {{"a", "b", "c", "d", "e", "f"}, "44e9d029331cd8c9af5123dc8193f973f0848c00"},
        {{"ab", "", "c", "d", "e", "f"}, "25be1a4fc6f660f86aeea6e134efa2242026fb7f"},
    };
    for (const auto& vector : vectors) CHECK(op_id(vector.of) == vector.id);
    CHECK(step_name(Step::restart) == "start");
    CHECK(step_name(Step::vm_create) == step_name(Step::volume_create));
    CHECK(part_of(Step::volume_create) == "system");
}

TEST_CASE("the guard counts equal answers over its span, and another answer or an error counts from zero") {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    GuardMemory guard{{3, 10'000}};
    guard.observe(1, Guard::expired, "a", 0);
    guard.observe(1, Guard::expired, "a", 1);  // at once again: the same look
    guard.observe(1, Guard::expired, "a", 5 * kSecond);
    CHECK_FALSE(guard.satisfied(1, Guard::expired));
    guard.observe(1, Guard::expired, "a", 10 * kSecond);
    CHECK(guard.satisfied(1, Guard::expired));
    CHECK_FALSE(guard.satisfied(1, Guard::closed));
    CHECK_FALSE(guard.satisfied(2, Guard::expired));
    guard.observe(1, Guard::expired, "b", 11 * kSecond);
    CHECK_FALSE(guard.satisfied(1, Guard::expired));
    guard.forget(1);
    CHECK_FALSE(guard.satisfied(1, Guard::expired));
    GuardMemory devnet{{1, 0}};
    devnet.observe(1, Guard::closed, "a", 0);
    CHECK(devnet.satisfied(1, Guard::closed));
}
