// What the launcher hands to blockhost-supervise: its arguments and its descriptors.
//
//   blockhost-supervise UNIT UID GID LIMITS MEMORY_BYTES MAX_PROCESSES FD_COUNT PROGRAM [ARGS...]
//
// All numbers are decimal. LIMITS is "cgroup2", "cgroup1" or "rlimit": only with "rlimit" are MEMORY_BYTES and
// MAX_PROCESSES set as rlimits (0 = none). Nothing in it is secret. Descriptors:
//
//   0, 1, 2              /dev/null
//   kReportFd            a pipe: one line, "ok PID\n" or "error STEP ERRNO\n", then closed
//   kStateDirFd          the directory in which UNIT.run is written (run_record.hpp)
//   kLockFd              UNIT.lock, locked with flock: held while the supervisor lives
//   kFirstUnitFd ...     FD_COUNT descriptors, which become 3, 4 ... of the unit
//
// The launcher has already put the supervisor into the unit's cgroup where there is one.
#pragma once

namespace bh::launch {

inline constexpr int kReportFd = 3;
inline constexpr int kStateDirFd = 4;
inline constexpr int kLockFd = 5;
inline constexpr int kFirstUnitFd = 6;

}  // namespace bh::launch
