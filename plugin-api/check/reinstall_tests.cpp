// What a hypervisor owes that starts VMs over with a fresh system.
#include "plugin-api/check/vms.hpp"

namespace bh::check {
namespace {

JobVerb reinstall_of(const std::string& vm) {
    return [vm](const Session& s, const bh_call* c, bh_str spec, bh_sink o, bh_error* e) {
        return s.table<bh_hypervisor_reinstall>(BH_HYPERVISOR_REINSTALL)
            .vm_reinstall(s.self, c, sdk::str(vm), spec, o, e);
    };
}

// The VM's own specification with another system volume and another seed.
VmSpec fresh(Stage& stage, const std::string& volume) {
    VmSpec spec = vm_spec(stage);
    spec.volumes.at(0).volume = volume;
    spec.volumes.at(0).created_by = "op-" + volume;
    spec.first_boot.meta_data = "instance-id: " + volume + "\n";
    return spec;
}

void require_fresh(const Vm& made, const Vm& vm, const VmSpec& spec, const std::string& after) {
    require_same_vm(made, vm, after);
    std::vector<std::string> wanted;
    for (const Volume& volume : spec.volumes) wanted.push_back(volume.volume);
    require(vm.volumes == wanted, "after " + after + " the VM's volumes are not those of the new specification");
}

void once(Stage& stage) {
    const Vm made = make_vm(stage, "reinstall-1");
    const VmSpec spec = fresh(stage, "v-2");
    const JobVerb verb = reinstall_of(made.vm);
    const Attempt done = attempt(stage, verb, "reinstall-2", 1, to_json(spec));
    require(done.ok(), "vm_reinstall: " + done.said);
    require_fresh(made, require_ok(parse_vm(done.text), "vm_reinstall"), spec, "vm_reinstall");
    require_fresh(made, look_at_vm(stage, made.vm), spec, "vm_reinstall");
    must_power(stage, made.vm, BH_POWER_START, "reinstall-3");
    const Vm before = look_at_vm(stage, made.vm);
    // Also when the kernel has lost the checkpoint, and says that it is the first attempt.
    const Attempt again = attempt(stage, verb, "reinstall-2", 1, to_json(spec));
    require(again.ok(), "vm_reinstall of the same op_id and specification: " + again.said);
    const Vm now = look_at_vm(stage, made.vm);
    require(now.state == "running" && now.started_at == before.started_at,
            "vm_reinstall of the same op_id starts the guest over again: the VM is " + now.state);
    require_fresh(made, now, spec, "vm_reinstall of the same op_id");
}

void conflict(Stage& stage) {
    const Vm made = make_vm(stage, "conflict-1");
    const VmSpec first = fresh(stage, "v-2"), other = fresh(stage, "v-3");
    const JobVerb verb = reinstall_of(made.vm);
    const Attempt done = attempt(stage, verb, "conflict-2", 1, to_json(first));
    require(done.ok(), "vm_reinstall: " + done.said);
    const Attempt again = attempt(stage, verb, "conflict-2", 2, to_json(other));
    require(again.status == BH_E_CONFLICT, "vm_reinstall of the same op_id with another specification answers " +
                                               again.said + "; it must be BH_E_CONFLICT");
    require_fresh(made, look_at_vm(stage, made.vm), first, "a vm_reinstall that was refused");
    const Attempt second = attempt(stage, verb, "conflict-3", 1, to_json(other));
    require(second.ok(), "vm_reinstall under another op_id: " + second.said);
    require_fresh(made, look_at_vm(stage, made.vm), other, "vm_reinstall under another op_id");
}

void kill(Stage& stage) {
    const Vm made = make_vm(stage, "kill-0");
    for (int at = 1;; ++at) {
        const std::string number = std::to_string(at);
        const VmSpec spec = fresh(stage, "v-" + number);
        const JobVerb verb = reinstall_of(made.vm);
        const Attempt killed = attempt(stage, verb, "kill-" + number, 1, to_json(spec), {at, -1, BH_CANCEL_NONE});
        const std::string where = "vm_reinstall, " + killed.said + " (point " + number + ")";
        if (!killed.died) require(killed.ok(), "vm_reinstall: " + killed.said);
        if (killed.died) {
            const Attempt resumed = attempt(stage, verb, "kill-" + number, 2, to_json(spec));
            require(resumed.ok(), where + " and asked again answers " + resumed.said);
        }
        require_fresh(made, look_at_vm(stage, made.vm), spec, where + ", asked again,");
        if (!killed.died) return;
    }
}

}  // namespace

std::vector<Test> reinstall_tests() {
    return {
        {"reinstall.once",
         "A VM gets the new volumes and stays the same VM; the same op_id does not start it over again.",
         BH_HYPERVISOR_REINSTALL, anywhere(), once},
        {"reinstall.conflict", "The same op_id with another specification is BH_E_CONFLICT and changes nothing.",
         BH_HYPERVISOR_REINSTALL, anywhere(), conflict},
        {"reinstall.kill",
         "Killed with SIGKILL around every save(), progress() and effect, a second attempt ends with the new system.",
         BH_HYPERVISOR_REINSTALL, anywhere(), kill},
    };
}

}  // namespace bh::check
