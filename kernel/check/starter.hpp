// Starts blockhost-worker without a launcher: under the user of this process, in its process group, without a cgroup.
#pragma once

#include "kernel/worker/process.hpp"

namespace bh::check {

// One worker at a time, whatever instance is named. Thread-safe.
class DirectStarter final : public worker::Starter {
public:
    // `arguments`: of blockhost-worker (kernel/worker/main.cpp).
    DirectStarter(std::string program, std::vector<std::string> arguments)
        : program_{std::move(program)}, arguments_{std::move(arguments)} {}
    DirectStarter(const DirectStarter&) = delete;
    DirectStarter& operator=(const DirectStarter&) = delete;
    ~DirectStarter() override { (void)end({}); }

    Result<Started> start(const std::string& instance, int control, int report, int plugin) override;
    // Kills it, and returns when none of its processes runs any more.
    Status end(const std::string& instance) override;

private:
    Status end_locked();
    const std::string program_;
    const std::vector<std::string> arguments_;
    std::mutex mutex_;
    pid_t pid_ = -1;
    // Its standard input comes from here. Nobody writes: when the last reader is gone, so is every process of it.
    Fd readers_;
    Fd lifeline_;
};

}  // namespace bh::check
