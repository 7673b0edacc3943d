// What a hypervisor owes that keeps states of VMs, besides the job rules: those are tried on snapshots as on all that
// is made under an op_id.
#include "plugin-api/check/vms.hpp"

#include <algorithm>

namespace bh::check {
namespace {

const bh_hypervisor_snapshot& table(const Session& s) {
    return s.table<bh_hypervisor_snapshot>(BH_HYPERVISOR_SNAPSHOT);
}

// The rows of job.* for the snapshots of `vm`.
Maker snapshots_of(const std::string& vm) {
    Maker maker = *snapshot_kind().maker;
    maker.make = [vm](const Session& s, const bh_call* c, bh_str spec, bh_sink o, bh_error* e) {
        return table(s).snapshot_create(s.self, c, sdk::str(vm), spec, o, e);
    };
    maker.remove = [vm](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return table(s).snapshot_delete(s.self, c, sdk::str(vm), id, e);
    };
    maker.list = [vm](const Session& s, bh_str page, bh_sink o, bh_error* e) {
        return table(s).snapshot_list(s.self, sdk::str(vm), page, o, e);
    };
    return maker;
}
JobVerb revert_of(const std::string& vm) {
    return [vm](const Session& s, const bh_call* c, bh_str id, bh_sink, bh_error* e) {
        return table(s).snapshot_revert(s.self, c, sdk::str(vm), id, e);
    };
}

Snapshot make(Stage& stage, const std::string& vm, const std::string& op_id) {
    const Maker maker = snapshots_of(vm);
    const Attempt made = attempt(stage, maker.make, op_id, 1, maker.request(stage, 0));
    require(made.ok(), "snapshot_create: " + made.said);
    return require_ok(parse_snapshot(made.text), "snapshot_create");
}

bool lists(Stage& stage, const std::string& vm, const std::string& snapshot) {
    const auto all = list_all(stage, snapshots_of(vm));
    return std::any_of(all.begin(), all.end(), [&](const Thing& thing) { return thing.id == snapshot; });
}

void of_its_vm(Stage& stage) {
    const std::string vm = make_vm(stage, "of-1").vm, other = make_vm(stage, "of-2").vm;
    const Maker maker = snapshots_of(vm);
    const SnapshotSpec spec = require_ok(parse_snapshot_spec(maker.request(stage, 0)), "the check's request");
    const Snapshot made = make(stage, vm, "of-3");
    require(made.vm == vm, "snapshot_create: the snapshot is of " + made.vm + ", not of " + vm);
    require(made.name == spec.name && made.tags == spec.tags,
            "snapshot_create: the snapshot's name or tags are not those of its spec");
    require(!made.memory, "snapshot_create: a snapshot of a stopped VM has its memory");
    require(lists(stage, vm, made.snapshot), "snapshot_list does not list what snapshot_create made");
    require(!lists(stage, other, made.snapshot), "snapshot_list lists a snapshot of another VM");
    const Attempt foreign = attempt(stage, revert_of(other), "of-4", 1, made.snapshot);
    require(foreign.status == BH_E_NOT_FOUND,
            "snapshot_revert to a snapshot of another VM answers " + foreign.said + "; it must be BH_E_NOT_FOUND");
    attempt(stage, snapshots_of(other).remove, "of-5", 1, made.snapshot);  // whatever it answers
    require(lists(stage, vm, made.snapshot), "snapshot_delete deletes a snapshot of another VM");
}

void destroyed(Stage& stage) {
    const std::string vm = make_vm(stage, "destroyed-1").vm;
    const Snapshot made = make(stage, vm, "destroyed-2");
    make(stage, vm, "destroyed-5");
    destroy_vm(stage, vm, "destroyed-3");
    require(!made_by(stage, *hypervisor_kind().maker, "destroyed-1"), "vm_destroy of a VM with snapshots leaves it");
    const Attempt deleted = attempt(stage, snapshots_of(vm).remove, "destroyed-4", 1, made.snapshot);
    require(deleted.ok(), "snapshot_delete after vm_destroy: " + deleted.said);
    const std::string again = make_vm(stage, "destroyed-1").vm;
    require(list_all(stage, snapshots_of(again)).empty(), "vm_destroy leaves the VM's snapshots behind");
}

void revert(Stage& stage) {
    const Vm made = make_vm(stage, "revert-1");
    const Snapshot snapshot = make(stage, made.vm, "revert-2");
    const Attempt reverted = attempt(stage, revert_of(made.vm), "revert-3", 1, snapshot.snapshot);
    require(reverted.ok(), "snapshot_revert: " + reverted.said);
    require_same_vm(made, look_at_vm(stage, made.vm), "snapshot_revert");
    require(lists(stage, made.vm, snapshot.snapshot), "snapshot_revert takes the snapshot along");
    must_power(stage, made.vm, BH_POWER_START, "revert-4");
    const Vm before = look_at_vm(stage, made.vm);
    const Attempt again = attempt(stage, revert_of(made.vm), "revert-3", 2, snapshot.snapshot);
    require(again.ok() || again.status == BH_E_UNKNOWN_OUTCOME, "snapshot_revert of the same op_id: " + again.said);
    const Vm now = look_at_vm(stage, made.vm);
    require(now.state == before.state && now.started_at == before.started_at,
            "snapshot_revert of the same op_id reverts again: the VM is " + now.state);
}

void revert_killed(Stage& stage) {
    const Vm made = make_vm(stage, "kill-0");
    const std::string snapshot = make(stage, made.vm, "kill-snapshot").snapshot;
    for (int at = 1;; ++at) {
        const std::string op_id = "kill-" + std::to_string(at);
        const Attempt killed = attempt(stage, revert_of(made.vm), op_id, 1, snapshot, {at, -1, BH_CANCEL_NONE});
        const std::string where = "snapshot_revert, " + killed.said + " (point " + std::to_string(at) + ")";
        if (!killed.died) {
            require(killed.ok(), "snapshot_revert: " + killed.said);
            return;
        }
        const Attempt resumed = attempt(stage, revert_of(made.vm), op_id, 2, snapshot);
        require(resumed.ok() || resumed.status == BH_E_UNKNOWN_OUTCOME,
                where + " and asked again answers " + resumed.said);
        require_same_vm(made, look_at_vm(stage, made.vm), where + ", asked again,");
        require(lists(stage, made.vm, snapshot), where + ", asked again, took the snapshot along");
    }
}

}  // namespace

std::vector<Test> snapshot_tests() {
    return {
        {"snapshot.vm", "A snapshot is as its spec says, and its own VM's: no other lists, reverts to or deletes it.",
         BH_HYPERVISOR_SNAPSHOT, anywhere(), of_its_vm},
        {"snapshot.destroyed", "vm_destroy takes the snapshots of its VM along; to delete one then is BH_OK.",
         BH_HYPERVISOR_SNAPSHOT, anywhere(), destroyed},
        {"snapshot.revert", "The VM stays the same VM and keeps its snapshots; one op_id reverts once.",
         BH_HYPERVISOR_SNAPSHOT, anywhere(), revert},
        {"snapshot.kill",
         "A revert killed with SIGKILL around every save(), progress() and effect ends, or says that it is unknown.",
         BH_HYPERVISOR_SNAPSHOT, anywhere(), revert_killed},
    };
}

}  // namespace bh::check
