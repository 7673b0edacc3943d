// The kill matrix. Boundaries are enumerated from the state table; each is passed by a scenario in which a child
// process is killed there by SIGKILL, a second process goes on with the same journal and the same world, and at the end
// there is one of everything, or nothing. A transition that no scenario reaches fails the test.
//
//   kill_matrix_test             all
//   kill_matrix_test --list      the boundaries and how often the scenarios pass them
//   kill_matrix_test NAME        only scenarios whose name contains NAME
#include "tests/kill/arena.hpp"
#include "tests/kill/scenarios.hpp"

#include <chrono>
#include <cstdio>
#include <map>

using namespace bh::life;
using namespace bh::life::testing;

namespace {

constexpr unsigned kSecondsPerChild = 60;

std::string run(Arena& arena, const Script& script, const std::string& die_at, std::set<std::string>* passed) {
    return arena.run(die_at, passed, begin_world, [&](World& world) {
        Killer killer{world};
        Scene scene{world, arena.directory(), script, &killer};
        return scene.play();
    });
}

// Every boundary that must have a kill test, from the tables.
std::set<std::string> required_boundaries() {
    std::set<std::string> all{"before ingest",
                              "after ingest",
                              "before start",
                              "after start",
                              "before reconcile",
                              "after reconcile",
                              "before statement",
                              "after statement",
                              "before statement_sent",
                              "after statement_sent",
                              "before delegation",
                              "after delegation",
                              "effect/delegation",
                              "before delegated",
                              "after delegated",
                              "before operator",
                              "after operator",
                              "before unpark",
                              "after unpark",
                              "before capacity",
                              "after capacity",
                              "before run/set_capacity",
                              "after run/set_capacity",
                              "effect/set_capacity",
                              "before save/set_capacity",
                              "after save/set_capacity",
                              "before capacity_set",
                              "after capacity_set"};
    for (const Transition& transition : transitions()) {
        all.insert("before " + name_of(transition));
        all.insert("after " + name_of(transition));
    }
    for (std::size_t i = 1; i < kStepCount; ++i) {
        const std::string step{to_text(static_cast<Step>(i))};
        all.insert("before run/" + step);
        all.insert("after run/" + step);
        all.insert("effect/" + step);
    }
    for (const char* outcome :
         {"check/queued", "reserve/backoff", "volume_create/uncertain", "reach/waiting", "deliver/waiting",
          "deliver/parked", "deliver/uncertain", "volume_create/failed", "suspend/aborted"}) {
        all.insert(std::string{"before job/"} + outcome);
        all.insert(std::string{"after job/"} + outcome);
    }
    for (const char* step : {"volume_create", "vm_create", "deliver", "close", "burn", "decline"}) {
        all.insert(std::string{"before save/"} + step);
        all.insert(std::string{"after save/"} + step);
    }
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string only = argc > 1 ? argv[1] : "";
    const bool list = only == "--list";
    const auto begin = std::chrono::steady_clock::now();
    Arena arena{kSecondsPerChild};
    int failures = 0;
    const auto fail = [&failures](const std::string& text) {
        ++failures;
        std::printf("FAILED %s\n", text.c_str());
    };

    const std::vector<Script> scripts = kill_scenarios();
    std::map<std::string, const Script*> by_boundary;
    std::size_t played = 0;
    for (const Script& script : scripts) {
        if (!list && !only.empty() && script.name.find(only) == std::string::npos) continue;
        std::set<std::string> passed;
        const std::string wrong = run(arena, script, "", &passed);
        ++played;
        if (!wrong.empty()) fail("without a kill: " + script.name + ": " + wrong);
        for (const auto& boundary : passed) {
            // A scenario made for a transition is the one that shows its boundaries.
            const bool own = boundary.find(script.name) != std::string::npos;
            if (own || !by_boundary.contains(boundary)) by_boundary[boundary] = &script;
        }
    }
    if (only.empty() || list) {
        for (const auto& boundary : required_boundaries()) {
            if (!by_boundary.contains(boundary)) fail("no scenario reaches the boundary '" + boundary + "'");
        }
    }
    std::size_t killed = 0;
    for (const auto& [boundary, script] : by_boundary) {
        if (list) {
            std::printf("%s  [%s]\n", boundary.c_str(), script->name.c_str());
            continue;
        }
        const std::string wrong = run(arena, *script, boundary, nullptr);
        ++killed;
        if (!wrong.empty()) fail("killed at '" + boundary + "' in '" + script->name + "': " + wrong);
    }
    // Where two of its boundaries are one commit: each boundary of each of these lives.
    for (const Script& script : list ? std::vector<Script>{} : pooled_scenarios()) {
        if (!only.empty() && script.name.find(only) == std::string::npos) continue;
        std::set<std::string> passed;
        const std::string wrong = run(arena, script, "", &passed);
        ++played;
        if (!wrong.empty()) fail("without a kill: " + script.name + ": " + wrong);
        for (const auto& boundary : passed) {
            const std::string died = run(arena, script, boundary, nullptr);
            ++killed;
            if (!died.empty()) fail("killed at '" + boundary + "' in '" + script.name + "': " + died);
        }
    }
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%zu transitions, %zu scenarios, %zu boundaries, %zu kills, %d failures, %.1f s\n",
                transitions().size(), played, by_boundary.size(), killed, failures, took);
    return failures == 0 ? 0 : 1;
}
