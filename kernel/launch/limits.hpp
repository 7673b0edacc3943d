// The limits of a unit: a cgroup of its own where a hierarchy really limits memory and processes, else rlimits.
//
// "Really" is tried, not read: a child process is put into a cgroup with a limit and must be found there. Made once at
// start, while the launcher has its rights; then used from any thread.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bh::launch {

class Limits {
public:
    // Tries cgroup2, then cgroup1 below `root`, with `parent` as the name of our own cgroup there.
    static Limits find(const std::string& parent, const std::string& root = "/sys/fs/cgroup");

    [[nodiscard]] const std::string& kind() const { return kind_; }        // "cgroup2", "cgroup1" or "rlimit"
    [[nodiscard]] const std::string& explanation() const { return why_; }  // why not a better one; "" = it is the best

    // Makes the unit's cgroup with its limits (0 = none); the descriptors of its cgroup.procs: who writes "0" into each
    // of them is inside. Empty with "rlimit".
    Result<std::vector<Fd>> enter(const std::string& name, std::uint64_t memory_bytes,
                                  std::uint32_t max_processes) const;

    // Removes the cgroup of a unit whose processes are gone.
    void remove(const std::string& name) const;

private:
    struct Hierarchy {
        std::string path;                         // of our own cgroup in it
        std::string memory_file, processes_file;  // names of the limits' files, "" if not in this hierarchy
    };
    static Limits tried(std::string kind, std::vector<Hierarchy> hierarchies, std::vector<std::string>& why);

    std::string kind_ = "rlimit", why_;
    std::vector<Hierarchy> hierarchies_;
};

}  // namespace bh::launch
