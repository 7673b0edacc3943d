// The pretended chain as its plugin shows it: events and rollbacks, reads at positions, one transaction per op_id.
#include "tests/plugins/harness.hpp"
#include "tests/plugins/mem-chain/driver.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::mem;
using namespace bh::mem::test;

namespace {

const std::string kBuyer = "0x00000000000000000000000000000000000000b0";

struct Chain : Plugged {
    explicit Chain(const std::string& state) : Plugged{"org.blockhost.mem-chain", state} {}
    const bh_chain& verbs = table<bh_chain>(BH_CHAIN);

    Result<ChainEvents> poll(const std::string& cursor, std::uint32_t max = 100) {
        Job job{"poll"};
        return document(parse_chain_events, [&](bh_sink out, bh_error* err) {
            return verbs.poll(self(), job.next(), sdk::str(cursor), max, out, err);
        });
    }
    Result<Receipt> submit(Job& job, const Intent& intent, const Position& final_at = {}) {
        return document(parse_receipt, [&, text = to_json(intent), at = to_json(final_at)](bh_sink out, bh_error* err) {
            return verbs.submit(self(), job.next(), sdk::str(text), sdk::str(at), out, err);
        });
    }
    Result<SubscriptionState> state(const std::string& id, const Position& at = {}, std::uint32_t min_agree = 0) {
        return document(parse_subscription_state, [&, text = to_json(at)](bh_sink out, bh_error* err) {
            return verbs.subscription_state(self(), sdk::str(id), sdk::str(text), min_agree, out, err);
        });
    }
    Result<OwnerAnswer> owner(const std::string& id, const Position& at = {}) {
        return document(parse_owner, [&, text = to_json(at)](bh_sink out, bh_error* err) {
            return verbs.owner_of(self(), sdk::str(id), sdk::str(text), 0, out, err);
        });
    }
};

struct World {
    TempDir dir;
    ChainDriver driver{dir.file("chain")};
    Chain chain{dir.file("chain")};
    std::string plan = driver.create_plan();

    Intent delivery(const std::string& id) {
        Intent intent;
        intent.action = "deliver";
        intent.subscription = id;
        intent.order = driver.subscription(id)->order;
        intent.sealed = {1, 2};
        return intent;
    }
    // Delivers and waits until it is final.
    Receipt deliver(const std::string& id) {
        Job job{"deliver-" + id};
        CHECK(chain.submit(job, delivery(id)).failure().code == BH_PENDING);
        driver.mine(1);
        return *chain.submit(job, delivery(id), driver.head().position);
    }
};

std::vector<std::string> types(const ChainEvents& events) {
    std::vector<std::string> names;
    for (const ChainEvent& event : events.events) names.push_back(event.type);
    return names;
}

}  // namespace

TEST_CASE("a purchase is seen once, with its order, request and position") {
    World w;
    const auto before = w.chain.poll("");
    REQUIRE(before);
    CHECK(types(*before) == std::vector<std::string>{"plan"});
    CHECK(before->events[0].plan_state->delivery_window_s == 3600);
    const std::string id = w.driver.buy(kBuyer, w.plan, 2, {9, 9});
    const auto after = w.chain.poll(before->cursor);
    REQUIRE(types(*after) == std::vector<std::string>{"purchased"});
    const ChainEvent& event = after->events[0];
    CHECK(event.subscription == id);
    CHECK(event.actor == kBuyer);
    CHECK(event.paid_seconds == 2 * kDay);
    CHECK(event.amount.units == "2000");
    CHECK(event.data == Bytes{9, 9});
    CHECK(event.order == w.driver.subscription(id)->order);
    CHECK(event.position == w.driver.head().position);
    CHECK(after->head == w.driver.head());
    CHECK(after->recent.back() == after->head);
    CHECK(w.chain.poll(after->cursor)->events.empty());
    CHECK(types(*w.chain.poll(before->cursor)) == types(*after));
}

TEST_CASE("events come in pages, oldest first") {
    World w;
    for (int i = 0; i < 5; ++i) w.driver.purchase(kBuyer, w.plan, 1, {static_cast<std::uint8_t>(i)});
    w.driver.mine(2);
    std::string cursor;
    std::vector<std::string> ids;
    bool more = true;
    while (more) {
        const auto page = w.chain.poll(cursor, 2);
        REQUIRE(page);
        CHECK(page->events.size() <= 2);
        for (const ChainEvent& event : page->events)
            if (event.type == "purchased") ids.push_back(event.subscription);
        cursor = page->cursor;
        more = page->more;
    }
    CHECK(ids == std::vector<std::string>{"1", "2", "3", "4", "5"});
}

