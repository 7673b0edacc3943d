// The kill matrix of granted VMs: each boundary that a granted VM's life passes, with the book of grants where else
// the contract is. The states are those of the state table and no others: what is new is the book. A child is killed at
// each boundary by SIGKILL, a second goes on with the same journal, book and world.
#include "kernel/grants/testing/scene.hpp"
#include "tests/kill/arena.hpp"

#include <cstdio>

using namespace bh;
using namespace bh::grants;
using namespace bh::grants::testing;

namespace {

constexpr unsigned kSecondsPerChild = 60;

struct Act {
    std::function<bool(Scene&)> when;
    std::function<bool(Scene&)> then;
};
struct Story {
    std::string name;
    std::vector<Act> acts;
};

std::function<bool(Scene&)> in(State state) {
    // A book that the lifecycle has not read since its start takes no commands.
    return [state](Scene& scene) { return scene.is(state) && !scene.engine->recovering(); };
}
bool at_once(Scene& scene) { return !scene.engine->recovering(); }
std::function<bool(Scene&)> create(std::uint64_t days) {
    return [days](Scene& scene) { return scene.book->grant(wish("first", days), 8).ok(); };
}
bool destroy(Scene& scene) { return scene.book->end(kId, "end").ok(); }
bool extend(Scene& scene) { return scene.book->extend(kId, 1, "longer").ok(); }
bool a_day(Scene& scene) {
    scene.pass(kDayS);
    return true;
}

std::vector<Story> stories() {
    return {{"destroyed", {{at_once, create(0)}, {in(State::active), destroy}}},
            {"given up", {{at_once, create(0)}, {in(State::building), destroy}}},
            {"ends by itself",
             {{at_once, create(1)},
              {in(State::active), a_day},
              {in(State::suspended), extend},
              {in(State::active), a_day},
              {in(State::suspended), a_day}}},
            {"can't be built", {{at_once, [](Scene& scene) {
                                     scene.world.image_exists = false;
                                     return create(0)(scene);
                                 }}}}};
}

bool play(Scene& scene, const Story& story) {
    World& world = scene.world;
    while (world.script < story.acts.size()) {
        if (!scene.until([&] { return story.acts[world.script].when(scene); })) return false;
        // The act and that it was played are one thing: no boundary lies between them.
        if (!story.acts[world.script].then(scene)) {
            world.complaint = "an act was refused";
            return false;
        }
        ++world.script;
    }
    if (!scene.until([&] { return scene.is(State::ended); })) return false;
    const auto grant = scene.book->find(kId);
    if (!grant || !grant->ended()) {
        world.complaint = "the book does not know that it ended";
        return false;
    }
    world.complaint = scene.left();
    return world.finished = world.complaint.empty();
}

}  // namespace

int main() {
    life::testing::Arena arena{kSecondsPerChild};
    std::size_t kills = 0, failures = 0;
    std::set<std::string> all;
    for (const Story& story : stories()) {
        const auto run = [&](const std::string& die_at, std::set<std::string>* passed) {
            return arena.run(die_at, passed, life::testing::begin_world, [&](World& world) {
                life::testing::Killer killer{world};
                Scene scene{world, arena.directory(), &killer};
                return play(scene, story);
            });
        };
        std::set<std::string> passed;
        const std::string wrong = run("", &passed);
        if (!wrong.empty()) {
            ++failures;
            std::printf("FAILED without a kill: %s: %s\n", story.name.c_str(), wrong.c_str());
            continue;
        }
        for (const auto& boundary : passed) {
            all.insert(boundary);
            const std::string killed = run(boundary, nullptr);
            ++kills;
            if (killed.empty()) continue;
            ++failures;
            std::printf("FAILED killed at '%s' in '%s': %s\n", boundary.c_str(), story.name.c_str(), killed.c_str());
        }
    }
    // What a granted VM's life must have passed: else a story lost its point.
    for (const char* step :
         {"check", "reserve", "volume_create", "vm_create", "start", "reach", "seal", "deliver", "suspend", "resume",
          "close", "retire", "destroy", "volume_delete", "burn", "decline", "clean"}) {
        for (const std::string& boundary :
             {"before run/" + std::string{step}, "after run/" + std::string{step}, "effect/" + std::string{step}}) {
            if (all.contains(boundary)) continue;
            ++failures;
            std::printf("FAILED no story reaches '%s'\n", boundary.c_str());
        }
    }
    std::printf("%zu boundaries, %zu kills, %zu failures\n", all.size(), kills, failures);
    return failures == 0 ? 0 : 1;
}
