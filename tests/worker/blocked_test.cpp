// What an operator sees of a plugin whose [no-block] members block, in this process and in a worker.
#include "kernel/plugins/chain_instances.hpp"
#include "tests/worker/world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace bh;
using namespace bh::worker;
using namespace bh::worker::testing;

namespace {

struct Slow {
    Slow() {
        Options options;
        options.inprocess = GENERATE(true, false);
        options.plugin = "org.blockhost.test-slow";
        options.kind = BH_STORAGE;
        world.emplace(options);
        REQUIRE(world->first);
        chains.emplace(world->store, [](const std::string&) { return Position{}; });
        chains->add(world->instance);
    }
    ~Slow() { chains->remove(world->instance.name); }
    std::vector<Blocked::Row> rows() {
        return world->worker ? world->worker->state().blocked : world->instance.blocked.rows();
    }
    std::optional<World> world;
    std::optional<plugins::ChainInstances> chains;
};

}  // namespace

TEST_CASE_METHOD(Slow, "a member that waits or computes for too long is named, counted, and warned of once") {
    CHECK(chains->canonical("probe", "at once").value() == "at once");
    CHECK(rows().empty());
    for (const char* address : {"wait", "compute", "wait", "at once"})
        CHECK(chains->canonical("probe", address).value() == address);
    REQUIRE(rows().size() == 1);
    CHECK(rows()[0].member == "parse_address");
    CHECK(rows()[0].times == 3);
    CHECK(rows()[0].longest_ms >= 25);
    const std::scoped_lock lock{world->log.mutex};
    const auto first = world->log.all.find("parse_address took");
    CHECK(first != std::string::npos);
    CHECK(world->log.all.find("parse_address took", first + 1) == std::string::npos);
}

TEST_CASE_METHOD(Slow, "a query that blocks is told with the first verb of its table") {
    const auto* storage = world->instance.find<bh_storage>(BH_STORAGE);
    REQUIRE(storage != nullptr);
    for (int i = 0; i < 2; ++i) {
        const auto described = plugins::read_verb(
            "probe", [&](bh_sink out, bh_error* err) { return storage->describe(world->instance.self, out, err); });
        CHECK(described.ok());
    }
    REQUIRE(rows().size() == 1);
    CHECK(rows()[0].member == "query");
    CHECK(rows()[0].times == 1);
    CHECK(world->log.has("query took"));
}
