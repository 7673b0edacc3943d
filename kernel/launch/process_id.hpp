// The identity of a process: a pid alone is used again, pid and start time are not; after a reboot both may be.
//
// Uses only the C library: the supervisor links it, too. Safe in any thread.
#pragma once

#include <sys/types.h>
#include <cstdint>

namespace bh::launch {

inline constexpr int kBootIdSize = 37;  // 36 characters and NUL

struct ProcessStat {
    char state = 0;                // 'R', 'S' ... 'Z'; 0: no such process
    std::uint64_t start_time = 0;  // clock ticks since boot
    pid_t parent = 0;
};

// What /proc/PID/stat says; state 0 if the process does not exist.
ProcessStat process_stat(pid_t pid) noexcept;

// Fills `out` with the id of this boot of the machine; "" if it can't be read.
void read_boot_id(char (&out)[kBootIdSize]) noexcept;

}  // namespace bh::launch
