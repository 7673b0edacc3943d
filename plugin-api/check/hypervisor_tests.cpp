// What a hypervisor owes besides the job rules.
#include "plugin-api/check/vms.hpp"

namespace bh::check {
namespace {

using nlohmann::json;

const bh_hypervisor& table(const Session& s) { return s.table<bh_hypervisor>(BH_HYPERVISOR); }

void stopped(Stage& stage) {
    const VmSpec spec = vm_spec(stage);
    const Vm made = make_vm(stage, "stopped-1"), seen = look_at_vm(stage, made.vm);
    require(seen.created_by == "stopped-1" && seen.instance == "check", "vm_get: created_by is " + seen.created_by +
                                                                            " and the instance " + seen.instance +
                                                                            "; vm_create was told stopped-1 and check");
    require(made.state == "stopped" && seen.state == "stopped",
            "vm_create leaves the VM " + seen.state + "; it must be stopped, the kernel starts it");
    for (const Vm& vm : {made, seen}) {
        require(vm.name == spec.name, "the VM's name is " + vm.name + ", its spec says " + spec.name);
        require(vm.mac == spec.network.mac && vm.address == spec.network.address && vm.tap == spec.network.tap,
                "the VM's network is not that of its spec");
        require(vm.tags == spec.tags, "the VM's tags are not those of its spec");
        require(vm.volumes.size() == spec.volumes.size() && vm.volumes[0] == spec.volumes[0].volume,
                "the VM's volumes are not those of its spec");
    }
}

void power_states(Stage& stage) {
    const std::string vm = make_vm(stage, "power-1").vm;
    struct Step {
        const char* name;
        std::uint32_t action;
        const char* state;
    };
    int number = 0;
    // Each step in a process of its own: a VM outlives the plugin that started it.
    for (const Step& step :
         {Step{"OFF of a stopped VM", BH_POWER_OFF, "stopped"}, Step{"START", BH_POWER_START, "running"},
          Step{"START of a running VM", BH_POWER_START, "running"}, Step{"RESET", BH_POWER_RESET, "running"},
          Step{"SHUTDOWN", BH_POWER_SHUTDOWN, "stopped"},
          Step{"SHUTDOWN of a stopped VM", BH_POWER_SHUTDOWN, "stopped"},
          Step{"START again", BH_POWER_START, "running"}, Step{"OFF", BH_POWER_OFF, "stopped"},
          Step{"the last START", BH_POWER_START, "running"}}) {
        const Attempt done = power(stage, vm, step.action, "power-" + std::to_string(10 + number++));
        require(done.ok(), std::string{"vm_power "} + step.name + ": " + done.said);
        const std::string state = look_at_vm(stage, vm).state;
        require(state == step.state,
                std::string{"after vm_power "} + step.name + " the VM is " + state + ", not " + step.state);
    }
    const Maker maker = *hypervisor_kind().maker;
    const Attempt destroyed = attempt(stage, maker.remove, "power-destroy", 1, vm);
    require(destroyed.ok(), "vm_destroy of a running VM: " + destroyed.said);
    require(!made_by(stage, maker, "power-1"), "vm_destroy of a running VM leaves it in the list");
}

void unknown_action(Stage& stage) {
    const std::string vm = make_vm(stage, "action-1").vm;
    const Attempt done = power(stage, vm, 999, "action-2");
    require(done.status == BH_E_UNSUPPORTED || done.status == BH_E_INVALID,
            "vm_power with an action that there is not answers " + done.said);
    require(look_at_vm(stage, vm).state == "stopped", "vm_power with an action that there is not changes the VM");
}

void stats(Stage& stage) {
    const std::string vm = make_vm(stage, "stats-1").vm;
    stage.apart([&]() -> json {
        struct Room {
            bh_vm_stats known;
            std::uint8_t more[64];
        };
        const Session session{stage};
        for (const std::size_t size : {sizeof(Room), sizeof(bh_vm_stats), offsetof(bh_vm_stats, memory_used_bytes)}) {
            Room room{};
            std::memset(&room, 0x5a, sizeof room);
            room.known.struct_size = static_cast<std::uint32_t>(size);
            const Answer answer = session.ask("vm_stats", [&](bh_sink, bh_error* e) {
                return table(session).vm_stats(session.self, sdk::str(vm), &room.known, e);
            });
            require(answer.status == BH_OK, "vm_stats: " + answer.said());
            require(room.known.struct_size <= size, "vm_stats says that it filled more than the kernel's struct has");
            require(room.known.state <= BH_VM_PAUSED, "vm_stats: the state is none of the headers'");
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(&room);
            const std::size_t filled = std::min(size, sizeof(bh_vm_stats));
            for (std::size_t i = filled; i < sizeof room; ++i)
                require(bytes[i] == 0x5a, "vm_stats writes beyond the struct_size that the kernel gave");
        }
        return {};
    });
}

}  // namespace

std::vector<Test> hypervisor_tests() {
    return {
        {"hypervisor.stopped", "vm_create leaves the VM stopped, and tells of it as its spec says.", BH_HYPERVISOR,
         anywhere(), stopped},
        {"hypervisor.power",
         "START, RESET, SHUTDOWN and OFF end in their states, twice too; a VM outlives its plugin's "
         "process.",
         BH_HYPERVISOR, anywhere(), power_states},
        {"hypervisor.unknown_action", "A power action that there is not is refused.", BH_HYPERVISOR, anywhere(),
         unknown_action},
        {"hypervisor.stats", "vm_stats fills the struct of an older and a newer kernel as far as it goes.",
         BH_HYPERVISOR, anywhere(), stats},
    };
}

}  // namespace bh::check
