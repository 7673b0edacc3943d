// The processes of plugin instances that run in a sandbox (kernel/worker): at most one per instance.
//
// A worker is the launcher's child and ends with it: its lifeline closes then. Thread-safe.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "kernel/launch/config.hpp"
#include "kernel/launch/limits.hpp"
#include "kernel/launch/tool.hpp"

#include <map>
#include <mutex>
#include <span>

namespace bh::launch {

class Workers {
public:
    // `program`: blockhost-worker. Its processes get the kernel's group, because files that it shares with units are
    // the group's; what it can reach is up to its sandbox.
    Workers(std::string program, gid_t kernel_gid) : program_{std::move(program)}, gid_{kernel_gid} {}
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    ~Workers();

    // Ends the instance's worker and everything else under its user, its tools too, then starts it anew. `fds`:
    // control, report, plugin (kernel/worker/main.cpp). The pid of the process that watches over it.
    Result<pid_t> start(const std::string& instance, const WorkerConfig& config, const Limits& limits,
                        std::span<const Fd> fds);
    // Makes a tool of the instance run as its worker does: under its user, where nothing else of the host is to be
    // seen. So files have one owner whichever of the two makes them, and a link that a plugin lays leads a tool
    // nowhere.
    void confine(ToolRun& run, const WorkerConfig& config) const;

    // Ok once nothing runs under its user.
    Status end(const std::string& instance, const WorkerConfig& config, const Limits& limits);

private:
    struct Running {
        pid_t pid = -1;
        Fd lifeline;
    };
    Status end_locked(const std::string& instance, const WorkerConfig& config, const Limits& limits);

    const std::string program_;
    const gid_t gid_;
    std::mutex mutex_;
    std::map<std::string, Running> running_;
};

}  // namespace bh::launch
