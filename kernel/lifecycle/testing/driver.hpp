// Runs an engine over a World, one step at a time, with a virtual clock, and plays a script against it. Everything that
// must survive a SIGKILL of this process is in the World and in the journal, so that a second process goes on where the
// first was killed.
#pragma once

#include "kernel/lifecycle/operate.hpp"
#include "kernel/lifecycle/testing/doubles.hpp"

namespace bh::life::testing {

class Scene;

// One entry of a script: `then` runs once, as soon as `when` holds. `when` may act, too, if doing it again is harmless.
struct Act {
    std::function<bool(Scene&)> when;
    std::function<void(Scene&)> then;
};

struct Script {
    std::string name;
    std::vector<Act> acts;
    bool early_start = false;
    bool accept_reorgs = true;  // the operator looks at once at a rollback below a final position
    bool wrap_up = true;        // at the end: the owner cancels what is served, until all is ended or held
    bool as_a_pool = false;     // of the InlineExecutor
};

class Scene {
public:
    Scene(World& world, std::string directory, const Script& script, Boundaries* boundaries = nullptr);
    ~Scene();

    // Opens the journal and starts an engine; a running one is dropped as a crash drops it.
    void restart();
    // The journal is lost.
    void wipe();
    // The journal is an older one: a copy (copy_journal) is put in its place.
    void put_back(const std::string& copy);

    // Plays the script to its end. False: complaint() says what is wrong.
    bool play();
    // Steps and lets time pass until `done`, at most `seconds` of virtual time.
    bool until(const std::function<bool()>& done, std::int64_t seconds = 400);
    bool until_state(State state) {
        return until([&] { return state_is(state); });
    }
    std::string describe();  // where it is, for a failed test
    void tick();             // one step of the engine, or a little time

    [[nodiscard]] std::string complaint() const { return world.complaint.str(); }
    // The newest purchase of subscription 1.
    std::optional<SubscriptionRow> row(const std::string& id = "1");
    bool state_is(State state, const std::string& id = "1");
    std::optional<JobRow> job(Step step);
    template <class T>
    T read(const std::function<T(Tx&)>& query) {
        T answer{};
        const auto done = journal->read([&](Tx& tx) -> Status {
            answer = query(tx);
            return {};
        });
        if (!done) violated(world, done.failure().message);
        return answer;
    }
    Command command();
    void accept_reorg();              // as the operator, who tries again later if the disk is full
    bool sales_settled();             // no plan is off sale for a rollback
    void pass(std::int64_t seconds);  // chain time, a block each second, without the engine

    World& world;
    std::unique_ptr<Journal> journal;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Operator> operate;

private:
    void let_time_pass();
    void close();
    bool wrap_up();
    bool check_end();

    std::string directory_;
    const Script& script_;
    Doubles doubles_;
    Ports ports_;
    EngineConfig config_;
    InlineExecutor executor_;
};

// Copies a database as a backup of its files does; `from` may be open, between two transactions.
void copy_journal(const std::string& from, const std::string& to);

// Conditions and actions for scripts.
std::function<bool(Scene&)> at_state(State state);
std::function<bool(Scene&)> at_once();
std::function<void(Scene&)> act_user(std::string action, std::int64_t seconds = 0);
Act buy();
// From `from` on: the VM is lost with its volume, and the operator says so, as soon as only the VM that is there speaks
// against it; `then` at the first moment of rebuilding.
Act lose_and_rebuild(State from, std::function<void(Scene&)> then);

}  // namespace bh::life::testing
