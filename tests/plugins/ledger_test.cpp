// The pretended contract follows the rules of the real one; the money it holds adds up after every call.
#include "tests/plugins/mem-chain/ledger.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>

using namespace bh;
using namespace bh::mem;

namespace {

const Accounts kAccounts{"agent", "operator", "treasury"};
constexpr std::uint64_t kStart = 1'000'000;

struct Contract : Ledger {
    Contract() : Ledger{kAccounts} { make_plan(); }

    // "" if it went well, else why not. Checks the invariant each time.
    std::string run(const std::string& sender, const ContractCall& call) {
        const auto logs = apply(sender, call, now);
        CHECK(money().adds_up());
        return logs ? std::string{} : logs.failure().message;
    }
    void make_plan() {
        ContractCall call;
        call.function = "create_plan";
        call.text = "{}";
        call.window_s = 3600;
        call.grace_s = 7200;
        call.total = 3;
        call.price_per_day = 1000;
        call.setup_days = 1;
        REQUIRE(run("operator", call).empty());
    }
    std::string buy(std::uint64_t days = 4) {
        ContractCall call;
        call.function = "purchase";
        call.plan = "1";
        call.days = days;
        return run("buyer", call);
    }
    ContractCall on(const char* function, const std::string& id = "1") {
        ContractCall call;
        call.function = function;
        call.subscription = id;
        call.days = 1;
        if (const SubscriptionRow* row = subscription(id)) call.order = row->order;
        return call;
    }
    std::uint64_t now = kStart;
};

}  // namespace

TEST_CASE("a delivery inside the window earns the setup days, and happens once, for its order") {
    Contract c;
    REQUIRE(c.buy().empty());
    CHECK(c.money().undelivered == 5000);
    ContractCall wrong = c.on("deliver");
    wrong.order = "0x00";
    CHECK(c.run("agent", wrong) == "the order is another one");
    CHECK(c.run("thief", c.on("deliver")) == "the sender is not the plan's agent");
    CHECK(c.run("agent", c.on("deliver")).empty());
    CHECK(c.money().earned == 1000);
    CHECK(c.money().unearned == 4000);
    CHECK(c.subscription("1")->end == kStart + 4 * kDay);
    CHECK(c.run("agent", c.on("deliver")) == "it is not open");
    CHECK(c.run("agent", c.on("decline")) == "it is not open");
}

TEST_CASE("a late delivery earns no setup days, and none comes after a refund") {
    Contract c;
    REQUIRE(c.buy().empty());
    REQUIRE(c.buy().empty());
    c.now += 3600;
    CHECK(c.run("buyer", c.on("refund")) == "it is too early");
    c.now += 1;
    CHECK(c.run("agent", c.on("deliver")).empty());
    CHECK(c.money().earned == 0);
    CHECK(c.run("stranger", c.on("refund", "2")) == "it is too early");
    CHECK(c.run("buyer", c.on("refund", "2")).empty());
    CHECK(c.credits().at("buyer") == 5000);
    CHECK(c.run("agent", c.on("deliver", "2")) == "it is not open");
    CHECK(c.run("buyer", c.on("claim")).empty());
    CHECK(c.money().claimed == 5000);
}

TEST_CASE("anybody may refund 30 days after the window") {
    Contract c;
    REQUIRE(c.buy().empty());
    c.now += 3601 + 30 * kDay;
    CHECK(c.run("stranger", c.on("refund")).empty());
    CHECK(c.credits().at("buyer") == 5000);
}

TEST_CASE("a decline credits everything and frees the place") {
    Contract c;
    for (int i = 0; i < 3; ++i) REQUIRE(c.buy().empty());
    CHECK(c.buy() == "the plan is sold out");
    CHECK(c.run("agent", c.on("decline")).empty());
    CHECK(c.credits().at("buyer") == 5000);
    CHECK(c.buy().empty());
}

TEST_CASE("an extension starts at the expiry, or now if that has passed, and not too far") {
    Contract c;
    REQUIRE(c.buy().empty());
    CHECK(c.run("anybody", c.on("extend")) == "it is not live");
    REQUIRE(c.run("agent", c.on("deliver")).empty());
    CHECK(c.run("anybody", c.on("extend")).empty());
    CHECK(c.subscription("1")->end == kStart + 5 * kDay);
    c.now = kStart + 6 * kDay;
    CHECK(c.run("anybody", c.on("extend")).empty());
    CHECK(c.subscription("1")->end == c.now + kDay);
    ContractCall far = c.on("extend");
    far.days = kMaxDays;
    CHECK(c.run("anybody", far) == "the expiry is too far");
}

