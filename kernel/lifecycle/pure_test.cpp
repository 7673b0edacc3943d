#include "kernel/lifecycle/assign.hpp"
#include "kernel/lifecycle/fingerprint.hpp"
#include "kernel/lifecycle/plan.hpp"
#include "kernel/lifecycle/standing.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace bh;
using namespace bh::life;

namespace {
DelegationRow prefix(const std::string& text, const std::string& reserved = "") {
    DelegationRow row;
    row.prefix = text, row.reserved = reserved;
    return row;
}
const auto kNone = [](const std::string&) { return false; };

SubscriptionState delivered(std::int64_t now, std::int64_t expires, std::int64_t grace) {
    SubscriptionState state;
    state.exists = true, state.order = "o", state.delivered = true;
    state.time = {now}, state.expires_at = {expires}, state.grace_ends = {grace};
    return state;
}
}  // namespace

TEST_CASE("an address is inside its prefix, above the lowest 16, and neither reserved nor taken") {
    const auto first = choose_address(prefix("2001:db8:b10c::/64"), "seed", kNone);
    REQUIRE(first);
    CHECK(prefix_contains("2001:db8:b10c::/64", *first));
    const auto second = choose_address(prefix("2001:db8:b10c::/64", *first), "seed", kNone);
    REQUIRE(second);
    CHECK(*second != *first);
    const auto third =
        choose_address(prefix("2001:db8:b10c::/64"), "seed", [&](const std::string& a) { return a == *first; });
    CHECK(*third == *second);
    std::set<std::string> all;
    for (;;) {
        auto next =
            choose_address(prefix("2001:db8::/122"), "x", [&](const std::string& a) { return all.contains(a); });
        if (!next) {
            CHECK(next.failure().code == BH_E_EXHAUSTED);
            break;
        }
        all.insert(*next);
    }
    CHECK(all.size() == 48);
    CHECK_FALSE(all.contains("2001:db8::f"));
    CHECK(all.contains("2001:db8::10"));
}

TEST_CASE("a prefix that is none is refused by its text") {
    for (const char* bad : {"", "2001:db8::", "2001:db8::/", "2001:db8::/125", "2001:db8::/x", "x/64", "192.0.2.0/24",
                            "2001:db8::/64 "}) {
        const auto answer = choose_address(prefix(bad), "s", kNone);
        REQUIRE_FALSE(answer.ok());
        CHECK(answer.failure().code == BH_E_INVALID);
    }
}

TEST_CASE("names follow from the op_id") {
    const std::string op = "6275670000c5b0838142f504a61a77f6604911d3";
    CHECK(vm_name("7", op) == "bh-7-627567");
    CHECK(tap_name(op) == "bh6275670000c5");
    CHECK(mac_address(op) == "52:54:00:62:75:67");
}

TEST_CASE("an SSH fingerprint is what ssh-keygen -l prints") {
    const auto print =
        ssh_fingerprint("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f comment");
    REQUIRE(print);
    CHECK(*print == "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
    for (const char* bad : {"", "ssh-ed25519", " AAAA", "ssh-ed25519 AAA", "ssh-ed25519 ????", "ssh-ed25519 "}) {
        CHECK_FALSE(ssh_fingerprint(bad).ok());
    }
}

TEST_CASE("a plan's resources are read strictly") {
    const auto good = parse_resources(R"({"cpus":2,"memory_bytes":"1073741824","disk_bytes":5368709120})", "debian-12");
    REQUIRE(good);
    CHECK(good->cpus == 2);
    CHECK(good->memory_bytes == 1073741824);
    CHECK(good->image == "debian-12");
    for (const char* bad :
         {"", "[]", "{}", R"({"cpus":0,"memory_bytes":1,"disk_bytes":1})",
          R"({"cpus":-1,"memory_bytes":1,"disk_bytes":1})", R"({"cpus":1.5,"memory_bytes":1,"disk_bytes":1})",
          R"({"cpus":1,"memory_bytes":1,"disk_bytes":"x"})",
          R"({"cpus":1,"memory_bytes":1,"disk_bytes":1,"image":"../etc"})",
          R"({"cpus":513,"memory_bytes":1,"disk_bytes":1})"}) {
        const auto answer = parse_resources(bad, "debian-12");
        INFO(bad);
        REQUIRE_FALSE(answer.ok());
        CHECK(answer.failure().code == BH_E_INVALID);
    }
}

TEST_CASE("a state with another order, or none, says nothing in this row's favour") {
    auto state = delivered(100, 200, 300);
    CHECK(standing_of(state, "o") == Standing::paid);
    CHECK(standing_of(state, "other") == Standing::absent);
    state.order.clear();
    CHECK(standing_of(state, "") == Standing::absent);
}

TEST_CASE("expired means the block's own time, closing waits for the grace, the owner's cancel does not") {
    CHECK(standing_of(delivered(199, 200, 300), "o") == Standing::paid);
    CHECK(standing_of(delivered(200, 200, 300), "o") == Standing::expired);
    CHECK(standing_of(delivered(300, 200, 300), "o") == Standing::close_due);
    auto cancelled = delivered(150, 150, 300);
    cancelled.cancelled = true;
    CHECK(standing_of(cancelled, "o") == Standing::expired);
    cancelled.cancelled_by_owner = true;
    CHECK(standing_of(cancelled, "o") == Standing::close_due);
}

TEST_CASE("an undelivered purchase that is neither declined nor refunded counts as paid: no guard lets it go") {
    const Reading open{Standing::open, Standing::open};
    for (const Guard guard : {Guard::expired, Guard::close_due, Guard::closed, Guard::gone})
        CHECK_FALSE(guard_holds(guard, open, {}));
}

TEST_CASE("the guard refuses what the head contradicts, what is unknown, and an absence that proves nothing") {
    CHECK(guard_holds(Guard::expired, {Standing::expired, Standing::expired}, {}));
    CHECK_FALSE(guard_holds(Guard::expired, {Standing::expired, Standing::paid}, {}));
    CHECK_FALSE(guard_holds(Guard::expired, {Standing::paid, Standing::expired}, {}));
    CHECK_FALSE(guard_holds(Guard::closed, {Standing::closed, Standing::absent}, {}));
    for (const Guard guard : {Guard::expired, Guard::close_due, Guard::closed, Guard::gone, Guard::open}) {
        CHECK_FALSE(guard_holds(guard, {Standing::unknown, Standing::expired}, {}));
        CHECK_FALSE(guard_holds(guard, {Standing::absent, Standing::absent}, {}));
    }
    FactInputs excluded;
    excluded.excludes_purchase = true;
    CHECK(guard_holds(Guard::gone, {Standing::absent, Standing::absent}, excluded));
}
