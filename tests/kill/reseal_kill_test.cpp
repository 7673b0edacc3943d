// SIGKILL at each boundary that an order to reseal passes, and of a life with one in it: the credential is updated
// once.
#include "kernel/reseal/reseals.hpp"

#include "kernel/lifecycle/testing/driver.hpp"
#include "tests/kill/arena.hpp"

#include <cstdio>

using namespace bh;
using namespace bh::life;
using namespace bh::life::testing;

namespace {

constexpr unsigned kSecondsPerChild = 60;

bool play(World& world, const std::string& directory) {
    Killer killer{world};
    const Script script;
    Scene scene{world, directory, script, &killer};
    Doubles doubles{world, &killer};
    Ports ports = doubles.ports();
    reseal::Reseals reseals{*scene.journal, ports, config_for_tests(), [&] { return !scene.engine->recovering(); }};
    if (world.script == 0) {
        user(world, "buy", "1", 100'000, "0xbuyer");
        world.script = 1;
    }
    if (!scene.until_state(State::active)) return false;
    // The command is sent until it is answered; its nonce makes it one.
    if (!scene.until([&] { return reseals.order(scene.row()->row, {7}, "nonce").ok(); })) return false;
    const bool ended = scene.until([&] {
        reseals.step();
        const auto all = reseals.list();
        return all && all->size() == 1 && !all->front().waits();
    });
    if (!ended) return false;
    const auto all = reseals.list();
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

}  // namespace

int main() {
    Arena arena{kSecondsPerChild};
    const auto run = [&](const std::string& die_at, std::set<std::string>* passed) {
        return arena.run(die_at, passed, begin_world, [&](World& world) { return play(world, arena.directory()); });
    };
    std::size_t kills = 0, failures = 0;
    std::set<std::string> passed;
    if (const std::string wrong = run("", &passed); !wrong.empty()) {
        ++failures;
        std::printf("FAILED without a kill: %s\n", wrong.c_str());
    }
    for (const char* own : {"before store", "after store", "effect/reseal/sealed", "effect/reseal", "before resealed",
                            "after resealed", "before operator", "after operator"}) {
        if (!passed.contains(own)) {
            ++failures;
            std::printf("FAILED nothing reaches '%s'\n", own);
            continue;
        }
        ++kills;
        const std::string wrong = run(own, nullptr);
        if (wrong.empty()) continue;
        ++failures;
        std::printf("FAILED killed at '%s': %s\n", own, wrong.c_str());
    }
    std::printf("%zu kills, %zu failures\n", kills, failures);
    return failures == 0 ? 0 : 1;
}
