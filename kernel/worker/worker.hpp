// One plugin instance in a process of its own, seen through the same interface as one in this process: plugin() and
// self() are a bh_plugin and a bh_instance whose verbs run over there.
//
// A worker that dies, hangs or babbles is ended and started again by the next verb, after a pause that doubles. A verb
// that was running answers BH_E_UNKNOWN_OUTCOME if it has a call context, else BH_E_UNAVAILABLE. After too many ends in
// too short a time the instance is *poisoned*: every verb answers BH_E_DENIED, which parks it and alarms the operator,
// until forgive(). Thread-safe.
#pragma once

#include "kernel/worker/no_block.hpp"
#include "kernel/worker/process.hpp"

#include <deque>

namespace bh::worker {

struct Patience {
    std::chrono::milliseconds start{30'000};     // until the instance is made
    std::chrono::milliseconds read{60'000};      // a verb without a call context
    std::chrono::milliseconds call{900'000};     // one with, but without a deadline
    std::chrono::milliseconds grace{5'000};      // after the deadline, for a verb that was told to stop
    std::chrono::milliseconds first_pause{200};  // before it is started again; doubles
    std::chrono::milliseconds longest_pause{30'000};
    std::size_t ends = 5;                       // so many ...
    std::chrono::milliseconds within{600'000};  // ... in this time poison the instance
};

class Worker {
public:
    // `plugin_fd` is the sealed file, `services` the instance's bh_kernel; both and the starter outlive the worker.
    // `services`: for the plugin. `say`: what the kernel has to say of the worker (BH_LOG_*, a sentence), which no
    // limit of the plugin's words may swallow.
    using Say = std::function<void(std::uint32_t level, const std::string& message)>;
    Worker(Greeting greeting, int plugin_fd, const bh_kernel* services, Starter& starter, Say say,
           Patience patience = {});
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    // The first start. The failure is that of the sandbox, the loader or the plugin's create().
    Status start();

    [[nodiscard]] const bh_plugin* plugin() const noexcept;
    [[nodiscard]] bh_instance* self() noexcept { return reinterpret_cast<bh_instance*>(this); }
    // What stands for the kernel in plugin()->check().
    [[nodiscard]] const bh_kernel* handle() const noexcept { return &handle_; }

    struct State {
        std::string word;  // "running", "waiting" (ended, will be started by the next verb), "poisoned"
        std::int64_t pid = 0;
        std::string limits, limits_why, sandbox;
        std::size_t ends = 0;               // in the time that counts
        std::string last_end;               // why
        std::vector<std::string> denied;    // system calls that the sandbox refused, each once, since the first start
        std::vector<Blocked::Row> blocked;  // since the first start
    };
    [[nodiscard]] State state();
    // The operator wants a poisoned instance tried again. True if it was poisoned.
    bool forgive();

    bh_status run(const Exchange& exchange) noexcept;

private:
    Result<std::shared_ptr<Process>> ready();
    Status start_locked();
    Deadlines deadlines_of(const Exchange& exchange) const;
    void account(Process& process, std::string_view verb);
    void note_end(const std::string& why, bool counts);
    void collect_denied(const Process& process);
    void note_blocked(std::string_view member, std::uint32_t ms);

    const Greeting greeting_;
    const int plugin_fd_;
    const bh_kernel* services_;
    Starter& starter_;
    const Say say_;
    const Patience patience_;
    bh_kernel handle_{};
    std::mutex starting_;  // one start at a time; never taken while mutex_ is held
    std::mutex mutex_;
    std::shared_ptr<Process> process_;
    std::deque<std::uint64_t> ends_;
    std::size_t failed_starts_ = 0;
    std::uint64_t not_before_ = 0;
    bool poisoned_ = false;
    std::string last_end_;
    std::set<std::string> denied_;
    Blocked blocked_;
};

}  // namespace bh::worker
