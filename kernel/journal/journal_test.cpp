#include "kernel/journal/journal.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/schema.hpp"
#include "kernel/journal/store.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <sqlite3.h>
#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>

using namespace bh;
using namespace bh::life;

namespace {

// A database of its own in a directory that goes with the test.
struct Fixture {
    Fixture() {
        char pattern[] = "/tmp/bh-journal-XXXXXX";
        directory = ::mkdtemp(pattern);
        reopen();
    }
    ~Fixture() {
        journal.reset();
        std::filesystem::remove_all(directory);
    }
    void reopen() {
        journal.reset();
        auto opened = Journal::open(path(), [this] { return now; });
        REQUIRE(opened.ok());
        journal = std::move(*opened);
    }
    [[nodiscard]] std::string path() const { return directory + "/journal.db"; }
    void outside(const char* sql) const {
        sqlite3* raw = nullptr;
        REQUIRE(sqlite3_open(path().c_str(), &raw) == SQLITE_OK);
        char* error = nullptr;
        const int code = sqlite3_exec(raw, sql, nullptr, nullptr, &error);
        INFO((error != nullptr ? error : ""));
        sqlite3_free(error);
        sqlite3_close(raw);
        REQUIRE(code == SQLITE_OK);
    }
    SubscriptionRow add(const std::string& id) {
        SubscriptionRow row;
        row.instance = "local", row.chain = "test:1", row.contract = "0xc", row.id = id, row.tx = "0xt" + id;
        row.sealed_request = {1, 2, 3};
        REQUIRE(journal->write([&](Tx& tx) -> Status {
            add_subscription(tx, row);
            return {};
        }));
        return row;
    }

