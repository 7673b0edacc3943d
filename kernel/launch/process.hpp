// Looking at, signalling and ending the processes of units. Safe in any thread.
#pragma once

#include "kernel/launch/run_record.hpp"
#include "plugin-api/documents/result.hpp"

namespace bh::launch {

enum class UnitState {
    kNever,  // not since this boot of the machine
    kRunning,
    kEnded,  // with its exit code or signal, if its supervisor lived to see it
};

// What `record` means now. `record` is corrected where its process is gone and nobody recorded how.
UnitState state_of(ReadRecord read, RunRecord& record);

// Signals exactly the process of the record; a process that took its pid meanwhile is never hit.
Status signal_process(const RunRecord& record, int number);

// Ends every process that runs under `uid` and waits until none is left. The uid must be one of the launcher's range.
Status end_all_of(uid_t uid);

}  // namespace bh::launch
