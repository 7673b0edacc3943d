// A chain whose contract delivers and can't decline, close or burn: none of it is tried, and what cannot be served
// waits for a person.
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Bare : Fixture {
    Bare() { world->bare = true; }
    [[nodiscard]] bool asked_for(std::string_view action) const {
        return std::ranges::any_of(world->txs, [&](const WorldTx& tx) {
            return tx.state != WorldTx::none && !tx.user && tx.action.str() == action;
        });
    }
    void expect_nothing_tried() const {
        for (const char* action : {"decline", "close", "burn"}) CHECK_FALSE(asked_for(action));
    }
    bool has_alarm(const std::string& reason) {
        const auto all = standing_alarms();
        return std::ranges::any_of(all, [&](const AlarmRow& alarm) { return alarm.reason == reason; });
    }
};

SubscriptionState state_of(std::int64_t now, std::int64_t expires, std::int64_t grace) {
    SubscriptionState state;
    state.exists = true, state.delivered = true, state.order = "o";
    state.time = {now}, state.expires_at = {expires}, state.grace_ends = {grace};
    return state;
}

}  // namespace

TEST_CASE("what a contract can do is in its description; one that does not say that it delivers says nothing") {
    ChainDescription description;
    CHECK(abilities_of(description) == Abilities{});
    description.capabilities = {"set_capacity"};
    CHECK(abilities_of(description) == Abilities{});
    description.capabilities = {"deliver", "close"};
    CHECK(abilities_of(description) == Abilities{false, true, false});
    description.capabilities = {"burn", "decline", "deliver", "close"};
    CHECK(abilities_of(description) == Abilities{});
}

TEST_CASE("without a close, what is due for it counts as closed, and nothing before") {
    constexpr Abilities kNone{false, false, false};
    CHECK(standing_of(state_of(199, 200, 300), "o", kNone) == Standing::paid);
    CHECK(standing_of(state_of(200, 200, 300), "o", kNone) == Standing::expired);
    CHECK(standing_of(state_of(300, 200, 300), "o", kNone) == Standing::closed);
    CHECK(standing_of(state_of(300, 200, 300), "o") == Standing::close_due);
    auto cancelled = state_of(100, 200, 300);
    cancelled.cancelled_by_owner = true;
    CHECK(standing_of(cancelled, "o", kNone) == Standing::closed);
}

TEST_CASE_METHOD(Bare, "expiry, extension, expiry and the end of the grace end it without a close or a burn") {
    Scene& s = served();
    REQUIRE(s.until_state(State::suspended));
    user(*world, "extend", "1", 30);
    REQUIRE(s.until_state(State::active));
    REQUIRE(s.until_state(State::suspended));
    REQUIRE(s.until_state(State::ended));
    expect_nothing_tried();
    CHECK(objects() == 0);
    CHECK(s.read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).empty());
    CHECK(standing_alarms().empty());
    CHECK(world->violation.str().empty());
}

TEST_CASE_METHOD(Bare, "an extension in the undo window brings the VM back") {
    Scene& s = served();
    REQUIRE(s.until_state(State::retiring));
    user(*world, "extend", "1", 30);
    REQUIRE(s.until_state(State::active));
    CHECK(world->vms[0].running);
    REQUIRE(s.until_state(State::ended));
    CHECK(objects() == 0);
    expect_nothing_tried();
}

TEST_CASE_METHOD(Bare, "an extension after the end is an alarm") {
    Scene& s = served();
    REQUIRE(s.until_state(State::ended));
    user(*world, "extend", "1", 30);
    CHECK(s.until([&] { return has_alarm("paid_after_end"); }));
    CHECK(s.state_is(State::ended));
}

TEST_CASE_METHOD(Bare, "a cancellation ends it") {
    Scene& s = served();
    user(*world, "cancel", "1");
    REQUIRE(s.until_state(State::ended));
    expect_nothing_tried();
    CHECK(objects() == 0);
}

TEST_CASE_METHOD(Bare, "who can't be served is held with an alarm, whenever that is found out") {
    SECTION("the request does not open") { world->request_opens = false; }
    SECTION("no image") { world->image_exists = false; }
    SECTION("the sealing fails") { add_fault(*world, "seal_credential", BH_E_INVALID, 1); }
    SECTION("the delivery is refused") { add_fault(*world, "submit", BH_E_CONFLICT, 1); }
    Scene& s = bought();
    REQUIRE(s.until_state(State::held));
    CHECK(has_alarm("held"));
    CHECK(s.row()->reason.find("refund the buyer by hand") != std::string::npos);
    // Nor is it declined when its window ends, or at an operator's word.
    CHECK_FALSE(s.until([&] { return !s.state_is(State::held); }, kWindow));
    const auto held = s.read<std::vector<JobRow>>([](Tx& tx) { return jobs_in_state(tx, JobState::held); });
    REQUIRE(held.size() == 1);
    CHECK_FALSE(s.operate->job_abandon({"n1", 0}, held.front().n, false).ok());
    CHECK(s.state_is(State::held));
    expect_nothing_tried();
    // Refunded on the chain all the same, by whomever: then it is cleaned.
    user(*world, "refund", "1");
    REQUIRE(s.until_state(State::ended));
    CHECK(objects() == 0);
    CHECK_FALSE(has_alarm("held"));
}
