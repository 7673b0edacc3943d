// Runs a one-shot program to its end: no privilege, no shell, no environment, bounded in time and output. Safe in any
// thread.
#pragma once

#include "plugin-api/documents/launch.hpp"

#include <sys/types.h>

#include <chrono>

namespace bh::launch {

inline constexpr std::size_t kMaxToolOutput = std::size_t{128} << 10;  // of each stream; more is read and dropped
inline constexpr std::size_t kMaxToolInput = std::size_t{128} << 10;

struct ToolRun {
    std::string name;     // in messages
    std::string program;  // absolute path
    std::vector<std::string> args;
    Bytes input;
    uid_t uid = 0;
    gid_t gid = 0;
    std::chrono::steady_clock::time_point deadline;
};

// Whatever its exit code; a signal that ended it is 128 + its number. BH_E_UNKNOWN_OUTCOME: killed at the deadline.
Result<RunResult> run_tool(const ToolRun& run);

}  // namespace bh::launch
