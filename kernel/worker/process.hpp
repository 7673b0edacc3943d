// One worker process as the kernel sees it: its channels, its beginning and its end. Thread-safe.
#pragma once

#include "kernel/worker/line.hpp"
#include "plugin-api/documents/result.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace bh::worker {

// What starts and ends the processes: blockhost-launch.
class Starter {
public:
    struct Started {
        std::int64_t pid = 0;
        std::string limits, why;  // "cgroup2", "cgroup1" or "rlimit", and why not a better one
    };
    virtual ~Starter() = default;
    // Ends what runs for the instance, then starts it anew with these descriptors, which stay the caller's.
    virtual Result<Started> start(const std::string& instance, int control, int report, int plugin) = 0;
    // Ok once nothing of it runs.
    virtual Status end(const std::string& instance) = 0;
};

// What the first frame tells the worker.
struct Greeting {
    std::string instance, plugin, kernel_version, config;
    std::vector<std::string> interfaces, services;
    std::uint32_t log_level = 0;
};

class Process {
public:
    // The process, its plugin loaded and its instance made. BH_E_UNAVAILABLE: it could not be started; other
    // failures are the plugin's.
    static Result<std::shared_ptr<Process>> start(const Greeting& greeting, int plugin_fd, const bh_kernel* services,
                                                  Starter& starter, std::uint64_t deadline_ns,
                                                  std::function<void(Process&)> on_end);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    End call(const Exchange& exchange, Deadlines deadlines, Outcome& outcome);

    // Ends it, whatever it does, and returns when nothing of it is left to end. `why` counts if it is the first reason.
    // Any thread, more than once.
    void end(const std::string& why);
    // Lets the worker destroy its instance and end by itself, until the deadline; then ends it.
    void dismiss(std::uint64_t deadline_ns);

    [[nodiscard]] bool ended() const;
    // True once: for whoever accounts for its end.
    bool claim_end() noexcept;
    // One sentence's end: "was killed by signal 11", "said something that is no protocol". Waits a moment for the
    // word of the process that watches over it.
    [[nodiscard]] std::string why_ended();
    [[nodiscard]] const Starter::Started& started() const noexcept { return started_; }
    [[nodiscard]] std::set<std::string> denied() const;  // system calls that the sandbox refused
    [[nodiscard]] std::string sandbox() const;           // what it is made of

private:
    Process(std::string instance, const bh_kernel* services, Starter& starter, std::function<void(Process&)> on_end);
    Line* take(std::uint64_t deadline_ns);
    void give_back(Line* line);
    std::unique_ptr<Line> open_line(std::uint64_t deadline_ns);
    void watch();
    void serve_background(Line& line);
    bool read_report();

    const std::string instance_;
    const bh_kernel* services_;
    Starter& starter_;
    std::function<void(Process&)> on_end_;
    Starter::Started started_;
    std::unique_ptr<Line> control_;
    std::vector<std::unique_ptr<Line>> background_;
    Fd report_, wake_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Line>> lines_;  // all
    std::vector<Line*> free_;
    bool ended_ = false, gone_ = false, reported_ = false;
    bool wanted_ = false;  // its end is news: it was started, and not dismissed
    std::atomic<bool> claimed_{false};
    std::string why_, sandbox_;
    std::set<std::string> denied_;
    std::thread watcher_;
    std::vector<std::thread> servers_;  // one for each background channel, whose services may take their time
};

}  // namespace bh::worker
