#include "kernel/ingest/ingest.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>

using namespace bh;
using namespace bh::life;

namespace {

struct Fixture {
    Fixture() {
        char pattern[] = "/tmp/bh-ingest-XXXXXX";
        directory = ::mkdtemp(pattern);
        auto opened = Journal::open(directory + "/journal.db", [] { return 1000; });
        REQUIRE(opened.ok());
        journal = std::move(*opened);
        source.instance = "local", source.finality = {FinalityRule::Kind::depth, 2};
        source.chain.chain = "test:1", source.chain.contract = "0xc", source.chain.accounts["agent"] = "0xa9";
    }
    ~Fixture() {
        journal.reset();
        std::filesystem::remove_all(directory);
    }
    static Block block(std::uint64_t height, const std::string& branch = "a") {
        return {{"0x" + branch + std::to_string(height), height}, {static_cast<std::int64_t>(height) * 10}};
    }
    static ChainEvent purchase(std::uint64_t height, const std::string& id = "7", const std::string& branch = "a") {
        ChainEvent event;
        event.type = "purchased", event.position = block(height, branch).position,
        event.time = block(height, branch).time;
        event.tx = "0xt" + id, event.subscription = id, event.plan = "1", event.order = "0xorder" + id;
        return event;
    }
    ChainEvents report(std::vector<ChainEvent> events, std::uint64_t head, const std::string& branch = "a") {
        ChainEvents polled;
        polled.events = std::move(events);
        for (std::uint64_t h = head > 5 ? head - 5 : 0; h <= head; ++h) polled.recent.push_back(block(h, branch));
        polled.head = block(head, branch);
        polled.cursor = "c" + std::to_string(head) + branch;
        return polled;
    }
    Ingested take(const ChainEvents& polled) {
        Ingested out;
        REQUIRE(journal->write([&](Tx& tx) -> Status {
            auto taken = ingest(tx, source, polled);
            if (!taken) return taken.failure();
            out = std::move(*taken);
            return {};
        }));
        return out;
    }
    SubscriptionRow row(const std::string& id = "7") {
        SubscriptionRow found;
        REQUIRE(journal->read([&](Tx& tx) -> Status {
            auto rows = subscriptions_by_id(tx, "local", id);
            REQUIRE(rows.size() == 1);
            found = rows[0];
            return {};
        }));
        return found;
    }