TEST_CASE("the owner's cancel ends it at once, the operator's after the grace") {
    Contract c;
    REQUIRE(c.buy().empty());
    REQUIRE(c.buy().empty());
    REQUIRE(c.run("agent", c.on("deliver", "1")).empty());
    REQUIRE(c.run("agent", c.on("deliver", "2")).empty());
    c.now += kDay;
    CHECK(c.run("stranger", c.on("cancel", "1")) == "the sender may not cancel");
    CHECK(c.run("buyer", c.on("cancel", "1")).empty());
    CHECK(c.credits().at("buyer") == 3000);
    CHECK(c.run("agent", c.on("close", "1")).empty());
    CHECK(c.run("operator", c.on("cancel", "2")).empty());
    CHECK(c.run("agent", c.on("close", "2")) == "it is too early");
    CHECK(c.run("buyer", c.on("extend", "2")) == "it is not live");
    c.now += 7201;
    CHECK(c.run("agent", c.on("close", "2")).empty());
    CHECK(c.money().unearned == 0);
}

TEST_CASE("close comes after expiry and grace, burn after close, both once") {
    Contract c;
    REQUIRE(c.buy().empty());
    REQUIRE(c.run("agent", c.on("deliver")).empty());
    CHECK(c.run("agent", c.on("burn")) == "it can't be burned");
    c.now = c.subscription("1")->end + 7200;
    CHECK(c.run("agent", c.on("close")) == "it is too early");
    c.now += 1;
    CHECK(c.run("agent", c.on("close")).empty());
    CHECK(c.run("agent", c.on("close")) == "it is not live");
    CHECK(c.run("buyer", c.on("extend")) == "it is not live");
    CHECK(c.run("agent", c.on("burn")).empty());
    CHECK(c.run("agent", c.on("burn")) == "it can't be burned");
    CHECK(c.subscription("1")->owner.empty());
    CHECK(c.plan("1")->open == 0);
}

TEST_CASE("the host's outage is credited once and only within limits") {
    Contract c;
    REQUIRE(c.buy().empty());
    REQUIRE(c.run("agent", c.on("deliver")).empty());
    c.now += 1000;
    ContractCall outage = c.on("credit_time");
    outage.from = kStart + 100;
    outage.until = kStart + 400;
    CHECK(c.run("agent", outage).empty());
    CHECK(c.subscription("1")->end == kStart + 4 * kDay + 300);
    CHECK(c.run("agent", outage) == "the outage is not valid");
    outage.from = kStart + 400;
    outage.until = c.now + 1;
    CHECK(c.run("agent", outage) == "the outage is not valid");
}

TEST_CASE("transfer moves it, and then only the new owner cancels or is resealed to") {
    Contract c;
    REQUIRE(c.buy().empty());
    REQUIRE(c.run("agent", c.on("deliver")).empty());
    ContractCall transfer = c.on("transfer");
    transfer.to = "other";
    CHECK(c.run("stranger", transfer) == "the sender is not the owner");
    CHECK(c.run("buyer", transfer).empty());
    CHECK(c.run("buyer", c.on("cancel")) == "the sender may not cancel");
    ContractCall update = c.on("update");
    update.to = "buyer";
    CHECK(c.run("agent", update) == "the owner is another one");
    update.to = "other";
    CHECK(c.run("agent", update).empty());
    CHECK(c.run("other", c.on("cancel")).empty());
    CHECK(c.credits().count("other") == 1);
}

TEST_CASE("a deadline that has passed, an inactive plan and a missing function revert") {
    Contract c;
    ContractCall late = c.on("purchase");
    late.plan = "1";
    late.deadline = kStart - 1;
    CHECK(c.run("buyer", late) == "the deadline has passed");
    ContractCall inactive = c.on("set_active");
    inactive.plan = "1";
    inactive.active = false;
    CHECK(c.run("agent", inactive) == "the sender may not change the plan");
    CHECK(c.run("operator", inactive).empty());
    CHECK(c.buy() == "the plan is inactive");
    CHECK(c.run("buyer", c.on("mint")) == "the contract has no function mint");
}

TEST_CASE("money adds up after any series of calls") {
    std::mt19937_64 random{4711};
    Contract c;
    ContractCall capacity = c.on("set_capacity");
    capacity.plan = "1";
    capacity.total = 1000;
    REQUIRE(c.run("operator", capacity).empty());
    const char* const functions[] = {"purchase", "deliver", "deliver", "decline",  "refund", "extend",   "cancel",
                                     "close",    "burn",    "update",  "withdraw", "claim",  "transfer", "credit_time"};
    const char* const senders[] = {"buyer", "agent", "agent", "operator", "other"};
    std::size_t done = 0;
    for (int i = 0; i < 5000; ++i) {
        c.now += random() % (kDay / 2);
        const std::string id = std::to_string(1 + random() % (c.subscriptions() + 1));
        ContractCall call = c.on(functions[random() % std::size(functions)], id);
        call.plan = "1";
        call.days = 1 + random() % 5;
        call.to = call.function == "update" || call.function == "purchase" ? "buyer" : "other";
        call.from = c.now - std::min<std::uint64_t>(c.now, random() % 1000);
        call.until = c.now;
        call.subscriptions = {id};
        if (c.run(senders[random() % std::size(senders)], call).empty()) ++done;
    }
    CHECK(done > 500);
    CHECK(c.money().paid > 0);
}