    std::string directory;
    std::int64_t now = 1'000'000;
    std::unique_ptr<Journal> journal;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a row comes back as it was written, also after the journal is opened again") {
    SubscriptionRow row = add("7");
    row.state = State::active, row.expires_at = {1234}, row.amount = {"115792089237316195423570985008687907853"};
    row.purchased_at = {"0xblock", 5}, row.purchase = EventState::final, row.wake_ms = 77;
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        save_subscription(tx, row);
        return {};
    }));
    reopen();
    REQUIRE(journal->read([&](Tx& tx) -> Status {
        const auto read = subscription_by_purchase(tx, "local", "7", "0xt7", 0);
        REQUIRE(read);
        CHECK(read->state == State::active);
        CHECK(read->expires_at == UnixTime{1234});
        CHECK(read->amount == row.amount);
        CHECK(read->sealed_request == Bytes{1, 2, 3});
        CHECK(read->purchased_at == Position{"0xblock", 5});
        CHECK(read->purchase == EventState::final);
        CHECK(read->wake_ms == 77);
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "every word of the vocabulary is stored and read back") {
    for (std::size_t i = 0; i < kStateCount; ++i) {
        const auto word = static_cast<State>(i);
        CHECK(word_from_text<State>(to_text(word)) == word);
    }
    for (std::size_t i = 0; i < kStepCount; ++i) {
        const auto word = static_cast<Step>(i);
        CHECK(word_from_text<Step>(to_text(word)) == word);
    }
    for (std::size_t i = 0; i < kJobStateCount; ++i) {
        const auto word = static_cast<JobState>(i);
        CHECK(word_from_text<JobState>(to_text(word)) == word);
    }
    CHECK_FALSE(word_from_text<State>("?"));
}

TEST_CASE_METHOD(Fixture, "a transaction whose body fails leaves the previous state") {
    const SubscriptionRow row = add("7");
    const auto written = journal->write([&](Tx& tx) -> Status {
        SubscriptionRow changed = row;
        changed.state = State::held;
        save_subscription(tx, changed);
        return Failure{BH_E_CONFLICT, "no", "no", 0};
    });
    REQUIRE_FALSE(written.ok());
    CHECK(written.failure().reason == "no");
    REQUIRE(journal->read([&](Tx& tx) -> Status {
        CHECK(subscription_by_row(tx, row.row)->state == State::purchased);
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "who asked is told once that writing fails, and once that it works again") {
    std::vector<std::string> told;
    journal->set_on_trouble(
        [&](const Status& written) { told.push_back(written ? "works" : written.failure().reason); });
    const auto write = [&] { return journal->write([](Tx&) -> Status { return {}; }).ok(); };
    CHECK(write());
    journal->fail_commits(2);
    CHECK_FALSE(write());
    CHECK_FALSE(write());
    CHECK(write());
    CHECK(write());
    CHECK(told == std::vector<std::string>{"disk_full", "works"});
}

TEST_CASE_METHOD(Fixture, "a full disk is a clear failure and leaves the previous state") {
    journal->fail_commits(1);
    const auto written = journal->write([&](Tx& tx) -> Status {
        set_meta(tx, "boot_id", "b");
        return {};
    });
    REQUIRE_FALSE(written.ok());
    CHECK(written.failure().code == BH_E_EXHAUSTED);
    CHECK(written.failure().reason == "disk_full");
    CHECK(written.failure().message.find("make room") != std::string::npos);
    REQUIRE(journal->read([&](Tx& tx) -> Status {
        CHECK(meta(tx, "boot_id").empty());
        return {};
    }));
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        set_meta(tx, "boot_id", "b");
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "an event is stored once and comes back after a rollback") {
    EventRow event;
    event.instance = "local", event.type = "purchased", event.position = {"0xa", 10}, event.tx = "0xt";
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        EventRow first = event, again = event;
        CHECK(add_event(tx, first));
        CHECK_FALSE(add_event(tx, again));
        CHECK(roll_back_events(tx, "local", 9).size() == 1);
        CHECK(roll_back_events(tx, "local", 9).empty());
        EventRow mined = event;
        CHECK(add_event(tx, mined));
        const auto between = [&tx](std::uint64_t from, std::uint64_t to) {
            std::vector<std::string> types;
            events_between(tx, "local", from, to, [&types](const EventSubject& told) {
                CHECK(told.tx == "0xt");
                types.push_back(told.type);
            });
            return types;
        };
        CHECK(between(0, 9).empty());
        CHECK(between(10, 10) == std::vector<std::string>{"purchased"});
        CHECK(between(11, 12).empty());
        CursorRow cursor;
        cursor.instance = "local", cursor.open_from = 10;
        save_cursor(tx, cursor);
        CHECK(list_events(tx, 0, 1).front().status == EventState::seen);
        cursor.open_from = 11;
        save_cursor(tx, cursor);
        CHECK(list_events(tx, 0, 1).front().status == EventState::final);
        CHECK(events_of(tx, "local", "").front().status == EventState::final);
        CHECK(roll_back_events(tx, "local", 9).front().status == EventState::final);
        CHECK(between(0, 12).empty());
        CHECK(list_events(tx, 0, 1).front().status == EventState::rolled_back);
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "the write-ahead log does not grow beyond its limit, whatever was read") {
    constexpr std::uintmax_t kLimit = 24 << 20;  // of 16 MiB, and of one transaction
    for (int i = 0; i < 100; ++i) {
        REQUIRE(journal->write([&](Tx& tx) -> Status {
            set_meta(tx, "boot_id", std::string(1 << 20, static_cast<char>('a' + i % 26)));
            CHECK(next_wake_ms(tx) == 0);
            CHECK(meta(tx, "boot_id").size() == 1 << 20);
            return {};
        }));
        REQUIRE(journal->read([&](Tx& tx) -> Status {
            CHECK_FALSE(meta(tx, "boot_id").empty());
            return {};
        }));
        REQUIRE(std::filesystem::file_size(path() + "-wal") < kLimit);
    }
    const auto write = [&](int keys) {
        REQUIRE(journal->write([&](Tx& tx) -> Status {
            for (int i = 0; i < keys; ++i) set_meta(tx, "key" + std::to_string(i), std::string(1 << 20, 'x'));
            return {};
        }));
    };
    write(40);
    CHECK(std::filesystem::file_size(path() + "-wal") > kLimit);
    write(1);
    write(1);
    CHECK(std::filesystem::file_size(path() + "-wal") < kLimit);
}

TEST_CASE_METHOD(Fixture, "the audit log is chained, append-only, and shows a change") {
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        for (int i = 0; i < 3; ++i) append_audit(tx, "kernel", "test", "subscription:1", std::to_string(i));
        CHECK(verify_audit(tx).ok());
        CHECK(list_audit(tx, 0, 10).size() == 3);
        return {};
    }));
    journal.reset();
    outside("DROP TRIGGER audit_fixed; UPDATE audit SET detail = 'x' WHERE n = 2");
    reopen();
    REQUIRE(journal->read([&](Tx& tx) -> Status {
        const auto answer = verify_audit(tx);
        REQUIRE_FALSE(answer.ok());
        CHECK(answer.failure().code == BH_E_CORRUPT);
        return {};
    }));
    CHECK_FALSE(journal
                    ->write([&](Tx& tx) -> Status {
                        append_audit(tx, "kernel", "a", "b", "c");
                        return Failure{BH_E_INTERNAL, "undo", "undo", 0};
                    })
                    .ok());
}

TEST_CASE_METHOD(Fixture, "timers come by index and in order") {
    SubscriptionRow a = add("1"), b = add("2"), c = add("3");
    a.wake_ms = 30, b.wake_ms = 10, c.due_at = {500};
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        save_subscription(tx, a), save_subscription(tx, b), save_subscription(tx, c);
        CHECK(rows_to_wake(tx, 20, 9) == std::vector{b.row});
        CHECK(rows_to_wake(tx, 30, 9) == std::vector{b.row, a.row});
        CHECK(next_wake_ms(tx) == 10);
        CHECK(rows_due(tx, "local", {499}, 9).empty());
        CHECK(rows_due(tx, "local", {500}, 9) == std::vector{c.row});
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "an address and a name are given once") {
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        CHECK(assign_address(tx, {"2001:db8::1", "d", "bh-1-a", "hyper", "store", 1}));
        CHECK_FALSE(assign_address(tx, {"2001:db8::1", "d", "bh-2-a", "hyper", "store", 2}));
        CHECK_FALSE(assign_address(tx, {"2001:db8::2", "d", "bh-1-a", "hyper", "store", 2}));
        release_addresses(tx, 1);
        CHECK(assign_address(tx, {"2001:db8::1", "d", "bh-1-a", "hyper", "store", 2}));
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "an alarm keeps its first time and stands until it is cleared") {
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        raise_alarm(tx, "job:1", "slow", "one");
        return {};
    }));
    now += 5000;
    REQUIRE(journal->write([&](Tx& tx) -> Status {
        raise_alarm(tx, "job:1", "slow", "two");
        REQUIRE(alarms(tx).size() == 1);
        CHECK(alarms(tx)[0].since_ms == 1'000'000);
        CHECK(alarms(tx)[0].message == "two");
        clear_alarms(tx, "job:1");
        CHECK(alarms(tx).empty());
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "a plugin's store is all or nothing, has a limit, and is its own") {
    REQUIRE(store_put(*journal, "a", {{"k/1", {1}}, {"k/2", {2}}}).ok());
    CHECK(*store_get(*journal, "a", "k/1") == Bytes{1});
    CHECK(store_get(*journal, "b", "k/1").failure().code == BH_E_NOT_FOUND);
    CHECK(store_put(*journal, "a", {{"k/1", {9}}, {"Bad", {1}}}).failure().code == BH_E_INVALID);
    CHECK(store_put(*journal, "a", {{"k/1", {9}}, {"k/1", {1}}}).failure().code == BH_E_INVALID);
    CHECK(store_put(*journal, "a", {{"k/1", {9}}, {"big", Bytes(kStoreMaxTotal, 7)}}).failure().code == BH_E_EXHAUSTED);
    CHECK(*store_get(*journal, "a", "k/1") == Bytes{1});
    CHECK(store_list(*journal, "a", "k/", "")->keys == std::vector<std::string>{"k/1", "k/2"});
    REQUIRE(store_put(*journal, "a", {{"k/1", {}}}).ok());
    CHECK(store_list(*journal, "a", "", "")->keys == std::vector<std::string>{"k/2"});
}

TEST_CASE_METHOD(Fixture, "a journal of a newer version, of garbage, or with an unknown word is refused by name") {
    const SubscriptionRow row = add("7");
    journal.reset();
    outside("UPDATE subscription SET state = 'dancing'");
    reopen();
    const auto read = journal->read([&](Tx& tx) -> Status {
        (void)subscription_by_row(tx, row.row);
        return {};
    });
    REQUIRE_FALSE(read.ok());
    CHECK(read.failure().message.find("dancing") != std::string::npos);
    journal.reset();
    outside("PRAGMA user_version = 99");
    const auto newer = Journal::open(path(), [] { return 0; });
    REQUIRE_FALSE(newer.ok());
    CHECK(newer.failure().message.find("newer version") != std::string::npos);
    std::filesystem::resize_file(path(), 0);
    std::filesystem::remove(path() + "-wal");
    std::filesystem::remove(path() + "-shm");
    {
        std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(path().c_str(), "w"), &std::fclose};
        std::fputs(
            "this is no database, but it is long enough to be looked at as one by its first page of bytes........",
            file.get());
    }
    const auto garbage = Journal::open(path(), [] { return 0; });
    REQUIRE_FALSE(garbage.ok());
    CHECK(garbage.failure().code == BH_E_CORRUPT);
}

TEST_CASE_METHOD(Fixture, "events of a journal of version 3 are kept, each with its document alone") {
    journal.reset();
    std::filesystem::remove(path());
    for (std::size_t i = 0; i < 3; ++i) outside(migrations()[i]);
    outside(R"sql(
PRAGMA user_version = 3;
INSERT INTO event VALUES(
    7, 'local', 'purchased', '0xa', 10, 5, '0xt', 2, 1, '3', 'seen', 6, 0,
    '{"cursor":"","events":[{"amount":"115792089237316195423570985008687907853269984665640564039457584007913129639935",'
    || '"position":{"height":18446744073709551615,"id":"0xa"},"type":"purchased"}],"recent":[]}');
INSERT INTO event VALUES(
    9, 'local', 'plan', '0xb', 9, 5, '0xu', 2, 1, '', 'final', 6, 8,
    '{"cursor":"","events":[{"position":{"height":9,"id":"0xb"},"type":"plan"}],"recent":[]}');
INSERT INTO chain_cursor VALUES('local', 'eip155:1', '0xc', '', '', 0, 0, '', 9, 8, 0);
INSERT INTO chain_cursor VALUES('other', 'eip155:2', '0xc', '', '', 0, 0, '', 9, 8, 0);
INSERT INTO event VALUES(5, 'other', 'plan', '0xb', 9, 5, '0xu', 2, 1, '', 'final', 6, 8, '{"events":[{}]}');
)sql");
    reopen();
    REQUIRE(journal->write([](Tx& tx) -> Status {
        const auto kept = list_events(tx, 0, 9);
        REQUIRE(kept.size() == 3);
        CHECK(kept[0].n == 9);
        CHECK(kept[0].status == EventState::final);
        CHECK(kept[0].document == R"({"position":{"height":9,"id":"0xb"},"type":"plan"})");
        CHECK(kept[1].n == 7);
        CHECK(kept[1].document ==
              R"({"amount":"115792089237316195423570985008687907853269984665640564039457584007913129639935",)"
              R"("position":{"height":18446744073709551615,"id":"0xa"},"type":"purchased"})");
        CHECK(kept[1].status == EventState::seen);
        EventRow again = kept[1];
        CHECK_FALSE(add_event(tx, again));
        EventRow other = kept[1];
        other.log_index = 3;
        CHECK(add_event(tx, other));
        CHECK(other.n == 10);
        std::size_t open = 0;
        const auto cursor = cursor_of(tx, "local");
        REQUIRE(cursor);
        CHECK(cursor->open_from == 10);                  // the lowest that was not final
        CHECK(cursor_of(tx, "other")->open_from == 10);  // all were
        events_between(tx, "local", cursor->open_from, 10, [&open](const EventSubject& told) {
            CHECK(told.tx == "0xt");
            ++open;
        });
        CHECK(open == 2);
        return {};
    }));
}

TEST_CASE_METHOD(Fixture, "hooks see the name of a transaction before and after its commit") {
    std::vector<std::string> seen;
    journal->set_hooks([&](const std::string& name) { seen.push_back("before " + name); },
                       [&](const std::string& name) { seen.push_back("after " + name); });
    REQUIRE(journal->write("x", [](Tx& tx) -> Status {
        set_meta(tx, "a", "b");
        return {};
    }));
    REQUIRE(journal->write([](Tx&) -> Status { return {}; }));
    CHECK(seen == std::vector<std::string>{"before x", "after x"});
}
