#include "kernel/reseal/reseals.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;
using bh::reseal::Order;
using bh::reseal::Reseals;

namespace {

const Bytes kRequest{7, 7, 7};

struct Resealing : Fixture {
    Resealing() { served(); }
    // What there is of it is in the journal: each use is that of a new process.
    Reseals reseals() {
        return {*scene->journal, ports, config_for_tests(), [this] { return !scene->engine->recovering(); }};
    }
    std::int64_t row() { return scene->row()->row; }
    Result<Order> order(const std::string& nonce = "n") { return reseals().order(row(), kRequest, nonce); }
    Order newest() { return reseals().list()->back(); }
    // Steps of it and of the engine, until the newest order has ended.
    bool ends() {
        return scene->until([&] {
            reseals().step();
            return !newest().waits();
        });
    }
    [[nodiscard]] std::uint32_t resealed() const { return find_sub(head(*world), "1")->reseals; }
    void transfer(const std::string& to) {
        user(*world, "transfer", "1", 0, to);
        REQUIRE(scene->until([&] {
            const auto now = reseals().owner_of(row());
            return now && *now == to;
        }));
    }
    // Its disk dies, and the operator says so.
    void rebuild() {
        for (auto& vm : world->vms) vm = {};
        for (auto& volume : world->volumes) volume = {};
        REQUIRE(scene->operate->rebuild(scene->command(), row(), true).ok());
        CHECK_FALSE(reseals().step());  // nothing is sealed before the new guest has answered
        expect(State::active);
    }
    bool alarmed() {
        const auto all = standing_alarms();
        return std::any_of(all.begin(), all.end(), [](const auto& alarm) { return alarm.reason == "old_details"; });
    }
    Doubles doubles{*world};
    Ports ports = doubles.ports();
};

}  // namespace

TEST_CASE("details are resealed once for each order, and the journal has what the chain has") {
    Resealing at;
    const auto before = at.scene->read<std::optional<CredentialRow>>([&](Tx& tx) { return credential_of(tx, 1); });
    REQUIRE(at.order().ok());
    REQUIRE(at.ends());
    CHECK(at.newest().state == "done");
    CHECK_FALSE(at.newest().tx.empty());
    CHECK(at.resealed() == 1);
    const auto after = at.scene->read<std::optional<CredentialRow>>([&](Tx& tx) { return credential_of(tx, 1); });
    REQUIRE((before && after));
    CHECK(after->attestation_hash == before->attestation_hash);
    CHECK(at.order()->state == "done");  // the same nonce
    CHECK_FALSE(at.reseals().step());
    CHECK(at.resealed() == 1);
    REQUIRE(at.order("another").ok());
    REQUIRE(at.ends());
    CHECK(at.resealed() == 2);
    CHECK(at.scene->state_is(State::active));
    CHECK(at.world->violation.empty());
}

TEST_CASE("after a transfer the details are sealed for the new owner") {
    Resealing at;
    at.transfer("0xnew");
    CHECK(at.order()->owner == "0xnew");
    REQUIRE(at.ends());
    CHECK(at.newest().state == "done");
}

TEST_CASE("an order whose owner has gone is refused before anything is sealed for him") {
    Resealing at;
    REQUIRE(at.order().ok());
    at.transfer("0xnew");
    REQUIRE(at.ends());
    CHECK(at.newest().state == "refused");
    CHECK(at.resealed() == 0);
    REQUIRE(at.order("again").ok());
    REQUIRE(at.ends());
    CHECK(at.resealed() == 1);
}

TEST_CASE("a transfer that is mined first makes the contract refuse, and the order ends") {
    Resealing at;
    REQUIRE(at.order().ok());
    user(*at.world, "transfer", "1", 0, "0xnew");
    REQUIRE(at.reseals().step());  // sealed and sent for the old owner
    REQUIRE(at.ends());
    CHECK(at.newest().state == "refused");
    CHECK(at.resealed() == 0);
}

TEST_CASE("a lost answer, a chain that is away and a signer that is away cost time and make no second transaction") {
    for (const auto& [verb, code, after] :
         {std::tuple{"submit", BH_E_UNKNOWN_OUTCOME, true}, std::tuple{"submit", BH_E_UNAVAILABLE, false},
          std::tuple{"submit", BH_E_DENIED, false}, std::tuple{"seal_credential", BH_E_UNAVAILABLE, false},
          std::tuple{"owner_of", BH_E_UNAVAILABLE, false}}) {
        INFO(verb << " " << code);
        Resealing at;
        REQUIRE(at.order().ok());
        add_fault(*at.world, verb, code, 1, after);
        REQUIRE(at.ends());
        CHECK(at.newest().state == "done");
        CHECK(at.resealed() == 1);
    }
}