TEST_CASE("a reorganisation is reported as a rollback to the last block still valid") {
    World w;
    const Position kept = w.driver.head().position;
    w.driver.buy(kBuyer, w.plan, 1);
    w.driver.mine(2);
    const std::string cursor = w.chain.poll("")->cursor;
    w.driver.reorg(3);
    const auto after = w.chain.poll(cursor);
    REQUIRE(types(*after) == std::vector<std::string>{"rollback", "purchased"});
    CHECK(after->events[0].position == kept);
    CHECK(after->events[1].ordinal == 0);
    w.driver.reorg(4, false);
    const auto gone = w.chain.poll(after->cursor);
    CHECK(types(*gone) == std::vector<std::string>{"rollback"});
    CHECK(w.driver.subscriptions() == 0);
    CHECK(w.chain.poll("1:0:0xnothing").failure().code == BH_E_INVALID);
}

TEST_CASE("finality follows the lag") {
    World w;
    w.driver.mine(10);
    w.driver.set_finality_lag(4);
    const auto events = w.chain.poll("");
    CHECK(events->finalized->position.height == events->head.position.height - 4);
    w.driver.set_finality_lag(1000);
    CHECK(w.chain.poll("")->finalized->position.height == 0);
}

TEST_CASE("a delivery waits until its block is final, and mints once") {
    World w;
    const std::string id = w.driver.buy(kBuyer, w.plan, 1);
    const Position before = w.driver.head().position;
    Job job{"op-1"};
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    CHECK_FALSE(job.saved.empty());
    CHECK(w.driver.waiting() == 1);
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    CHECK(w.driver.waiting() == 1);
    w.driver.mine(1);
    CHECK(w.chain.submit(job, w.delivery(id), before).failure().code == BH_PENDING);
    const auto receipt = w.chain.submit(job, w.delivery(id), w.driver.head().position);
    REQUIRE(receipt);
    CHECK(receipt->position == w.driver.head().position);
    CHECK(w.chain.owner(id)->owner == kBuyer);
    CHECK_FALSE(w.chain.owner(id, before)->exists);
    CHECK(w.chain.state(id)->delivered);
    CHECK_FALSE(w.chain.state(id, before)->delivered);
    CHECK(w.chain.state(id)->expires_at.seconds == receipt->time.seconds + static_cast<std::int64_t>(kDay));
    Job again{"op-2"};
    CHECK(w.chain.submit(again, w.delivery(id)).failure().reason == "would_revert");
    CHECK(w.driver.money().adds_up());
}

TEST_CASE("one op_id has one transaction, for one intent") {
    World w;
    const std::string id = w.driver.buy(kBuyer, w.plan, 1);
    Job job{"op-1"};
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    Intent other = w.delivery(id);
    other.sealed = {3};
    CHECK(w.chain.submit(job, other).failure().code == BH_E_CONFLICT);
}

TEST_CASE("a forgotten transaction is sent again under its own nonce") {
    World w;
    const std::string id = w.driver.buy(kBuyer, w.plan, 1);
    Job job{"op-1"};
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    const std::string saved = job.saved;
    w.driver.drop_pool();
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    CHECK(job.saved == saved);
    w.driver.mine(1);
    CHECK(w.chain.submit(job, w.delivery(id), w.driver.head().position));
}

TEST_CASE("a nonce that another transaction took gets a new one only once that is final") {
    World w;
    const std::string first = w.driver.buy(kBuyer, w.plan, 1), second = w.driver.buy(kBuyer, w.plan, 2);
    Job one{"op-1"}, two{"op-2"};
    CHECK(w.chain.submit(one, w.delivery(first)).failure().code == BH_PENDING);
    w.driver.drop_pool();
    CHECK(w.chain.submit(two, w.delivery(second)).failure().code == BH_PENDING);
    w.driver.mine(1);
    const std::string saved = one.saved;
    CHECK(w.chain.submit(one, w.delivery(first)).failure().code == BH_PENDING);
    CHECK(one.saved == saved);
    CHECK(w.chain.submit(one, w.delivery(first), w.driver.head().position).failure().code == BH_PENDING);
    CHECK(one.saved != saved);
    w.driver.mine(1);
    CHECK(w.chain.submit(one, w.delivery(first), w.driver.head().position));
    CHECK(w.chain.submit(two, w.delivery(second), w.driver.head().position));
    CHECK(w.driver.money().adds_up());
}

