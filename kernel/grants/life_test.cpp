// A granted VM under the real engine: the states and guards of a bought one, with the book in the contract's place.
#include "kernel/grants/testing/scene.hpp"
#include "kernel/ingest/ingest.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <fstream>

using namespace bh;
using namespace bh::grants;
using namespace bh::grants::testing;

namespace {

struct Place {
    Place() {
        char pattern[] = "/dev/shm/bh-grants-XXXXXX";
        directory = ::mkdtemp(pattern);
        life::testing::begin_world(*world);
        scene.emplace(*world, directory);
        REQUIRE(scene->until([&] { return !scene->engine->recovering(); }));
    }
    ~Place() {
        scene.reset();
        std::filesystem::remove_all(directory);
    }
    void expect(State state) {
        const bool reached = scene->until_state(state);
        INFO(scene->state_text());
        REQUIRE(reached);
    }
    void served(std::uint64_t days = 0) {
        REQUIRE(scene->book->grant(wish("first", days), 8).ok());
        expect(State::active);
    }
    std::unique_ptr<World> world = std::make_unique<World>();
    std::string directory;
    std::optional<Scene> scene;
};

}  // namespace

TEST_CASE("a granted VM is built, delivered to its owner, and runs without an end") {
    Place at;
    at.served();
    CHECK(life::testing::count_vms(*at.world) == 1);
    const auto grant = at.scene->book->find(kId);
    REQUIRE(grant);
    CHECK(grant->delivered);
    CHECK_FALSE(grant->sealed.empty());
    CHECK(grant->expires_at == kNever);
    REQUIRE(at.scene->until([&] { return at.world->statements > 0; }));
    at.scene->pass(3000 * kDayS);
    CHECK_FALSE(at.scene->until([&] { return !at.scene->is(State::active); }, 60));
    CHECK(at.world->violation.empty());
}

TEST_CASE("a granted VM is destroyed when an operator ends it, and not before the guard and the undo window") {
    Place at;
    at.served();
    const std::int64_t asked = at.world->now_ms;
    REQUIRE(at.scene->book->end(kId, "end").ok());
    at.expect(State::closing);
    CHECK(life::testing::count_vms(*at.world) == 1);
    at.expect(State::ended);
    CHECK(at.world->now_ms - asked >= 4000 + 5000);  // guard.span and undo window
    CHECK(at.scene->left().empty());
    CHECK(at.scene->book->find(kId)->ended());
}

TEST_CASE("a granted VM with an end is suspended, resumed when it is put off, and destroyed after the grace") {
    Place at;
    at.served(1);
    at.scene->pass(kDayS);
    at.expect(State::suspended);
    CHECK(life::testing::count_vms(*at.world) == 1);
    REQUIRE(at.scene->book->extend(kId, 1, "longer").ok());
    at.expect(State::active);
    at.scene->pass(kDayS);
    at.expect(State::suspended);
    at.scene->pass(kDayS - 600);
    CHECK_FALSE(at.scene->until([&] { return !at.scene->is(State::suspended); }, 100));
    at.scene->pass(600);
    at.expect(State::ended);
    CHECK(at.scene->left().empty());
}

TEST_CASE("a granted VM that is given up before its delivery leaves nothing") {
    Place at;
    REQUIRE(at.scene->book->grant(wish(), 8).ok());
    at.expect(State::building);
    REQUIRE(at.scene->book->end(kId, "end").ok());
    at.expect(State::ended);
    CHECK(at.scene->left().empty());
    CHECK(at.scene->book->find(kId)->declined);
}

TEST_CASE("a granted VM that can't be built is declined in the book") {
    Place at;
    at.world->image_exists = false;
    REQUIRE(at.scene->book->grant(wish(), 8).ok());
    at.expect(State::ended);
    CHECK(at.scene->book->find(kId)->declined);
    CHECK_FALSE(at.scene->book->find(kId)->reason.empty());
}

TEST_CASE("with a lost journal a granted VM is adopted as it is, and is no orphan") {
    Place at;
    at.served();
    at.scene->wipe();
    at.expect(State::active);
    CHECK(at.world->vms_made == 1);
    const auto alarms = at.scene->read<std::vector<life::AlarmRow>>([](Tx& tx) { return life::alarms(tx); });
    CHECK(std::none_of(alarms.begin(), alarms.end(), [](const auto& alarm) { return alarm.reason == "orphan"; }));
    REQUIRE(at.scene->book->end(kId, "end").ok());
    at.expect(State::ended);
    CHECK(at.scene->left().empty());
}

TEST_CASE("without its book a granted VM is kept, and nothing on it is done until an operator looks") {
    Place at;
    at.served();
    // The book is lost: a new one is another chain, and the journal says so instead of ending anything.
    std::filesystem::remove(at.directory + "/grants.jsonl");
    at.scene->restart();
    CHECK_FALSE(at.scene->until([&] { return !at.scene->is(State::active); }, 60));
    CHECK(life::testing::count_vms(*at.world) == 1);
    const auto alarms = at.scene->read<std::vector<life::AlarmRow>>([](Tx& tx) { return life::alarms(tx); });
    CHECK(std::any_of(alarms.begin(), alarms.end(), [](const auto& alarm) { return alarm.reason == "chain_changed"; }));
}

TEST_CASE(
    "an older copy of the book destroys nothing: what it does not know runs on, and is held once that is accepted") {
    Place at;
    std::filesystem::copy_file(at.directory + "/grants.jsonl", at.directory + "/older");
    at.served();
    std::filesystem::copy_file(at.directory + "/older", at.directory + "/grants.jsonl",
                               std::filesystem::copy_options::overwrite_existing);
    at.scene->restart();
    CHECK_FALSE(at.scene->until([&] { return !at.scene->is(State::active); }, 60));
    const auto alarms = at.scene->read<std::vector<life::AlarmRow>>([](Tx& tx) { return life::alarms(tx); });
    CHECK(std::any_of(alarms.begin(), alarms.end(), [](const auto& a) { return a.reason == "reorg_below_final"; }));
    REQUIRE(at.scene->journal->write([](Tx& tx) { return life::accept_reorg(tx, kInstance); }).ok());
    at.expect(State::held);
    CHECK_FALSE(at.scene->until([&] { return life::testing::count_vms(*at.world) == 0; }, 100));
}

TEST_CASE("a clock that is set while the daemon runs ends no grant") {
    Place at;
    at.served(1);
    at.world->skew_ms = 400 * kDayS * 1000;
    CHECK_FALSE(at.scene->until([&] { return !at.scene->is(State::active); }, 60));
    at.world->skew_ms = -400 * kDayS * 1000;
    CHECK_FALSE(at.scene->until([&] { return !at.scene->is(State::active); }, 60));
}