TEST_CASE("there is one order at a time for a subscription, and a nonce is one order's") {
    Resealing at;
    REQUIRE(at.order("a").ok());
    CHECK(at.order("a").ok());
    CHECK(at.order("b").failure().reason == "reseal_running");
    CHECK(at.reseals().order(99, kRequest, "a").failure().reason == "nonce_used");
    CHECK(at.reseals().order(99, kRequest, "c").failure().code == BH_E_NOT_FOUND);
    CHECK(at.order("").failure().reason == "nonce");
}

TEST_CASE("a request that does not open is refused at once") {
    Resealing at;
    at.world->request_opens = false;
    CHECK(at.order().failure().reason == "request_does_not_open");
    CHECK(at.reseals().list()->empty());
}

TEST_CASE("what is not delivered, or over, is not resealed") {
    Fixture at;
    at.bought();
    at.expect(State::building);
    Doubles doubles{*at.world};
    Ports ports = doubles.ports();
    Reseals reseals{*at.scene->journal, ports, config_for_tests(), [] { return true; }};
    CHECK(reseals.order(at.scene->row()->row, kRequest, "n").failure().reason == "no_owner");
    at.expect(State::active);
    REQUIRE(reseals.order(at.scene->row()->row, kRequest, "n").ok());
    user(*at.world, "cancel", "1");
    at.expect(State::ended);
    REQUIRE(reseals.step());
    CHECK(reseals.list()->back().state == "refused");
    CHECK(find_sub(head(*at.world), "1")->reseals == 0);
}

TEST_CASE("while the lifecycle derives what is there nothing is resealed") {
    Resealing at;
    REQUIRE(at.order().ok());
    Reseals waiting{*at.scene->journal, at.ports, config_for_tests(), [] { return false; }};
    CHECK_FALSE(waiting.step());
    CHECK(at.newest().attempt == 0);
}

TEST_CASE("after a rollback below a final position a reseal waits for the operator") {
    Resealing at;
    REQUIRE(at.order().ok());
    const auto park = [&](bool parked) {
        const auto done = at.scene->journal->write([&](Tx& tx) -> Status {
            auto cursor = cursor_of(tx, "chain");
            cursor->parked_destruction = parked;
            save_cursor(tx, *cursor);
            return {};
        });
        REQUIRE(done.ok());
    };
    park(true);
    REQUIRE(at.reseals().step());
    CHECK(at.newest().attempt == 0);
    CHECK(at.newest().waits());
    park(false);
    REQUIRE(at.ends());
    CHECK(at.resealed() == 1);
}

TEST_CASE("a VM that was built anew: its owner is told once, by the request of his purchase") {
    Resealing at;
    at.rebuild();
    REQUIRE(at.reseals().step());
    REQUIRE(at.reseals().list()->size() == 1);
    CHECK(at.newest().request == at.scene->row()->sealed_request);
    REQUIRE(at.ends());
    CHECK(at.newest().state == "done");
    CHECK_FALSE(at.reseals().step());
    CHECK(at.resealed() == 1);
    CHECK_FALSE(at.alarmed());
}

TEST_CASE("a VM that was built anew: who was resealed since is told by the key that he asked with last") {
    Resealing at;
    REQUIRE(at.order().ok());
    REQUIRE(at.ends());
    at.rebuild();
    REQUIRE(at.reseals().step());
    CHECK(at.newest().request == kRequest);
    REQUIRE(at.ends());
    CHECK(at.resealed() == 2);
}

TEST_CASE("a VM that was built anew: where its owner can't be told an alarm names the command, which ends it") {
    Resealing at;
    at.world->request_opens = false;
    at.rebuild();
    REQUIRE(at.reseals().step());
    CHECK(at.reseals().list()->empty());
    CHECK(at.alarmed());
    at.world->request_opens = true;
    REQUIRE(at.order().ok());
    REQUIRE(at.ends());
    CHECK(at.resealed() == 1);
    CHECK_FALSE(at.alarmed());
}
