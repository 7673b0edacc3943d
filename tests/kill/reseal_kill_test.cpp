// SIGKILL at each boundary that an order to reseal passes, and of a life with one in it: the credential is updated
// once. And at each boundary of a rebuild, which orders one by itself: one VM, one address, one mint, one update.
#include "kernel/reseal/reseals.hpp"

#include "kernel/journal/resources.hpp"
#include "kernel/lifecycle/rebuild.hpp"
#include "kernel/lifecycle/testing/driver.hpp"
#include "tests/kill/arena.hpp"

#include <cstdio>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

constexpr unsigned kSecondsPerChild = 60;

struct Process {
    Process(World& world, const std::string& directory)
        : killer{world},
          scene{world, directory, script, &killer},
          doubles{world, &killer},
          ports{doubles.ports()},
          reseals{*scene.journal, ports, config_for_tests(), [this] { return !scene.engine->recovering(); }} {
        if (world.script > 0) return;
        user(world, "buy", "1", 100'000, "0xbuyer");
        world.script = 1;
    }
    // Steps of it and of the engine, until the only order has ended.
    bool ends() {
        return scene.until([&] {
            reseals.step();
            const auto all = reseals.list();
            return all && all->size() == 1 && !all->front().waits();
        });
    }
    Killer killer;
    Script script;
    Scene scene;
    Doubles doubles;
    Ports ports;
    reseal::Reseals reseals;
};

bool check(World& world, Process& process) {
    const auto all = process.reseals.list();
    const Sub* sub = find_sub(head(world), "1");
    std::uint32_t sent = 0;
    for (const WorldTx& tx : world.txs) sent += tx.state != WorldTx::none && tx.action == "update" ? 1 : 0;
    if (all->front().state != "done") {
        world.complaint = "the order was refused: " + all->front().reason;
    } else if (sub == nullptr || sub->reseals != 1 || sent != 1) {
        world.complaint = "not one update";
    } else if (!world.violation.empty()) {
        world.complaint = world.violation.str();
    } else {
        world.finished = true;
    }
    return world.finished;
}

bool play_reseal(World& world, const std::string& directory) {
    Process process{world, directory};
    if (!process.scene.until_state(State::active)) return false;
    // The command is sent until it is answered; its nonce makes it one.
    if (!process.scene.until([&] { return process.reseals.order(process.scene.row()->row, {7}, "nonce").ok(); }))
        return false;
    return process.ends() && check(world, process);
}

bool play_rebuild(World& world, const std::string& directory) {
    Process process{world, directory};
    const Act act = lose_and_rebuild(State::active, [](Scene&) {});
    if (!process.scene.until([&] {
            // Once it is ordered, whatever became of it since.
            return world.script == 2 || (act.when(process.scene) && ++world.script == 2);
        })) {
        return false;
    }
    if (!process.ends() || !check(world, process)) return false;
    const auto addresses =
        process.scene.read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); }).size();
    const auto told = process.scene.read<std::vector<Rebuilt>>([](Tx& tx) { return rebuilt_rows(tx); }).empty();
    world.finished = process.scene.state_is(State::active) && count_vms(world) == 1 && count_volumes(world) == 1 &&
                     count_bindings(world) == 1 && addresses == 1 && world.vms_made == 2 && told &&
                     find_sub(head(world), "1")->mints == 1;
    if (!world.finished) world.complaint = "not one of each: " + process.scene.describe();
    return world.finished;
}

}  // namespace

int main() {
    Arena arena{kSecondsPerChild};
    std::size_t kills = 0, failures = 0;
    const auto fail = [&failures](const std::string& what) {
        ++failures;
        std::printf("FAILED %s\n", what.c_str());
    };
    using Play = bool (*)(World&, const std::string&);
    const auto run = [&](Play play, const std::string& die_at, std::set<std::string>* passed) {
        return arena.run(die_at, passed, begin_world, [&](World& world) { return play(world, arena.directory()); });
    };
    std::set<std::string> passed;
    if (const std::string wrong = run(play_reseal, "", &passed); !wrong.empty()) fail("without a kill: " + wrong);
    for (const char* own : {"before store", "after store", "effect/reseal/sealed", "effect/reseal", "before resealed",
                            "after resealed", "before operator", "after operator"}) {
        if (!passed.contains(own)) {
            fail("nothing reaches '" + std::string{own} + "'");
            continue;
        }
        ++kills;
        const std::string wrong = run(play_reseal, own, nullptr);
        if (!wrong.empty()) fail("killed at '" + std::string{own} + "': " + wrong);
    }
    passed.clear();
    if (const std::string wrong = run(play_rebuild, "", &passed); !wrong.empty()) fail("rebuild, no kill: " + wrong);
    for (const char* own : {"before active/rebuild", "after active/rebuild", "after rebuilding/step_done:reach",
                            "before rebuilt", "after rebuilt", "after store", "effect/reseal"}) {
        if (!passed.contains(own)) fail("no rebuild reaches '" + std::string{own} + "'");
    }
    for (const std::string& each : passed) {
        ++kills;
        const std::string wrong = run(play_rebuild, each, nullptr);
        if (!wrong.empty()) fail("rebuild, killed at '" + each + "': " + wrong);
    }
    std::printf("%zu kills, %zu failures\n", kills, failures);
    return failures == 0 ? 0 : 1;
}
