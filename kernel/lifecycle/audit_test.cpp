// The audit log, its anchors, and a journal that is not the newest one; the name is the rule. [sqlite]: needs the
// database as a file; the rest runs over the journal in memory, too (tests/model).
#include "kernel/lifecycle/audit_check.hpp"
#include "kernel/lifecycle/testing/fixture.hpp"

#include <sqlite3.h>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

struct Audited : Fixture {
    Doubles vault{*world};
    AuditReport check() {
        const Ports ports = vault.ports();
        auto report = check_audit(*scene->journal, ports.vault);
        REQUIRE(report.ok());
        return std::move(*report);
    }
    // What somebody does to the database behind the daemon's back.
    void outside(const char* sql) {
        sqlite3* db = nullptr;
        REQUIRE(sqlite3_open((directory + "/journal.db").c_str(), &db) == SQLITE_OK);
        REQUIRE(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(db);
    }
    std::vector<AuditRow> rows_of(const std::string& action) {
        auto all = scene->read<std::vector<AuditRow>>([](Tx& tx) { return list_audit(tx, 0, 100'000); });
        std::erase_if(all, [&](const AuditRow& row) { return row.action != action; });
        return all;
    }
    // Lets a minute pass in which something happened: the newest row is anchored.
    void anchor() {
        const auto before = world->anchor_count;
        REQUIRE(scene->until([&] { return world->anchor_count > before; }, 200));
    }
};

}  // namespace

TEST_CASE_METHOD(Audited,
                 "the newest row is anchored in each minute in which something happened, and the log is whole") {
    Scene& s = served();
    REQUIRE(world->anchor_count >= 1);
    user(*world, "extend", "1", 1000);
    REQUIRE(s.journal->write([](Tx& tx) -> Status {
        append_audit(tx, "kernel", "test", "host", "");
        return {};
    }));
    anchor();
    const std::int64_t newest = world->anchors[world->anchor_count - 1].row;
    const auto whole = check();
    CHECK(whole.check.broken == 0);
    CHECK(whole.check.anchors == world->anchor_count);
    CHECK(whole.newest->row == newest);
    CHECK_FALSE(whole.other.has_value());
    // Nothing happens: nothing is anchored.
    const auto count = world->anchor_count;
    const auto head_before = s.read<std::string>([](Tx& tx) { return audit_head(tx); });
    CHECK_FALSE(s.until([&] { return world->anchor_count > count; }, 300));
    CHECK(s.read<std::string>([](Tx& tx) { return audit_head(tx); }) == head_before);
}

TEST_CASE_METHOD(Audited, "a row that was changed, taken out, put in or cut off is named, and so is a log written anew",
                 "[sqlite]") {
    served();
    user(*world, "extend", "1", 1000);
    anchor();
    const auto rows = check().check.rows;
    const std::string unlock = "DROP TRIGGER audit_fixed; DROP TRIGGER audit_kept; ";
    SECTION("changed") {
        outside((unlock + "UPDATE audit SET detail = 'x' WHERE n = 3").c_str());
        scene->restart();
        CHECK(check().check.broken == 3);
        CHECK(check().check.why.find("changed") != std::string::npos);
    }
    SECTION("taken out") {
        outside((unlock + "DELETE FROM audit WHERE n = 4").c_str());
        scene->restart();
        CHECK(check().check.broken == 4);
        CHECK(check().check.why.find("missing") != std::string::npos);
    }
    SECTION("cut off behind its anchor, and gone on with") {
        outside((unlock + "DELETE FROM audit WHERE n > 2").c_str());
        scene->restart();  // which appends rows of its own
        const auto report = check();
        CHECK(report.check.broken >= 3);
        CHECK(report.check.broken <= rows);
        CHECK(report.check.why.find("anchored") != std::string::npos);
    }
    SECTION("nothing") {
        scene->restart();
        CHECK(check().check.broken == 0);
    }
}

TEST_CASE_METHOD(Audited, "anchors that can't be read are said so, and the chain is walked all the same") {
    served();
    add_fault(*world, "newest_anchor", BH_E_UNAVAILABLE, 1);
    const auto report = check();
    CHECK(report.check.broken == 0);
    CHECK(report.check.anchors == 0);
    CHECK_FALSE(report.unread.empty());
}

TEST_CASE_METHOD(Audited, "an older copy of the journal is recognised by its anchors and goes on as another journal",
                 "[sqlite]") {
    Scene& s = served();
    copy_journal(directory + "/journal.db", directory + "/older.db");
    const auto shared = s.read<std::int64_t>([](Tx& tx) { return newest_audit(tx)->n; });
    user(*world, "extend", "1", 100'000);
    REQUIRE(s.journal->write([](Tx& tx) -> Status {
        append_audit(tx, "kernel", "test", "host", "");
        return {};
    }));
    anchor();
    const std::string before = s.read<std::string>([](Tx& tx) { return journal_id(tx); });
    const std::int64_t issued = world->now_ms;
    s.put_back(directory + "/older.db");
    REQUIRE(s.until([&] { return !s.engine->recovering(); }));
    CHECK(s.read<std::string>([](Tx& tx) { return journal_id(tx); }) != before);
    REQUIRE(rows_of("recover").size() == 1);
    const auto parents = s.read<std::vector<AuditAnchor>>([](Tx& tx) { return journal_parents(tx); });
    REQUIRE(parents.size() == 1);
    CHECK(parents[0].journal == before);
    CHECK(parents[0].row <= shared);
    CHECK(check().check.broken == 0);
    // A command of before may have run in what was lost.
    CHECK(s.operate->accept_reorg({"n1", 0, issued}, "chain").failure().reason == "refused");
    CHECK(s.operate->accept_reorg({"n1", 0, world->now_ms + 1}, "chain").ok());
    // Known from now on: the next start finds nothing new.
    s.restart();
    REQUIRE(s.until([&] { return !s.engine->recovering(); }));
    CHECK(rows_of("recover").size() == 1);
    expect(State::active);
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Audited, "an empty journal on a host that had one says so, and the first of a host does not") {
    Scene& s = served();
    CHECK(rows_of("recover").empty());
    CHECK_FALSE(check().other.has_value());
    s.wipe();
    REQUIRE(s.until([&] { return !s.engine->recovering(); }));
    CHECK(rows_of("recover").size() == 1);
    expect(State::active);
    CHECK_FALSE(check().other.has_value());
    REQUIRE(check().parents.size() == 1);
    CHECK(check().parents[0].row == 0);  // nothing of it is shared
    user(*world, "extend", "1", 1000);
    anchor();
    CHECK(check().newest.has_value());
}

TEST_CASE_METHOD(Audited, "a journal that was in use before another one is recognised, although its own anchors agree",
                 "[sqlite]") {
    Scene& s = served();
    user(*world, "extend", "1", 100'000);
    anchor();
    copy_journal(directory + "/journal.db", directory + "/first.db");
    s.wipe();
    expect(State::active);
    anchor();
    CHECK(rows_of("recover").size() == 1);
    s.put_back(directory + "/first.db");
    REQUIRE(s.until([&] { return !s.engine->recovering(); }));
    CHECK(rows_of("recover").size() == 1);  // its own
    CHECK(check().check.broken == 0);
    expect(State::active);
    CHECK(world->vms_made == 1);
}

TEST_CASE_METHOD(Audited, "a signer that keeps no anchors is an alarm after an hour, and a refusal at once") {
    Scene& s = served();
    user(*world, "extend", "1", 1'000'000);
    const auto alarm = [&] {
        const auto all = standing_alarms();
        return std::any_of(all.begin(), all.end(), [](const auto& each) { return each.reason == "unanchored"; });
    };
    REQUIRE(s.journal->write([](Tx& tx) -> Status {
        append_audit(tx, "kernel", "test", "host", "");
        return {};
    }));
    SECTION("not there") {
        add_fault(*world, "anchor", BH_E_UNAVAILABLE, 100'000);
        REQUIRE_FALSE(s.until(alarm, 300));
        world->now_ms += 3'700'000;
        REQUIRE(s.until(alarm, 300));
        for (auto& fault : world->faults) fault.count = 0;
        CHECK(s.until([&] { return !alarm(); }, 300));
    }
    SECTION("it holds another log") {
        add_fault(*world, "anchor", BH_E_CONFLICT, 1);
        CHECK(s.until(alarm, 300));
    }
}

TEST_CASE_METHOD(Audited, "nothing is done at a start before the anchors were asked for") {
    add_fault(*world, "newest_anchor", BH_E_UNAVAILABLE, 5);
    Scene& s = bought();
    REQUIRE(s.until([&] { return s.row().has_value(); }));
    CHECK(s.engine->recovering());
    CHECK(world->volumes_made == 0);
    expect(State::active);
}