    std::string directory;
    std::unique_ptr<Journal> journal;
    IngestSource source;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a purchase is seen, then final; the same report again changes nothing") {
    const auto polled = report({purchase(10)}, 11);
    CHECK(take(polled).touched.size() == 1);
    CHECK(row().purchase == EventState::seen);
    CHECK(take(polled).touched.empty());
    const auto later = take(report({}, 12));
    CHECK(later.cursor.final.position.height == 10);
    CHECK(later.touched == std::vector{row().row});
    CHECK(row().purchase == EventState::final);
}

TEST_CASE_METHOD(Fixture, "cursor and events are one transaction") {
    const auto failed = journal->write([&](Tx& tx) -> Status {
        REQUIRE(ingest(tx, source, report({purchase(10)}, 11)).ok());
        return Failure{BH_E_EXHAUSTED, "disk_full", "x", 0};
    });
    REQUIRE_FALSE(failed.ok());
    REQUIRE(journal->read([&](Tx& tx) -> Status {
        CHECK_FALSE(cursor_of(tx, "local"));
        CHECK(subscriptions_by_id(tx, "local", "7").empty());
        return {};
    }));
}

TEST_CASE_METHOD(
    Fixture, "a purchase whose block left the chain is rolled back, and the same row again when it is mined again") {
    take(report({purchase(10)}, 11));
    ChainEvent rollback;
    rollback.type = "rollback", rollback.position = block(9).position;
    const auto gone = take(report({rollback}, 12, "b"));
    CHECK(gone.touched.size() == 1);
    CHECK_FALSE(gone.below_final);
    CHECK(row().purchase == EventState::rolled_back);
    take(report({purchase(13, "7", "b")}, 13, "b"));
    CHECK(row().purchase == EventState::seen);
    CHECK(row().purchased_at == block(13, "b").position);
}

TEST_CASE_METHOD(Fixture, "after a reorganisation another purchase may hold the same id: another row") {
    take(report({purchase(10)}, 11));
    ChainEvent rollback, other = purchase(10, "7", "b");
    rollback.type = "rollback", rollback.position = block(9).position;
    other.tx = "0xother";
    take(report({rollback, other}, 12, "b"));
    REQUIRE(journal->read([&](Tx& tx) -> Status {
        CHECK(subscriptions_by_id(tx, "local", "7").size() == 2);
        return {};
    }));
}

TEST_CASE_METHOD(Fixture,
                 "a rollback below a final position parks destructions, alarms, and goes on after accept-reorg") {
    take(report({purchase(10)}, 20));
    ChainEvent rollback;
    rollback.type = "rollback", rollback.position = block(9).position;
    const auto deep = take(report({rollback}, 21, "b"));
    CHECK(deep.below_final);
    CHECK(deep.cursor.parked_destruction);
    CHECK(deep.cursor.final.position.id == "0xb19");
    CHECK(deep.touched.size() == 1);
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        CHECK(alarms(tx).size() == 1);
        REQUIRE(accept_reorg(tx, "local").ok());
        CHECK_FALSE(cursor_of(tx, "local")->parked_destruction);
        CHECK(alarms(tx).empty());
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "the final position never moves back by itself") {
    take(report({}, 20));
    CHECK(take(report({}, 15)).cursor.final.position.height == 18);
}

TEST_CASE_METHOD(Fixture, "nothing is final while more is to be polled") {
    ChainEvents polled = report({purchase(10)}, 20);
    polled.more = true;
    CHECK_FALSE(take(polled).cursor.final.position.known());
    CHECK(row().purchase == EventState::seen);
}

TEST_CASE_METHOD(Fixture, "an event that comes after its height is final is final with that poll, however late it is") {
    const auto events = [&] {
        std::vector<EventRow> all;
        REQUIRE(journal->read([&](Tx& tx) -> Status {
            all = list_events(tx, 0, 9);
            return {};
        }));
        return all;
    };
    take(report({purchase(10)}, 20));
    CHECK(row().purchase == EventState::final);
    auto late = report({purchase(9, "8")}, 21);
    late.more = true;
    take(late);
    CHECK(row("8").purchase == EventState::seen);
    CHECK(events()[0].status == EventState::seen);
    late.events.clear(), late.more = false;
    const Ingested done = take(late);  // nothing new in it but that there is no more
    CHECK(done.changed);
    CHECK(row("8").purchase == EventState::final);
    CHECK(row().purchase == EventState::final);
    for (const EventRow& event : events()) CHECK(event.status == EventState::final);
    // What a rollback took and what came in its place.
    ChainEvent rollback;
    rollback.type = "rollback", rollback.position = block(9).position;
    take(report({rollback, purchase(11, "9", "b")}, 12, "b"));
    CHECK(row().purchase == EventState::rolled_back);
    CHECK(row("8").purchase == EventState::final);
    CHECK(row("9").purchase == EventState::seen);
    take(report({}, 13, "b"));
    CHECK(row("9").purchase == EventState::final);
    CHECK(row().purchase == EventState::rolled_back);
}

TEST_CASE_METHOD(Fixture, "a subscription's events are found while there is more to poll, and after") {
    const auto found = [&](const std::string& id) {
        std::vector<std::string> types;
        REQUIRE(journal->read([&](Tx& tx) -> Status {
            for (const EventRow& event : events_of(tx, "local", id)) types.push_back(event.type);
            return {};
        }));
        return types;
    };
    const auto extended = [](std::uint64_t height) {
        ChainEvent event = purchase(height);
        event.type = "extended", event.tx += "x";
        return event;
    };
    auto polled = report({purchase(10), purchase(11, "8"), extended(12)}, 20);
    polled.more = true;
    const Ingested first = take(polled);
    CHECK(first.cursor.newest_event == 3);
    CHECK(first.cursor.listed_event == 0);
    CHECK(found("7") == std::vector<std::string>{"purchased", "extended"});
    CHECK(found("8").size() == 1);
    const Ingested second = take(report({extended(13)}, 21));
    CHECK(second.cursor.listed_event == 4);
    CHECK(found("7") == std::vector<std::string>{"purchased", "extended", "extended"});
    CHECK(found("8").size() == 1);
    CHECK(found("").empty());
}

TEST_CASE_METHOD(Fixture, "a plan of another agent's host is not ours") {
    ChainEvent plan;
    plan.type = "plan", plan.position = block(5).position, plan.tx = "0xp", plan.plan = "1";
    plan.plan_state = ChainEvent::PlanState{};
    plan.plan_state->agent = "0xother";
    CHECK(take(report({plan, purchase(10)}, 11)).touched.empty());
}

TEST_CASE_METHOD(Fixture, "a plan whose change left the chain is as its newest event says that is still there") {
    const auto plan = [](std::uint64_t height, const std::string& id, std::uint64_t total, const std::string& branch) {
        ChainEvent event;
        event.type = "plan", event.position = block(height, branch).position, event.plan = id;
        event.tx = "0xp" + id + std::to_string(height);
        event.plan_state = ChainEvent::PlanState{};
        event.plan_state->total = total;
        return event;
    };
    const auto total_of = [&](const std::string& id) {
        std::uint64_t total = 0;
        REQUIRE(journal->read([&](Tx& tx) -> Status {
            total = plan_of(tx, "local", id)->total;
            return {};
        }));
        return total;
    };
    take(report({plan(5, "1", 9, "a"), plan(6, "2", 3, "a"), plan(8, "1", 7, "a"), plan(10, "1", 0, "a")}, 11));
    CHECK(total_of("1") == 0);
    ChainEvent rollback;
    rollback.type = "rollback", rollback.position = block(9).position;
    take(report({rollback}, 12, "b"));
    CHECK(total_of("1") == 7);
    rollback.position = block(7).position;
    take(report({rollback, plan(9, "2", 4, "c")}, 13, "c"));
    CHECK(total_of("1") == 9);
    CHECK(total_of("2") == 4);
    rollback.position = block(4).position;  // its creation is gone: its terms stay
    take(report({rollback}, 14, "d"));
    CHECK(total_of("1") == 9);
}

TEST_CASE_METHOD(Fixture, "an instance that was used for another contract is refused") {
    take(report({}, 11));
    source.chain.contract = "0xd";
    const auto answer = journal->write([&](Tx& tx) -> Status {
        auto taken = ingest(tx, source, report({}, 12));
        REQUIRE_FALSE(taken.ok());
        CHECK(taken.failure().message.find("instance of its own") != std::string::npos);
        return taken.failure();
    });
    CHECK(answer.failure().code == BH_E_INVALID);
}
