// What the pretended hypervisor keeps, and what a test may do to it behind the plugin's back.
#pragma once

#include "plugin-api/documents/fields/hypervisor.hpp"
#include "tests/plugins/state/backend.hpp"

namespace bh::mem {

// The guest helper inside a VM: guest-messages-1.
struct Guest {
    std::string host_key, boot_id;
    std::uint32_t boots = 0;        // how often it was started
    std::uint32_t silent_for = 0;   // exchanges that nobody answers, after each start
    std::uint32_t silent_left = 0;  // of them, what is left
    std::uint64_t sequence = 0;     // of the newest owner statement
    std::string statement;          // its bytes as hex
    std::string question, verdict;  // a question (JSON text) to hand over at the next poll; the answer it got
};
template <class F>
void fields(F& f, Is<Guest> auto& x) {
    f.required("host_key", x.host_key, "");
    f.optional("boot_id", x.boot_id, "");
    f.optional("boots", x.boots, "");
    f.optional("silent_for", x.silent_for, "");
    f.optional("silent_left", x.silent_left, "");
    f.optional("sequence", x.sequence, "");
    f.optional("statement", x.statement, "");
    f.optional("question", x.question, "");
    f.optional("verdict", x.verdict, "");
}

struct Machine {
    Vm vm;
    std::string spec;  // canonical text of vm-spec.json
    Guest guest;
    std::vector<std::string> resets;  // op_ids whose reset has happened
    std::uint32_t shutdowns = 0;      // requests since it runs
    std::string file;                 // what its buyer wrote: survives everything but the VM's end
};
template <class F>
void fields(F& f, Is<Machine> auto& x) {
    f.required("vm", x.vm, "");
    f.required("spec", x.spec, "");
    f.required("guest", x.guest, "");
    f.optional("resets", x.resets, "");
    f.optional("shutdowns", x.shutdowns, "");
    f.optional("file", x.file, "");
}

struct HypervisorState {
    std::vector<Machine> machines;
    std::uint32_t guest_silent_for = 0;  // of VMs created from now on
    std::uint32_t shutdown_takes = 1;    // requests until a guest has shut down: 1 = at once
    std::uint32_t max_vms = 0;           // 0 = any number
};
template <class F>
void fields(F& f, Is<HypervisorState> auto& x) {
    f.required("machines", x.machines, "");
    f.optional("guest_silent_for", x.guest_silent_for, "");
    f.required("shutdown_takes", x.shutdown_takes, "");
    f.optional("max_vms", x.max_vms, "");
}

using HypervisorBackend = Backend<HypervisorState>;

// -> the VM with this id, or null.
Machine* find_machine(HypervisorState& state, const std::string& vm);

void start_machine(Machine& machine);
void stop_machine(Machine& machine, const std::string& by);

// The guest's answer to a request of guest-messages-1, or nullopt while it is silent.
std::optional<std::string> guest_answer(Machine& machine, std::string_view request);

// What tests do: the guest's owner powers it off, the machine reboots, the VM disappears.
void power_off_inside(HypervisorState& state, const std::string& vm);
void reboot_host(HypervisorState& state);

}  // namespace bh::mem
