// What a hypervisor owes that gives VMs another size.
#include "plugin-api/check/vms.hpp"

#include <algorithm>

namespace bh::check {
namespace {

Vm resize(Stage& stage, const std::string& vm, const VmSize& size, const std::string& op_id) {
    const JobVerb verb = [vm](const Session& s, const bh_call* c, bh_str text, bh_sink o, bh_error* e) {
        return s.table<bh_hypervisor_resize>(BH_HYPERVISOR_RESIZE).vm_resize(s.self, c, sdk::str(vm), text, o, e);
    };
    const Attempt done = attempt(stage, verb, op_id, 1, to_json(size));
    require(done.ok(), "vm_resize under " + op_id + ": " + done.said);
    return require_ok(parse_vm(done.text), "vm_resize");
}

std::string said(std::uint32_t cpus, std::uint64_t memory) {
    return std::to_string(cpus) + " CPUs and " + std::to_string(memory) + " bytes of memory";
}

void require_size(const Vm& vm, const VmSize& size, const std::string& where) {
    require(vm.cpus == size.cpus && vm.memory_bytes == size.memory_bytes,
            where + " the VM has " + said(vm.cpus, vm.memory_bytes) + ", not " + said(size.cpus, size.memory_bytes));
    require(vm.waits.empty(),
            where + " " + (vm.waits.empty() ? "" : vm.waits[0]) + " waits for a start that has been, or is the next");
}

bool waits(const Vm& vm, const char* what) {
    return std::find(vm.waits.begin(), vm.waits.end(), what) != vm.waits.end();
}

VmSize larger(const VmSpec& spec) { return {spec.cpus + 1, spec.memory_bytes * 2, {}}; }

void stopped(Stage& stage) {
    const VmSpec spec = vm_spec(stage);
    const Vm made = make_vm(stage, "resize-1");
    const VmSize small{spec.cpus, spec.memory_bytes, {}}, large = larger(spec);
    // Each twice under its own op_id, and once more under another: being that size already is no mistake.
    for (const auto& [size, op_id] : {std::pair{large, "resize-2"},
                                      {large, "resize-2"},
                                      {large, "resize-3"},
                                      {small, "resize-4"},
                                      {small, "resize-4"}}) {
        const Vm answer = resize(stage, made.vm, size, op_id), seen = look_at_vm(stage, made.vm);
        require_size(answer, size, "in the answer of vm_resize");
        require_size(seen, size, "after vm_resize of a stopped VM");
        require_same_vm(made, seen, "vm_resize");
        require(seen.state == "stopped", "vm_resize of a stopped VM leaves it " + seen.state);
    }
}

void running(Stage& stage) {
    const VmSpec spec = vm_spec(stage);
    const Vm made = make_vm(stage, "resize-1");
    must_power(stage, made.vm, BH_POWER_START, "resize-2");
    const Vm before = look_at_vm(stage, made.vm);
    const VmSize large = larger(spec);
    resize(stage, made.vm, large, "resize-3");
    const Vm now = look_at_vm(stage, made.vm);
    require(now.state == "running" && now.started_at == before.started_at,
            "vm_resize of a running VM leaves it " + now.state + ", or started it again");
    require(now.cpus == large.cpus || (now.cpus == spec.cpus && waits(now, "cpus")),
            "vm_resize of a running VM: its CPUs are neither the new ones nor named in \"waits\"");
    require(
        now.memory_bytes == large.memory_bytes || (now.memory_bytes == spec.memory_bytes && waits(now, "memory_bytes")),
        "vm_resize of a running VM: its memory is neither the new one nor named in \"waits\"");
    must_power(stage, made.vm, BH_POWER_OFF, "resize-4");
    must_power(stage, made.vm, BH_POWER_START, "resize-5");
    require_size(look_at_vm(stage, made.vm), large, "after OFF and START");
}

}  // namespace

std::vector<Test> resize_tests() {
    return {
        {"resize.stopped", "A stopped VM gets its new size at once; being that size already is BH_OK.",
         BH_HYPERVISOR_RESIZE, anywhere(), stopped},
        {"resize.running", "A running VM goes on; what waits for the next start is named, and waits no longer then.",
         BH_HYPERVISOR_RESIZE, anywhere(), running},
    };
}

}  // namespace bh::check
