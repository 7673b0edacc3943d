// The engine: one thread decides and commits, workers run verbs. It reads chains, derives what each touched
// subscription's state should be, and runs the jobs that the table orders (LIFECYCLE.md).
//
// One thread calls start(), step() and run(); any thread may call wake(), stop(), and the functions of query.hpp and
// operate.hpp on the same journal. With an InlineExecutor and a virtual clock each step() does one thing, so that a
// test drives it deterministically.
#pragma once

#include "kernel/ingest/ingest.hpp"
#include "kernel/journal/anchor.hpp"
#include "kernel/lifecycle/executor.hpp"
#include "kernel/lifecycle/machine.hpp"
#include "kernel/lifecycle/work.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace bh::life {

class Engine {
public:
    Engine(Journal& journal, Ports ports, EngineConfig config, Executor& executor);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Puts jobs of a process that died to UNCERTAIN and begins to derive before it acts: nothing is made, resumed or
    // destroyed until the chains were read to their newest final position and the backends were listed.
    Status start();

    // Does at most one thing; false: nothing is due now.
    bool step();

    // Wall clock milliseconds of the next timer; nothing is due before (unless a verb ends or wake() is called).
    std::int64_t next_due_ms();

    // step() until stop(); sleeps in between. stop() asks running verbs to save and stop, and run() returns when they
    // did.
    void run();
    void stop();
    void wake();  // something outside changed: an operator's command. One chain's plugin says so through Ports::wakes.

    [[nodiscard]] bool recovering() const noexcept { return recovering_.load() || recover_asked_.load(); }
    [[nodiscard]] std::size_t running_verbs() const noexcept { return running_.size(); }

    // Derives everything anew, as a start does: chains are read to their newest final position, backends are listed,
    // each unfinished row is looked at, and until then nothing is made or destroyed. Any thread.
    void recover();

    // How far the destruction guard has come with this row. Any thread.
    [[nodiscard]] std::optional<GuardProgress> guard_progress(std::int64_t row) const { return guard_.progress(row); }

    // Asks for a look at this subscription; `retry`: a held one may move.
    void touch(std::int64_t row, bool retry = false);

private:
    friend struct EngineSnapshot;  // tests/model copies what an engine remembers between two steps

    struct ChainSlot {
        ChainConfig config;
        ChainDescription description;
        bool described = false, polling = false, caught_up = false;
        bool again = false;  // woken while a poll was on its way: what it read may be older than the wake
        std::int64_t next_poll_ms = 0;
        WakeLimit wake_limit;
        std::uint32_t failures = 0;
        CursorRow cursor;
        // Rows to look at: of subscriptions that are served, and the others. Each line has its turn.
        std::deque<std::int64_t> served, others;
        std::uint32_t looks = 0;  // on their way
    };
    struct RunningJob {
        std::int64_t row = 0;
        std::string instance;
        std::shared_ptr<CancelToken> cancel;
        Step step = Step::none;
        std::int64_t overdue_ms = 0;  // it should have ended long before
        bool told = false;            // that it did not
    };
    struct Inventory {
        std::map<std::string, std::vector<Vm>> vms;
        std::map<std::string, std::vector<Volume>> volumes;
        std::map<std::string, std::vector<Delegation>> delegations;
        std::vector<NetworkBinding> bindings;
    };
    // What the anchors know of a journal that is not this one.
    struct LostJournal {
        std::optional<AuditAnchor> ahead;  // nothing: this is the newest journal there ever was
        std::int64_t common = 0;           // up to this row they are the same
    };
    using Done = std::function<Status()>;  // runs on the engine's thread; a failure is the journal's: tried again

    // engine.cpp
    void post(std::function<Done()> work);
    bool complete_one();
    bool stalled();
    [[nodiscard]] std::int64_t now() { return ports_.clock.unix_ms(); }
    void watch_clock();
    void pull_timers(Tx& tx, std::int64_t later_than);
    [[nodiscard]] MachineEnv env() { return {config_, boot_id_}; }
    [[nodiscard]] std::int64_t backoff_ms(std::uint32_t failures) const;

    // turns.cpp
    void pass(const std::string& when, std::string_view names);
    bool begin_one();
    void take_touched();
    void mark_dirty(const SubscriptionRow& row, bool asked = false);
    bool collect_timers();
    bool look_at(std::deque<std::int64_t> ChainSlot::* line);
    bool run_due_jobs(Line line);
    bool may_start(std::int64_t row, const std::string& instance);
    // Where a job is ordered or made due.
    enum class At : std::uint8_t { look, end };
    std::shared_ptr<WorkInput> claim_at_once(Tx& tx, const SubscriptionRow& row, At at, const std::string& freed = {});

    // poll.cpp
    bool poll_chains();
    // When to poll next; not asked while a poll runs.
    [[nodiscard]] std::int64_t due_ms(const ChainSlot& slot) const;
    void poll(ChainSlot& slot);
    Status polled(ChainSlot& slot, const Result<ChainEvents>& events);

