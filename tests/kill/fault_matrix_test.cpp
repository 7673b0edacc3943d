// The fault matrix: each boundary of the state table x a fault of the world around it x killed there or not, with a
// checker over chain, hypervisor, storage, network and journal at the end (Scene::play). The faults: reorganisations of
// depth 1, 2 (= N), 3 and 64, with the same story on the new branch or with none of it; the wall clock three days
// forward or an hour back; the disk full for one commit or for twenty.
//
//   fault_matrix_test                     all
//   fault_matrix_test --share I/N         one of N equal parts of it
//   fault_matrix_test --sample COUNT      COUNT cells, each fault among them, chosen by --seed (default 1)
//   fault_matrix_test --only TEXT         cells whose name contains TEXT
#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "tests/kill/arena.hpp"
#include "tests/kill/scenarios.hpp"

#include <chrono>
#include <cstdio>
#include <map>
#include <random>

using namespace bh::life;
using namespace bh::life::testing;

namespace {

constexpr unsigned kSecondsPerChild = 120;
constexpr std::uint64_t kDepth = 2;  // N of config_for_tests()
constexpr std::int64_t kDayMs = 86'400'000, kHourMs = 3'600'000;
constexpr std::int64_t kBlocksBefore = 80;

struct Fault {
    std::string name;
    std::uint64_t depth = 0;  // of a reorganisation; 0 = none
    bool same = true;         // the same story on the new branch
    std::int64_t skew_ms = 0;
    std::uint32_t full_commits = 0;
};

std::vector<Fault> faults() {
    std::vector<Fault> all;
    for (const std::uint64_t depth : {std::uint64_t{1}, kDepth, kDepth + 1, std::uint64_t{64}}) {
        all.push_back({"reorg " + std::to_string(depth) + " same", depth, true, 0, 0});
        all.push_back({"reorg " + std::to_string(depth) + " lost", depth, false, 0, 0});
    }
    all.push_back({"clock forward", 0, true, 3 * kDayMs, 0});
    all.push_back({"clock back", 0, true, -kHourMs, 0});
    all.push_back({"disk full once", 0, true, 0, 1});
    all.push_back({"disk full long", 0, true, 0, 20});
    return all;
}

void strike(World& w, const Fault& fault) {
    w.skew_ms += fault.skew_ms;
    w.full_commits = fault.full_commits;
    if (fault.depth == 0) return;
    const std::uint64_t keep = w.height - fault.depth;
    // After a shorter branch the newest blocks of the longer one count: what was final on it may be above `keep`.
    w.struck_deep = w.struck_deep || keep + kDepth < w.peak;
    if (fault.same) return reorganise_in_place(w, keep);
    bool loses = false;
    for (const WorldTx& tx : w.txs) {
        const bool in_block = tx.state == WorldTx::mined || tx.state == WorldTx::reverted;
        loses = loses || tx.state == WorldTx::pending || (in_block && tx.height > keep);
    }
    reorganise(w, keep, true);
    for (std::uint64_t i = 0; i < fault.depth; ++i) mine_block(w);
    w.undone = w.undone || loses;
}

// Notes boundaries, dies where it is told, and lets the fault happen at one of them.
class Striker final : public Boundaries {
public:
    Striker(World& world, std::string at, const Fault& fault)
        : world_{world}, killer_{world}, at_{std::move(at)}, fault_{fault} {}
    void at(const std::string& name) noexcept override {
        killer_.at(name);
        if (struck_ || name != at_) return;
        struck_ = true;
        strike(world_, fault_);
    }

private:
    World& world_;
    Killer killer_;
    std::string at_;
    const Fault& fault_;
    bool struck_ = false;
};

void begin_deep_world(World& w) {
    begin_world(w);
    for (std::int64_t i = 0; i < kBlocksBefore; ++i) {
        w.now_ms += 1000;
        mine_block(w);
    }
}

// What came of it, and how often the journal saw a rollback below a final position.
void note_outcome(Scene& scene) {
    World& w = scene.world;
    std::string text;
    for (const Sub& sub : head(w).subs) {
        if (!sub.exists) continue;
        text += sub.id.str() + (sub.delivered ? " delivered" : "") + (sub.declined ? " declined" : "") +
                (sub.refunded ? " refunded" : "") + (sub.closed ? " closed" : "") + (sub.burned ? " burned" : "") + ";";
    }
    for (const auto& row :
         scene.read<std::vector<SubscriptionRow>>([](Tx& tx) { return list_subscriptions(tx, "", 0, 100); })) {
        text += " " + std::string{to_text(row.state)};
    }
    w.outcome = text;
    const auto audit = scene.read<std::vector<AuditRow>>([](Tx& tx) { return list_audit(tx, 0, 100'000); });
    for (const AuditRow& row : audit) w.parked_count += row.action == "reorg_below_final" ? 1 : 0;
}

// Of the journal that the dead process left: will this reorganisation take back a final block?
bool is_below_final(const std::string& directory, std::uint64_t keep) {
    auto journal = Journal::open(directory + "/journal.db", [] { return 0; });
    if (!journal) return false;
    bool below = false;
    const auto read = (*journal)->read([&](Tx& tx) -> bh::Status {
        const auto cursor = cursor_of(tx, "chain");
        below = cursor && cursor->final.position.known() && cursor->final.position.height > keep;
        return {};
    });
    return read.ok() && below;
}

struct Baseline {
    std::string outcome;
    std::uint32_t parked_count = 0;
};
struct Cell {
    const Script* script;
    std::string boundary;
    const Fault* fault;
    bool killed;
    [[nodiscard]] std::string name() const {
        return fault->name + (killed ? ", killed at '" : " at '") + boundary + "' in '" + script->name + "'";
    }
};

class Matrix {
public:
    Matrix() : arena_{kSecondsPerChild}, scripts_{kill_scenarios()}, faults_{faults()} {}

    // Plays each script undisturbed, to learn its boundaries and its outcome.
    std::vector<Cell> cells() {
        std::map<std::string, const Script*> by_boundary;
        for (const Script& script : scripts_) {
            std::set<std::string> passed;
            const std::string wrong = arena_.run("", &passed, begin_deep_world, [&](World& w) {
                Killer killer{w};
                return play(w, script, killer);
            });
            if (!wrong.empty()) fail("undisturbed: " + script.name + ": " + wrong);
            baselines_[&script] = {arena_.world().outcome.str(), arena_.world().parked_count};
            for (const auto& boundary : passed) {
                const bool own = boundary.find(script.name) != std::string::npos;
                if (own || !by_boundary.contains(boundary)) by_boundary[boundary] = &script;
            }
        }
        std::vector<Cell> all;
        for (const auto& [boundary, script] : by_boundary) {
            for (const Fault& fault : faults_) {
                // Where the operator accepts one rollback by hand, a second one would wait for ever.
                if (fault.depth > 0 && !script->accept_reorgs) continue;
                for (const bool killed : {false, true}) all.push_back({script, boundary, &fault, killed});
            }
        }
        return all;
    }

    void run(const Cell& cell) {
        ++run_;
        bool must_park = false;
        const auto between = [&](World& w) {
            if (cell.fault->depth > 0) must_park = is_below_final(arena_.directory(), w.height - cell.fault->depth);
            strike(w, *cell.fault);
        };
        const std::string wrong = arena_.run(
            cell.killed ? cell.boundary : "", nullptr, begin_deep_world,
            [&](World& w) {
                Striker striker{w, cell.killed ? "" : cell.boundary, *cell.fault};
                return play(w, *cell.script, striker);
            },
            cell.killed ? std::function<void(World&)>{between} : std::function<void(World&)>{});
        if (!wrong.empty()) return fail(cell.name() + ": " + wrong);
        const World& w = arena_.world();
        const Baseline& before = baselines_[cell.script];
        const bool shallow = cell.fault->depth <= kDepth && !w.struck_deep;
        if (shallow && w.parked_count != before.parked_count) {
            fail(cell.name() + ": the chain was parked, and nothing final was taken back");
        }
        if (must_park && w.parked_count == 0) fail(cell.name() + ": a final block was taken back, and nobody was told");
        // The same story within the rule: nothing is other than before. (A kill also resets what a job has counted.)
        if (!cell.killed && cell.fault->depth > 0 && shallow && cell.fault->same && w.outcome.str() != before.outcome) {
            fail(cell.name() + ": it ended as '" + w.outcome.str() + "', undisturbed as '" + before.outcome + "'");
        }
    }

    [[nodiscard]] int failures() const { return failures_; }
    [[nodiscard]] std::size_t count() const { return run_; }

private:
    bool play(World& w, const Script& script, Boundaries& boundaries) {
        Scene scene{w, arena_.directory(), script, &boundaries};
        const bool well = scene.play();
        note_outcome(scene);
        return well;
    }
    void fail(const std::string& text) {
        ++failures_;
        std::printf("FAILED %s\n", text.c_str());
        std::fflush(stdout);
    }

    Arena arena_;
    std::vector<Script> scripts_;
    std::vector<Fault> faults_;
    std::map<const Script*, Baseline> baselines_;
    int failures_ = 0;
    std::size_t run_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    std::size_t sample = 0, share = 0, shares = 1;
    unsigned seed = 1;
    std::string only;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i], value = argv[i + 1];
        if (name == "--sample") sample = std::stoul(value);
        if (name == "--seed") seed = static_cast<unsigned>(std::stoul(value));
        if (name == "--only") only = value;
        if (name == "--share") share = std::stoul(value), shares = std::stoul(value.substr(value.find('/') + 1));
    }
    const auto begin = std::chrono::steady_clock::now();
    Matrix matrix;
    std::vector<Cell> cells = matrix.cells();
    const std::size_t all = cells.size();
    std::mt19937 random{seed};
    if (sample > 0) {
        std::shuffle(cells.begin(), cells.end(), random);
        cells.resize(std::min(sample, cells.size()));
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i % shares != share || cells[i].name().find(only) == std::string::npos) continue;
        matrix.run(cells[i]);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%zu of %zu cells (seed %u), %d failures, %.1f s\n", matrix.count(), all, seed, matrix.failures(),
                took.count());
    return matrix.failures() == 0 ? 0 : 1;
}
