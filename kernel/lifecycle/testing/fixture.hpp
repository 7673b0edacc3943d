// A world, a directory on tmpfs and a scene for one Catch2 test.
#pragma once

#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/query.hpp"
#include "kernel/lifecycle/testing/driver.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>

namespace bh::life::testing {

struct Fixture {
    Fixture() {
        char pattern[] = "/dev/shm/bh-life-XXXXXX";
        directory = ::mkdtemp(pattern);
        begin_world(*world);
    }
    ~Fixture() {
        scene.reset();
        std::filesystem::remove_all(directory);
    }
    Scene& begin(Script with = {}) {
        script = std::move(with);
        scene.emplace(*world, directory, script);
        return *scene;
    }
    void buy_now(const std::string& id = "1") { user(*world, "buy", id, kPaid, "0xbuyer"); }
    Scene& bought() {
        Scene& s = begin();
        buy_now();
        return s;
    }
    Scene& served() {
        Scene& s = bought();
        expect(State::active);
        return s;
    }
    void expect(State state) {
        const bool reached = scene->until_state(state);
        INFO(scene->complaint());
        REQUIRE(reached);
        INFO(world->violation.str());
        REQUIRE(world->violation.empty());
    }
    std::vector<AlarmRow> standing_alarms() {
        return scene->read<std::vector<AlarmRow>>([](Tx& tx) { return alarms(tx); });
    }
    [[nodiscard]] std::uint32_t objects() const {
        return count_vms(*world) + count_volumes(*world) + count_bindings(*world);
    }

    std::unique_ptr<World> world = std::make_unique<World>();
    std::string directory;
    Script script;
    std::optional<Scene> scene;
};

}  // namespace bh::life::testing