    // decide.cpp
    void start_look(ChainSlot& slot, const SubscriptionRow& row);
    Status looked(ChainSlot& slot, std::int64_t row, const Result<View>& view);
    Status decide(Tx& tx, SubscriptionRow& row, const View& view);
    void copy_from_chain(SubscriptionRow& row, const View& view, const Reading& reading);
    FactInputs inputs_of(Tx& tx, const SubscriptionRow& row, const View& view, const std::optional<JobRow>& job);
    void plan_look(Tx& tx, SubscriptionRow& row, const View& view, const Reading& reading, std::int64_t wake_ms);
    std::int64_t drive_job(Tx& tx, SubscriptionRow& row, JobRow& job, const View& view, const FactInputs& inputs);
    bool resolve_failed(Tx& tx, SubscriptionRow& row, JobRow& job, const Reading& reading, const Abilities& can);
    std::string transition_name_;  // of the transaction in progress

    // jobs.cpp
    bool start_job(std::int64_t number);
    std::shared_ptr<WorkInput> claim(Tx& tx, const SubscriptionRow& row, JobRow& job);
    void launch(const std::shared_ptr<WorkInput>& input);
    bool postpone(JobRow& job, std::int64_t until_ms);
    bool waits_for_operator(const JobRow& job);
    WorkInput input_of(Tx& tx, const SubscriptionRow& row, const JobRow& job);
    Status settled(std::int64_t job, const std::shared_ptr<WorkResult>& result);
    Status settle(Tx& tx, JobRow& job, SubscriptionRow& row, WorkResult& result);
    void record_effects(Tx& tx, SubscriptionRow& row, const JobRow& job, WorkResult& result);
    bool reserve(Tx& tx, const SubscriptionRow& row, WorkResult& result);
    void back_off(Tx& tx, JobRow& job, JobState state, std::int64_t delay_ms);
    void park(Tx& tx, JobRow& job, const Failure& failure);

    // upkeep.cpp
    bool report_overdue();
    bool unpark_instances();
    bool send_statements();
    bool keep_delegations();

    // anchoring.cpp
    Result<LostJournal> compare_with_anchors();
    Status note_lost_journal(Tx& tx);
    std::optional<AuditAnchor> anchor_due();
    bool anchor_audit();
    void anchor_last();

    // sales.cpp
    static bool is_ours(const ChainSlot& slot, const PlanRow& plan);
    Status order_capacity(Tx& tx, const ChainSlot& slot, CapacityRow row, std::uint64_t want);
    Status plan_sales(Tx& tx, const ChainSlot& slot, bool apply, bool& changed);
    bool keep_sales();
    Status redo_sales(Tx& tx, const ChainSlot& slot, std::uint64_t kept);
    bool submit_capacity(const ChainSlot& slot, CapacityRow row);
    Status capacity_set(const CapacityRow& sent, const Result<Receipt>& receipt);

    // watch.cpp
    bool watch_vms();
    [[nodiscard]] AddressSets seen_lately();
    Status stopped_vm(Tx& tx, const std::string& op_id);
    void repair_network(const std::string& op_id, bool has_tap);

    // recover.cpp
    void begin_recovery();
    bool recover_step();
    Status reconcile();

    Journal& journal_;
    Ports ports_;
    EngineConfig config_;
    Executor& executor_;
    std::string boot_id_;
    GuardMemory guard_;

    std::mutex mutex_;  // protects completions_, touched_ and wakes run()
    std::condition_variable changed_;
    std::deque<Done> completions_;
    std::vector<std::pair<std::int64_t, bool>> touched_;
    bool woken_ = false;
    std::atomic<bool> stopping_{false}, recovering_{true}, poll_now_{false}, recover_asked_{false};
    std::int64_t in_flight_ = 0;

    std::map<std::string, ChainSlot> chains_;
    std::size_t turn_ = 0;   // whose it is
    bool took_end_ = false;  // the newest step did
    std::string looked_at_;  // the chain that the newest look asked
    std::unordered_set<std::int64_t> dirty_, looking_, again_, retry_, underived_;
    std::unordered_map<std::int64_t, std::uint32_t> look_failures_;
    std::unordered_map<std::int64_t, RunningJob> running_;  // by job number
    std::unordered_map<std::string, std::uint32_t> busy_;   // verbs per instance
    std::unordered_set<std::string> wanted_;                // instances that a due job waits for
    std::unordered_set<std::int64_t> stating_;              // rows whose statement is on its way
    std::unordered_set<std::int64_t> repairing_;            // rows whose place on the network is applied again
    std::unordered_set<std::string> checking_, delegating_;
    std::map<std::string, std::int64_t> next_watch_ms_;
    std::unordered_set<std::string> watching_;
    // Addresses in the newest list of each hypervisor's watch and in netd's of then; none of an instance whose newest
    // watch got no answer.
    std::map<std::string, std::shared_ptr<const AddressSet>> seen_;
    std::unordered_set<std::string> submitting_;  // op_ids of capacities
    LostJournal lost_;
    bool anchoring_ = false;
    std::string anchored_;  // hash of the newest row that was
    std::int64_t next_anchor_ms_ = 0, anchor_failing_ms_ = 0;
    std::int64_t stalled_until_ms_ = 0;
    std::int64_t timers_checked_ms_ = -1;
    std::int64_t last_now_ms_ = 0;  // of the newest step: a clock that is behind it was set back

    Inventory inventory_;
    std::unordered_set<std::string> listing_, listed_;
    std::uint64_t recovery_ = 0;  // which one this is: a list that an earlier one asked for is too old
    std::map<std::string, std::int64_t> next_list_ms_;
};

}  // namespace bh::life
