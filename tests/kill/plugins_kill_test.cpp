// The kill matrix once more, with the real loader and the in-memory plugins of all four kinds (tests/plugins): a child
// process that runs the engine is killed by SIGKILL at each boundary that a scenario passes, before and after each
// commit and between each effect and its record, and a second one goes on. netd, signer, seals and guests' ports are
// doubles. With an argument: the scenario of that name, or a share of the boundaries ("0/2").
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/operate.hpp"
#include "kernel/lifecycle/testing/doubles.hpp"
#include "tests/kill/arena.hpp"
#include "tests/kill/memory_plugins.hpp"
#include "tests/plugins/mem-chain/driver.hpp"
#include "tests/plugins/mem-hypervisor/state.hpp"
#include "tests/plugins/mem-ipv6/state.hpp"
#include "tests/plugins/mem-storage/state.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>

using namespace bh;
using namespace bh::life;
using bh::life::testing::Arena;
using bh::life::testing::Enabled;
using bh::life::testing::Killer;
using bh::life::testing::memory_plugins;
using bh::life::testing::NoStore;
using bh::life::testing::Quiet;
using bh::life::testing::World;

namespace {

constexpr const char* kBuyer = "0x00000000000000000000000000000000000000b1";
constexpr std::uint64_t kDay = 86'400, kGrace = 40, kWindow = 600;
constexpr unsigned kSecondsPerChild = 120;
constexpr int kMostTicks = 40'000;
constexpr std::int64_t kBlockMs = 2000;

// What a scenario does when the subscription has come to a state.
struct Act {
    State at;
    std::function<void(mem::ChainDriver&)> then;
};
struct Scenario {
    std::string name;
    std::vector<Act> acts;
    bool request_opens = true;
    std::vector<std::pair<std::string, std::string>> lost;  // plugin's file, verb whose answer is lost
    bool minted = true;
};

std::vector<Scenario> scenarios() {
    const auto advance = [](std::uint64_t seconds) {
        return [seconds](mem::ChainDriver& chain) { chain.advance(seconds); };
    };
    const auto cancel = [](mem::ChainDriver& chain) { chain.cancel(kBuyer, "1"); };
    return {
        {"life",
         {{State::active, advance(kDay)},
          {State::suspended, [](mem::ChainDriver& chain) { chain.extend(kBuyer, "1", 1); }},
          {State::active, advance(kDay)},
          {State::suspended, advance(kGrace)}},
         true,
         {},
         true},
        {"cancel", {{State::active, cancel}}, true, {}, true},
        {"lost answers",
         {{State::active, cancel}},
         true,
         {{"hv", "vm_create"},
          {"hv", "vm_power"},
          {"st", "volume_create"},
          {"chain", "submit"},
          {"v6", "delegation_acquire"},
          {"hv", "vm_destroy"}},
         true},
        {"decline", {}, false, {}, false},
        {"refund race",
         {{State::delivering,
           [](mem::ChainDriver& chain) {
               chain.drop_pool();
               chain.advance(kWindow + 1);
               chain.refund(kBuyer, "1");
           }}},
         true,
         {},
         false},
        {"rollback",
         {{State::delivering, [](mem::ChainDriver& chain) { chain.reorg(2, true); }}, {State::active, cancel}},
         true,
         {},
         true},
    };
}

class Host {
public:
    Host(World& world, std::string directory, const Scenario& scenario, const trust::Trust& trust)
        : world_{world},
          directory_{std::move(directory)},
          scenario_{scenario},
          trust_{trust},
          killer_{world},
          doubles_{world, &killer_},
          chain_{file("chain")} {}

    [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name + ".json"; }

    // Before the first process: a plan, a purchase in the pool, the answers to lose.
    static void prepare(const std::string& directory, const Scenario& scenario) {
        mem::ChainDriver chain{directory + "/chain.json"};
        mem::PlanTerms terms;
        terms.window_s = kWindow, terms.grace_s = kGrace;
        const std::string plan = chain.create_plan(terms);
        chain.mine(3);
        chain.purchase(kBuyer, plan, 1, {1, 2, 3});
        for (const auto& [which, verb] : scenario.lost) {
            const std::string path = directory + "/" + which + ".json";
            mem::Fault fault;
            fault.verb = verb, fault.lost = true;
            if (which == "hv") mem::Backend<mem::HypervisorState>{path}.fail(fault);
            if (which == "st") mem::StorageBackend{path}.fail(fault);
            if (which == "v6") mem::Ipv6Backend{path}.fail(fault);
            if (which == "chain") chain.backend().fail(fault);
        }
    }

