// The host's money over a contract that keeps books of its own (tests/plugins/mem-chain); the name is the rule.
#include "tests/funds/shop.hpp"

#include <sqlite3.h>
#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::funds;
using namespace bh::funds::testing;

namespace {

const Enabled& enabled() {
    static const Enabled once;
    return once;
}

struct Fixture {
    Fixture() {
        char pattern[] = "/dev/shm/bh-funds-XXXXXX";
        directory = ::mkdtemp(pattern);
        plan = Shop::prepare(*world, directory);
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() {
        shop.reset();
        std::filesystem::remove_all(directory);
    }
    Shop& begin(Config config = {}) {
        shop.emplace(*world, directory, enabled().trust(), std::move(config));
        shop->open();
        return *shop;
    }
    Shop& served(std::uint64_t days = 2, Config config = {}) {
        Shop& s = begin(std::move(config));
        s.chain.purchase(kBuyer, plan, days, {1, 2, 3});
        REQUIRE(s.until([&] { return s.is(life::State::active); }));
        return s;
    }
    // While the daemon is not running.
    void tamper(const char* sql) {
        shop->close();
        sqlite3* database = nullptr;
        REQUIRE(sqlite3_open((directory + "/journal.db").c_str(), &database) == SQLITE_OK);
        char* error = nullptr;
        const int done = sqlite3_exec(database, sql, nullptr, nullptr, &error);
        INFO((error == nullptr ? "" : error));
        CHECK(done == SQLITE_OK);
        CHECK(sqlite3_changes(database) == 1);
        sqlite3_free(error);
        sqlite3_close(database);
        shop->open();
    }

    std::unique_ptr<World> world = std::make_unique<World>();
    std::string directory, plan;
    std::optional<Shop> shop;
};

std::vector<life::HostTxRow> withdrawn(Shop& s, const std::string& nonce = "") {
    const auto made = s.treasurer->withdraw(s.command(nonce), "native");
    REQUIRE(made);
    return *made;
}

std::string refusal(const Result<life::HostTxRow>& made) { return made ? "" : made.failure().reason; }

void expect_agreement(Shop& s) {
    const auto report = s.look();
    INFO(report.why);
    CHECK(report.reconciled());
    REQUIRE(report.tokens.size() == 1);
    const TokenReport& token = report.tokens.front();
    CHECK(token.difference().is_zero());
    CHECK(token.unaccounted.is_zero());
    CHECK((token.books.paid - token.books.withdrawn - token.books.claimed).text() == token.held.text());
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the books agree with the contract to the unit at every final block of a mixed life") {
    Shop& s = served();
    expect_agreement(s);
    s.chain.purchase("0x00000000000000000000000000000000000000b2", plan, 3, {1});
    REQUIRE(s.until([&] { return s.is(life::State::active, "2"); }));
    s.chain.extend(kBuyer, "1", 5);
    s.pass(3601);
    expect_agreement(s);
    s.chain.cancel("0x00000000000000000000000000000000000000b2", "2");
    s.pass(60);
    expect_agreement(s);
    s.chain.claim("0x00000000000000000000000000000000000000b2");
    s.pass(60);
    CHECK(withdrawn(s).size() == 1);
    REQUIRE(s.settled());
    s.pass(60);
    expect_agreement(s);
    const auto token = s.look().tokens.front();
    const auto money = s.chain.money();
    CHECK(token.books.paid == Sum{money.paid});
    CHECK(token.books.withdrawn == Sum{money.withdrawn});
    CHECK(token.books.claimed == Sum{money.claimed});
    CHECK(money.claimed > 0);
    CHECK(money.withdrawn > 0);
    // Entry by entry it is the same sum.
    Sum in, out;
    const auto page = entries(*s.journal, 0, 1000);
    REQUIRE(page);
    CHECK(page->next == 0);
    for (const Entry& entry : page->entries) in += entry.in, out += entry.out;
    CHECK((in - out).text() == std::to_string(money.balance));
    CHECK(page->entries.size() == 6);  // 2 purchases, an extension, a cancel, a claim, a withdrawal
    const auto fees = s.read([](life::Tx& tx) { return life::fees_after(tx, 0, 100); });
    CHECK(fees.size() >= 3);  // two deliveries and the withdrawal at least
}

TEST_CASE_METHOD(Fixture, "pages of the ledger leave nothing out and repeat nothing") {
    Shop& s = served();
    s.chain.extend(kBuyer, "1", 1);
    s.chain.extend(kBuyer, "1", 1);
    s.pass(10);
    std::vector<std::int64_t> seen;
    std::int64_t after = 0;
    do {
        const auto page = entries(*s.journal, after, 2);
        REQUIRE(page);
        for (const Entry& entry : page->entries) seen.push_back(entry.event);
        after = page->next;
    } while (after != 0);
    CHECK(seen.size() == 3);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

TEST_CASE_METHOD(Fixture, "a unit that is changed in the journal, or a payment that is taken out of it, shows") {
    Shop& s = served();
    s.chain.extend(kBuyer, "1", 1);
    s.pass(60);
    expect_agreement(s);
    SECTION("one unit more was paid") {
        tamper(
            "UPDATE event SET document = replace(document, '\"amount\":\"1000003\"', '\"amount\":\"1000004\"') "
            "WHERE type = 'extended'");
        const auto report = s.look();
        CHECK_FALSE(report.reconciled());
        CHECK(report.tokens.front().line_off.text() == "-1");
        CHECK(report.tokens.front().difference().text() == "-1");
    }
    SECTION("an extension was never paid") {
        tamper("DELETE FROM event WHERE type = 'extended'");
        const auto report = s.look();
        CHECK_FALSE(report.reconciled());
        CHECK(report.tokens.front().difference().text() == std::to_string(kPrice));
    }
    SECTION("a delivery is hidden: the sum is right and the parts are not") {
        tamper("DELETE FROM event WHERE type = 'delivered'");
        const auto report = s.look();
        CHECK_FALSE(report.reconciled());
        CHECK(report.tokens.front().difference().is_zero());
        CHECK(report.tokens.front().undelivered_off.text() == "-" + std::to_string(2 * kPrice));
    }
    SECTION("an event is no document") {
        tamper("UPDATE event SET document = 'nothing' WHERE type = 'extended'");
        CHECK(s.look().why.find("is no document") != std::string::npos);
        CHECK_FALSE(entries(*s.journal, 0, 10));
    }
}

TEST_CASE_METHOD(Fixture, "a withdrawal that is ordered again is the same one, and pays once") {
    Shop& s = served();
    s.pass(7200);
    const auto first = withdrawn(s, "w");
    REQUIRE(first.size() == 1);
    // Another command while it is under way, and the same one again.
    CHECK(withdrawn(s).front().op_id == first.front().op_id);
    CHECK(withdrawn(s, "w").front().op_id == first.front().op_id);
    REQUIRE(s.settled());
    CHECK(s.logs("withdrawn") == 1);
    const auto again = withdrawn(s, "w");
    REQUIRE(again.size() == 1);
    CHECK(again.front().done);
    CHECK(again.front().tx == s.read([&](life::Tx& tx) { return life::host_tx(tx, first.front().op_id)->tx; }));
    s.pass(30);
    CHECK(s.logs("withdrawn") == 1);
    // What is earned since is another withdrawal.
    s.pass(7200);
    CHECK(withdrawn(s).front().op_id != first.front().op_id);
    REQUIRE(s.settled());
    CHECK(s.logs("withdrawn") == 2);
    s.pass(30);
    expect_agreement(s);
}

TEST_CASE_METHOD(Fixture, "nothing is sent when nothing is earned, and a token that nobody knows is refused") {
    Shop& s = begin();
    s.pass(10);
    CHECK(withdrawn(s).empty());
    const auto other = s.treasurer->withdraw(s.command(), "0x00000000000000000000000000000000000000ee");
    REQUIRE_FALSE(other);
    CHECK(other.failure().reason == "unknown_token");
    const auto split = s.treasurer->split(s.command(), "native");
    REQUIRE_FALSE(split);
    CHECK(split.failure().code == BH_E_UNSUPPORTED);
    CHECK(s.read([](life::Tx& tx) { return life::host_txs(tx, 10); }).empty());
}

TEST_CASE_METHOD(Fixture,
                 "the fees of deliveries come first: below the reserve an alarm stands and nothing is withdrawn") {
    Config poor;
    poor.reserve["chain"] = {std::to_string(mem::kPurse)};
    Shop& s = served(2, poor);  // whose delivery cost something: the account is below it now
    s.pass(7200);
    CHECK(s.alarmed("gas_reserve"));
    const auto refused = s.treasurer->withdraw(s.command(), "native");
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().code == BH_E_NO_FUNDS);
    CHECK(refused.failure().message.find("send it MEM") != std::string::npos);
    const auto host = s.look().host;
    REQUIRE(host);
    CHECK(host->low());
    CHECK(host->delivery == Sum{mem::kFee});
    CHECK(host->deliveries == 1'000'000);  // the most that is counted
    s.reopen({});
    s.pass(120);
    CHECK_FALSE(s.alarmed("gas_reserve"));
    CHECK(withdrawn(s).size() == 1);
}

TEST_CASE_METHOD(Fixture, "the reserve grows with what deliveries cost") {
    Config many;
    many.reserve_deliveries = 100'000;
    Shop& s = served(2, many);
    CHECK(s.look().host->reserve == Sum{mem::kFee * 100'000});
    CHECK_FALSE(s.look().host->low());
}

TEST_CASE_METHOD(Fixture, "after a rollback below a final position no money is moved until somebody has looked") {
    Shop& s = served();
    s.pass(7200);
    const auto made = withdrawn(s);
    REQUIRE(made.size() == 1);
    s.chain.reorg(6, true);
    REQUIRE(s.until([&] { return s.alarmed("reorg_below_final"); }));
    const auto refused = s.treasurer->withdraw(s.command(), "native");
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().message.find("accept-reorg") != std::string::npos);
    const auto attempts = s.read([&](life::Tx& tx) { return life::host_tx(tx, made.front().op_id)->attempt; });
    s.pass(60);
    CHECK(s.read([&](life::Tx& tx) { return life::host_tx(tx, made.front().op_id)->attempt; }) == attempts);
    REQUIRE(s.operate->accept_reorg(s.command(), "chain"));
    REQUIRE(s.settled());
    CHECK(s.logs("withdrawn") == 1);
    s.pass(60);
    expect_agreement(s);
}

TEST_CASE_METHOD(Fixture, "while its instance is parked a withdrawal waits, and goes on by itself") {
    Shop& s = served();
    s.pass(7200);
    const auto made = withdrawn(s);
    REQUIRE(s.journal->write([](life::Tx& tx) -> Status {
        life::save_parked(tx, {"chain", "denied", "a test", tx.now_ms(), tx.now_ms() + 60'000});
        return {};
    }));
    for (int i = 0; i < 200; ++i) s.treasurer->step();
    CHECK(s.logs("withdrawn") == 0);
    CHECK(s.read([&](life::Tx& tx) { return life::host_tx(tx, made.front().op_id)->attempt; }) == 0);
    REQUIRE(s.settled());
    CHECK(s.logs("withdrawn") == 1);
}

TEST_CASE_METHOD(Fixture, "answers that are lost and endpoints that fail double nothing") {
    Shop& s = served();
    s.pass(7200);
    s.chain.lose_answer("submit");
    s.chain.fail("submit", BH_E_UNAVAILABLE, 1);
    CHECK(withdrawn(s).size() == 1);
    REQUIRE(s.settled());
    CHECK(s.logs("withdrawn") == 1);
    CHECK_FALSE(s.alarmed("funds"));
    s.pass(30);
    expect_agreement(s);
}

TEST_CASE_METHOD(Fixture,
                 "time is credited once by a command, however often it is given, and more than is allowed never") {
    Shop& s = served();
    s.pass(3600);
    const auto number = s.row()->row;
    const auto before = s.row()->expires_at;
    const auto first = s.treasurer->credit(s.command(), number, 600);
    REQUIRE(first);
    CHECK(s.treasurer->credit(s.command(), number, 600)->op_id == first->op_id);
    CHECK(refusal(s.treasurer->credit(s.command(), number, 700)) == "refused");  // another length, at the same time
    REQUIRE(s.settled());
    CHECK(s.treasurer->credit(s.command(), number, 600)->done);
    CHECK(s.logs("time_credited") == 1);
    REQUIRE(s.until([&] { return s.row()->expires_at.seconds == before.seconds + 600; }));
    // Meant anew, it must lie behind the first one.
    CHECK(refusal(s.treasurer->credit(s.command(), number, 600, true)) == "refused");
    s.pass(700);
    const auto second = s.treasurer->credit(s.command(), number, 600, true);
    REQUIRE(second);
    CHECK(second->op_id != first->op_id);
    REQUIRE(s.settled());
    CHECK(s.logs("time_credited") == 2);
    CHECK(refusal(s.treasurer->credit(s.command(), number, 90'000, true)) == "refused");  // before its delivery
    CHECK(refusal(s.treasurer->credit(s.command(), number, 0)) == "bad_argument");
    CHECK(refusal(s.treasurer->credit(s.command(), number, 8 * 86'400)) == "bad_argument");  // above credit_max_s
    CHECK(refusal(s.treasurer->credit(s.command(), 99, 60)) == "not_found");
    s.pass(30);
    expect_agreement(s);
    s.chain.cancel(kBuyer, "1");
    s.pass(30);
    CHECK(refusal(s.treasurer->credit(s.command(), number, 60, true)) == "refused");
}

TEST_CASE_METHOD(Fixture, "an outage of the hypervisor is measured and credited once; what its tenant does is none") {
    Config generous;
    generous.credit_outages = true, generous.credit_min_s = 100;
    Shop& s = served(2, generous);
    s.pass(600);
    const auto number = s.row()->row;
    const auto stop = [&](const std::string& by) {
        s.hypervisor().edit([&](mem::HypervisorState& state) { mem::stop_machine(state.machines.front(), by); });
    };
    const auto runs = [&] { return s.hypervisor().look().machines.front().vm.state == "running"; };
    const auto all = [&] { return s.read([&](life::Tx& tx) { return life::outages_of(tx, number); }); };
    stop("guest");
    REQUIRE(s.until(runs));
    s.pass(60);
    CHECK(all().empty());

    mem::Fault away;
    away.verb = "vm_power", away.status = BH_E_UNAVAILABLE, away.times = 40;
    s.hypervisor().fail(away);
    const std::int64_t before_s = world->now_ms / 1000;
    stop("error");
    REQUIRE(s.until([&] { return !all().empty(); }));
    CHECK(all().front().until.seconds == 0);
    REQUIRE(s.until(runs));
    const std::int64_t after_s = world->now_ms / 1000;
    REQUIRE(s.until([&] { return all().front().until.seconds != 0; }));
    const auto outage = all().front();
    CHECK(outage.cause == "hypervisor");
    CHECK(outage.from.seconds >= before_s - 60);  // the last look may be that old
    CHECK(outage.from.seconds <= before_s + 1);
    CHECK(outage.until.seconds >= after_s - 1);
    REQUIRE(outage.until.seconds - outage.from.seconds >= 100);
    REQUIRE(s.until([&] { return s.logs("time_credited") == 1; }));
    s.pass(300);
    CHECK(s.logs("time_credited") == 1);
    CHECK(all().size() == 1);
    CHECK(s.chain.subscription("1")->outage_credited ==
          static_cast<std::uint64_t>(outage.until.seconds - outage.from.seconds));
    // A second process finds nothing new to do.
    s.open();
    s.pass(300);
    CHECK(s.logs("time_credited") == 1);
    expect_agreement(s);
}

TEST_CASE_METHOD(Fixture, "when the machine was down, its VMs were: from the last look on, until they run again") {
    Shop& s = served();
    s.pass(600);
    const auto number = s.row()->row;
    const std::int64_t down_s = world->now_ms / 1000;
    s.hypervisor().edit([](mem::HypervisorState& state) { mem::reboot_host(state); });
    ++world->boot;
    world->now_ms += 1'800'000;
    s.open();
    REQUIRE(s.until([&] {
        const auto found = s.read([&](life::Tx& tx) { return life::outages_of(tx, number); });
        return !found.empty() && found.front().until.seconds != 0;
    }));
    const auto outage = s.read([&](life::Tx& tx) { return life::outages_of(tx, number).front(); });
    CHECK(outage.cause == "host");
    CHECK(outage.from.seconds <= down_s);
    CHECK(outage.from.seconds >= down_s - 61);
    CHECK(outage.until.seconds >= down_s + 1800);
    CHECK(s.logs("time_credited") == 0);  // nobody asked for it, and the policy does not
}

TEST_CASE_METHOD(Fixture, "a daemon that was away while its VM ran on measures nothing") {
    Shop& s = served();
    s.pass(600);
    world->now_ms += 3'600'000;
    s.open();
    s.pass(60);
    const auto number = s.row()->row;
    CHECK(s.read([&](life::Tx& tx) { return life::outages_of(tx, number); }).empty());
}
