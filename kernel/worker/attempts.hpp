// What a watched plugin tries without a system call being refused: to open files that its sandbox does not have, or to
// write those that it may only read; and which of its limits it has come to. For the operator's eyes: it is the sandbox
// that holds, and a plugin that changes a path while it is looked at hides a line of the report, no more.
#pragma once

#include "kernel/worker/sandbox.hpp"

#include <cstdint>
#include <string>
#include <vector>

struct seccomp_data;

namespace bh::worker {

// `proc` below is a descriptor of /proc as it was before the root changed: the watching process shares the sandbox's
// mounts.

// Whether restrict_calls() has the watching process asked about this call with Plan::tell_files, to let it through.
bool opens_file(int call);

// "open /etc/shadow", "write /usr/lib/x": what the call of the process `pid` tries outside of `plan`; "" = nothing to
// tell, or not to be seen.
std::string attempt_of(const Plan& plan, int proc, pid_t pid, const seccomp_data& call);

// The same of a path: tested apart.
std::string attempt_on(const Plan& plan, const std::string& path, bool write);

// Which limits of `plan` the process `pid` has come to: "its limit of 24 threads", "its 64 MiB of /tmp" ...
std::vector<std::string> limits_reached(const Plan& plan, int proc, pid_t pid);

}  // namespace bh::worker
