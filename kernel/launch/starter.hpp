// Starts the supervisor of a unit and hears from it whether the program runs.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "plugin-api/documents/launch.hpp"

#include <sys/types.h>

namespace bh::launch {

struct UnitStart {
    std::string supervisor;  // path of blockhost-supervise
    std::string unit, program;
    const UnitSpec* spec = nullptr;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string limits;
    std::vector<Fd> doors;  // of the unit's cgroup
    std::vector<int> fds;   // of the unit, in order
    int state_directory = -1;
    int lock = -1;  // UNIT.lock, locked
};

// OK: UNIT.run says "running". BH_E_INVALID: the program can't be executed. BH_E_UNKNOWN_OUTCOME: no word came.
Status start_unit(const UnitStart& start);

}  // namespace bh::launch