    bool play() {
        auto registry = plugins::Registry::load(trust_, memory_plugins(directory_), {&log_, &store_, nullptr, nullptr});
        if (!registry) return complain(registry.failure().message);
        auto journal = Journal::open(directory_ + "/journal.db", [this] { return world_.now_ms; });
        if (!journal) return complain(journal.failure().message);
        Ports ports = doubles_.ports();
        ports.chains = (*registry)->chains(), ports.hypervisors = (*registry)->hypervisors();
        ports.storages = (*registry)->storages(), ports.ipv6 = (*registry)->ipv6();
        InlineExecutor executor;
        Engine engine{**journal, ports, life::testing::config_for_tests(), executor};
        if (const auto started = engine.start(); !started) return complain(started.failure().message);
        std::string state = "none";
        for (int i = 0; i < kMostTicks; ++i) {
            const auto row = newest(**journal);
            if (row) {
                state = std::string{to_text(row->state)};
                if (world_.script < scenario_.acts.size() && row->state == scenario_.acts[world_.script].at) {
                    scenario_.acts[world_.script++].then(chain_);
                }
                if (row->state == State::ended && world_.script == scenario_.acts.size()) return check_end();
            }
            if (!engine.step()) pass_time(engine);
        }
        return complain("no end: act " + std::to_string(world_.script) + ", state " + state);
    }

private:
    bool complain(const std::string& text) {
        world_.complaint = text;
        return false;
    }
    static std::optional<SubscriptionRow> newest(Journal& journal) {
        std::optional<SubscriptionRow> found;
        const auto read = journal.read([&](Tx& tx) -> Status {
            auto rows = list_subscriptions(tx, "", 0, 1);
            if (!rows.empty()) found = std::move(rows.front());
            return {};
        });
        return read ? found : std::nullopt;
    }
    void pass_time(Engine& engine) {
        const std::int64_t block = (world_.now_ms / kBlockMs + 1) * kBlockMs;
        world_.now_ms = std::clamp(engine.next_due_ms(), world_.now_ms + 10, block);
        if (world_.now_ms == block) chain_.mine(1);
    }
    bool check_end() {
        if (!mem::Backend<mem::HypervisorState>{file("hv")}.look().machines.empty()) return complain("a VM is left");
        if (!mem::StorageBackend{file("st")}.look().volumes.empty()) return complain("a volume is left");
        if (mem::Ipv6Backend{file("v6")}.look().leases.size() != 1) return complain("not one delegation");
        if (life::testing::count_bindings(world_) != 0) return complain("a place on the network is left");
        if (!world_.violation.empty()) return complain(world_.violation.str());
        const auto money = chain_.money();
        if (!money.adds_up()) return complain("the contract's balance does not add up");
        const auto row = chain_.subscription("1");
        if (!row) return complain("the contract does not know the subscription");
        std::size_t delivered = 0;
        for (const auto& log : chain_.logs()) delivered += log.type == "delivered" && log.subscription == "1" ? 1 : 0;
        if (delivered != (scenario_.minted ? 1u : 0u))
            return complain("delivered " + std::to_string(delivered) + " times");
        if (scenario_.minted && !row->burned) return complain("its credential is not burned");
        if (!scenario_.minted && money.credits == 0) return complain("the buyer has no credit");
        if (mem::Backend<mem::HypervisorState>{file("hv")}.calls("vm_destroy") == 0 && scenario_.minted)
            return complain("no VM was ever destroyed");
        world_.finished = true;
        return true;
    }

    World& world_;
    std::string directory_;
    const Scenario& scenario_;
    const trust::Trust& trust_;
    Killer killer_;
    life::testing::Doubles doubles_;
    mem::ChainDriver chain_;
    Quiet log_;
    NoStore store_;
};

std::string run(Arena& arena, const Scenario& scenario, const trust::Trust& trust, const std::string& die_at,
                std::set<std::string>* passed) {
    const auto prepare = [&](World& world) {
        world.request_opens = scenario.request_opens;
        Host::prepare(arena.directory(), scenario);
    };
    return arena.run(die_at, passed, prepare,
                     [&](World& world) { return Host{world, arena.directory(), scenario, trust}.play(); });
}

}  // namespace

int main(int argc, char** argv) {
    const std::string only = argc > 1 && std::string{argv[1]}.find('/') == std::string::npos ? argv[1] : "";
    std::size_t share = 0, shares = 1;
    if (argc > 1 && only.empty() && (std::sscanf(argv[1], "%zu/%zu", &share, &shares) != 2 || share >= shares)) {
        std::printf("%s is no share: use 0/2 and 1/2, a scenario's name, or nothing\n", argv[1]);
        return 2;
    }
    const Enabled enabled;
    Arena arena{kSecondsPerChild};
    int failures = 0;
    std::size_t kills = 0;
    std::set<std::string> done;
    const auto all = scenarios();
    for (const Scenario& scenario : all) {
        if (!only.empty() && scenario.name != only) continue;
        std::set<std::string> passed;
        if (const auto wrong = run(arena, scenario, enabled.trust(), "", &passed); !wrong.empty()) {
            ++failures;
            std::printf("FAILED without a kill: %s: %s\n", scenario.name.c_str(), wrong.c_str());
            continue;
        }
        for (const auto& boundary : passed) {
            if (!done.insert(boundary).second || done.size() % shares != share) continue;
            ++kills;
            if (const auto wrong = run(arena, scenario, enabled.trust(), boundary, nullptr); !wrong.empty()) {
                ++failures;
                std::printf("FAILED killed at '%s' in '%s': %s\n", boundary.c_str(), scenario.name.c_str(),
                            wrong.c_str());
            }
        }
    }
    std::printf("%zu boundaries, %zu kills, %d failures\n", done.size(), kills, failures);
    return failures == 0 && kills > 0 ? 0 : 1;
}
