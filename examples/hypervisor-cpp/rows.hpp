// What the store keeps of machines and snapshots, and what happens to a machine: plain values, changed by no one else.
#pragma once

#include "guest.hpp"
#include "plugin-api/documents/fields/hypervisor.hpp"

#include <algorithm>
#include <chrono>

namespace rows {

// A reinstall that happened: the same op_id with another specification is a conflict.
struct Reinstall {
    std::string op_id, spec;
};
template <class F>
void fields(F& f, bh::Is<Reinstall> auto& x) {
    f.required("op_id", x.op_id, "");
    f.required("spec", x.spec, "");
}

// Under "vm/OP_ID".
struct Machine {
    bh::Vm vm;
    std::string spec;               // as it came: another one under the same op_id is a conflict
    std::vector<std::string> once;  // op_ids of resets and reverts that happened: none of them happens twice
    std::vector<Reinstall> reinstalls;
    // What the next start brings; of a machine that is stopped: what it has.
    std::uint32_t cpus = 0;
    std::uint64_t memory_bytes = 0;
    helper::Guest guest;
};
template <class F>
void fields(F& f, bh::Is<Machine> auto& x) {
    f.required("vm", x.vm, "");
    f.required("spec", x.spec, "");
    f.optional("once", x.once, "");
    f.optional("reinstalls", x.reinstalls, "");
    f.required("cpus", x.cpus, "");
    f.required("memory_bytes", x.memory_bytes, "");
    f.required("guest", x.guest, "");
}

// Under "snapshot/OP_ID".
struct Kept {
    bh::Snapshot snapshot;
    std::string spec;  // as it came
    Machine machine;   // as it was
};
template <class F>
void fields(F& f, bh::Is<Kept> auto& x) {
    f.required("snapshot", x.snapshot, "");
    f.required("spec", x.spec, "");
    f.required("machine", x.machine, "");
}

inline bh::UnixTime now() {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::seconds>(since_1970).count()};
}

// A clock that is set back does not make it negative.
inline std::int64_t uptime_of(const bh::Vm& vm) {
    return std::max<std::int64_t>(now().seconds - vm.started_at.seconds, 0);
}

inline bool running(const Machine& machine) { return machine.vm.state == "running"; }

// The size that waits is the size that it has.
inline void settle(Machine& machine) {
    machine.vm.cpus = machine.cpus;
    machine.vm.memory_bytes = machine.memory_bytes;
    machine.vm.waits.clear();
}

inline void start(Machine& machine) {
    if (running(machine)) return;
    settle(machine);
    machine.vm.state = "running";
    machine.vm.started_at = now();
    machine.vm.stopped_by.clear();
    machine.guest.boot_id = helper::new_boot_id();
}
inline void stop(Machine& machine) {
    if (!running(machine)) return;
    settle(machine);
    machine.vm.state = "stopped";
    machine.vm.started_at = {};
    machine.vm.stopped_by = "host";
}

// A machine that runs gets its size at its next start, as one does whose guest can't take CPUs while it runs.
inline void resize(Machine& machine, const bh::VmSize& size) {
    machine.cpus = size.cpus;
    machine.memory_bytes = size.memory_bytes;
    if (!running(machine)) {
        settle(machine);
        return;
    }
    // A volume that grew before and waits already goes on waiting.
    std::vector<std::string> waits;
    if (machine.vm.cpus != size.cpus) waits.emplace_back("cpus");
    if (machine.vm.memory_bytes != size.memory_bytes) waits.emplace_back("memory_bytes");
    for (const std::string& volume : machine.vm.volumes) {
        const bool grown = std::any_of(size.volumes.begin(), size.volumes.end(),
                                       [&](const bh::Volume& v) { return v.volume == volume; });
        const auto& before = machine.vm.waits;
        if (grown || std::find(before.begin(), before.end(), volume) != before.end()) waits.push_back(volume);
    }
    machine.vm.waits = std::move(waits);
}

// A fresh system in the same machine: it begins as a new guest, with a key of its own.
inline void reinstall(Machine& machine, const bh::VmSpec& spec) {
    machine.vm.name = spec.name;
    machine.vm.tags = spec.tags;
    machine.vm.volumes.clear();
    for (const bh::Volume& volume : spec.volumes) machine.vm.volumes.push_back(volume.volume);
    machine.cpus = spec.cpus;
    machine.memory_bytes = spec.memory_bytes;
    machine.guest = {helper::new_host_key(), "", 0};
    settle(machine);
}

// What a snapshot brings back. What happened under which op_id happened, also after the machine has forgotten it.
inline void revert(Machine& machine, const Kept& kept) {
    Machine back = kept.machine;
    back.spec = machine.spec;
    back.once = machine.once;
    back.reinstalls = machine.reinstalls;
    back.vm.tap = machine.vm.tap;
    back.vm.mac = machine.vm.mac;
    back.vm.address = machine.vm.address;
    if (!kept.snapshot.memory) stop(back);  // what a power cut would have left: the disk alone
    if (running(back)) back.vm.started_at = now();
    machine = std::move(back);
}

}  // namespace rows
