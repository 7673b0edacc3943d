// UNIT.run: what the supervisor of a unit knows about its process, one line of text.
//
//   STATE BOOT_ID PID START_TIME SUPERVISOR_PID SUPERVISOR_START SINCE EXIT_CODE SIGNAL\n
//
// STATE is "running" or "ended"; times of processes are clock ticks since boot, SINCE is Unix seconds; EXIT_CODE and
// SIGNAL are -1 where there is none. It is replaced atomically and durably. Uses only the C library.
#pragma once

#include "kernel/launch/process_id.hpp"

#include <sys/types.h>
#include <cstdint>

namespace bh::launch {

struct RunRecord {
    bool running = false;
    char boot_id[kBootIdSize] = {};
    pid_t pid = 0;
    std::uint64_t start_time = 0;
    pid_t supervisor = 0;
    std::uint64_t supervisor_start = 0;
    std::int64_t since = 0;
    int exit_code = -1, signal = -1;
};

enum class ReadRecord { kOk, kMissing, kDamaged };

// Both name the file UNIT.run in the directory `directory_fd`.
bool write_run_record(int directory_fd, const char* unit, const RunRecord& record) noexcept;  // false: errno says why
ReadRecord read_run_record(int directory_fd, const char* unit, RunRecord& out) noexcept;

}  // namespace bh::launch