TEST_CASE("a delivery that loses the race against a refund is reverted, and says so when that is final") {
    World w;
    const std::string id = w.driver.buy(kBuyer, w.plan, 1);
    Job job{"op-1"};
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    w.driver.advance(3601);
    ContractCall refund;
    refund.function = "refund";
    refund.subscription = id;
    w.driver.send(kBuyer, refund, true);
    w.driver.mine(1);
    CHECK(w.chain.state(id)->refunded);
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    const auto end = w.chain.submit(job, w.delivery(id), w.driver.head().position);
    CHECK(end.failure().code == BH_E_CONFLICT);
    CHECK(end.failure().reason == "reverted");
    CHECK(w.driver.credits().at(kBuyer) == 1000);
    CHECK(w.driver.money().adds_up());
}

TEST_CASE("a transaction follows a reorganisation into its new block") {
    World w;
    const std::string id = w.driver.buy(kBuyer, w.plan, 1);
    const Receipt first = w.deliver(id);
    w.driver.reorg(1);
    Job job{"deliver-" + id};
    CHECK(w.chain.state(id, first.position).failure().code == BH_E_UNAVAILABLE);
    CHECK(w.chain.state(id)->delivered);
    CHECK_FALSE(w.chain.state(id)->position == first.position);
}

TEST_CASE("a lost answer was sent, and a killed process sends the same transaction again") {
    World w;
    const std::string id = w.driver.buy(kBuyer, w.plan, 1);
    Job job{"op-1"};
    w.driver.lose_answer("submit");
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_E_UNKNOWN_OUTCOME);
    CHECK(w.driver.waiting() == 1);
    CHECK(w.chain.submit(job, w.delivery(id)).failure().code == BH_PENDING);
    CHECK(w.driver.waiting() == 1);
    w.driver.mine(1);
    w.driver.kill_around("submit", "after");
    const Intent intent = w.delivery(id);
    CHECK(signal_of([&] {
              Chain chain{w.dir.file("chain")};
              (void)chain.submit(job, intent, w.driver.head().position);
          }) == SIGKILL);
    CHECK(w.chain.submit(job, intent, w.driver.head().position));
    CHECK(w.driver.subscription(id)->delivered);
}

TEST_CASE("reads are refused where too few endpoints agree or the position is not known") {
    World w;
    CHECK(w.chain.state("1", {}, 3));
    CHECK(w.chain.state("1", {}, 4).failure().code == BH_E_UNAVAILABLE);
    CHECK(w.chain.state("1", {"0xnothing", 1}).failure().code == BH_E_UNAVAILABLE);
    CHECK_FALSE(w.chain.state("1")->exists);
}

TEST_CASE("signatures and addresses are told apart") {
    World w;
    const Bytes message{1, 2, 3}, signature = sign(kBuyer, message);
    const auto recover = [&](std::string_view scheme, const Bytes& text, const Bytes& mark) {
        return Plugged::text([&](bh_sink out, bh_error* err) {
            return w.chain.verbs.recover_signer(w.chain.self(), sdk::str(scheme), sdk::raw(text), sdk::raw(mark), out,
                                                err);
        });
    };
    CHECK(*recover(kScheme, message, signature) == kBuyer);
    CHECK(recover(kScheme, {1, 2}, signature).failure().code == BH_E_INVALID);
    CHECK(recover("eip191", message, signature).failure().code == BH_E_UNSUPPORTED);
    const auto address = Plugged::text([&](bh_sink out, bh_error* err) {
        return w.chain.verbs.parse_address(w.chain.self(), sdk::str("0x00000000000000000000000000000000000000B0"), out,
                                           err);
    });
    CHECK(*address == kBuyer);
}

TEST_CASE("a host alone sees time pass when each poll mines") {
    World w;
    w.driver.set_blocks_per_poll(2);
    const auto height = w.driver.head().position.height;
    CHECK(w.chain.poll("")->head.position.height == height + 2);
}
