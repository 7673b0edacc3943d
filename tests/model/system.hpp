// The whole: a World, a journal in memory and, unless it is down, the real engine over both. It moves one step of the
// engine at a time, or one block where the engine has nothing to do, with at most one deviation.
#pragma once

#include "kernel/lifecycle/executor.hpp"
#include "kernel/lifecycle/operate.hpp"
#include "tests/model/engine_snapshot.hpp"
#include "tests/model/memory_journal.hpp"
#include "tests/model/ports.hpp"

namespace bh::life::model {

// What the buyers do, in order: each when its time has come.
struct Deed {
    Act act = Act::none;
    std::uint8_t id = 0, who = 1;
    // Blocks after: the begin; the order's delivery; its expiry.
    enum class After : std::uint8_t { begin, delivery, expiry } after = After::begin;
    std::int64_t blocks = 0;
};

struct Scenario {
    std::string name;
    std::vector<Deed> deeds;
    bool request_opens = true, early_start = false;
    bool served = true;      // without any deviation every order is delivered and comes to its end
    bool as_a_pool = false;  // the executor: the record of one verb may begin the next
};

struct Snapshot {
    World world;
    Tables tables;
    std::optional<EngineSnapshot> engine;
    std::int32_t down_for = 0;
    std::vector<std::shared_ptr<const Tables>> versions;  // of the journal, one for each change of a state or a job
};

class System {
public:
    System(const Scenario& scenario, BrokenRules broken, GuardPolicy guard);
    ~System();
    System(const System&) = delete;
    System& operator=(const System&) = delete;

    [[nodiscard]] Snapshot save() const;
    void load(const Snapshot& snapshot);
    [[nodiscard]] std::uint64_t digest() const;

    void move(const Deviation& deviation);
    [[nodiscard]] bool ended() const;  // all came to an end, and nothing has changed for a while

    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] const Tables& tables() const { return *tables_; }
    [[nodiscard]] bool up() const { return engine_ != nullptr; }
    [[nodiscard]] const Oracle& record() const { return oracle_; }
    [[nodiscard]] std::size_t version_count() const { return versions_.size(); }

    // For a trace: every call and every audit row is told.
    void tell(std::vector<std::string>* told);

private:
    void go_on(const Deviation& deviation);
    void boot();
    void die(std::int32_t down_for);
    void tick(const Deviation& deviation);
    void disturb(const Deviation& deviation);
    void pass_a_second();
    void buyers_act();
    void operator_acts();
    void keep_version();
    void count_quiet();
    void check();

    Scenario scenario_;
    GuardPolicy guard_;
    World world_;
    Oracle oracle_;
    std::string path_;
    std::shared_ptr<Tables> tables_;
    HostPorts host_;
    Ports ports_;
    EngineConfig config_;
    InlineExecutor executor_;
    std::unique_ptr<Journal> journal_;
    std::unique_ptr<Engine> engine_;
    std::int32_t down_for_ = 0;
    std::vector<std::shared_ptr<const Tables>> versions_;
};

// What is wrong with an end; empty: nothing. `transient`: only what passes by itself went wrong on the way.
std::string wrong_at_end(const System& system, const Scenario& scenario, bool transient);

}  // namespace bh::life::model
