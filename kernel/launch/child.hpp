// Making child processes from a program with threads: everything is prepared before the fork, the child only calls
// what is allowed there. Used for supervisors, workers and one-shot tools.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace bh::launch {

struct Child {
    std::string program;            // absolute path
    std::vector<std::string> args;  // argv[1..]
    std::vector<int> fds;           // become 0, 1, 2 ...; -1 = /dev/null. All others are closed
    std::vector<int> doors;         // cgroup.procs files to enter
    bool drop_to = false;           // become uid, gid without groups, without new privileges
    bool dies_with_thread = true;   // with drop_to: killed when the thread that started it ends
    uid_t uid = 0;
    gid_t gid = 0;
};

// The child's pid; the caller waits for it. A program that can't be started ends with status 127.
Result<pid_t> start_child(const Child& child);

}  // namespace bh::launch
