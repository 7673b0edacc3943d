// A hypervisor whose VMs are rows in a file, with a guest helper that answers at once. It obeys the job rules of
// PLUGIN-ABI: looks for op_id before it creates, one VM per op_id, a reset at most once.
#include "plugin-api/sdk/cpp/plugin.hpp"
#include "tests/plugins/mem-hypervisor/state.hpp"

namespace bh::mem {
namespace {

class MemHypervisor {
public:
    static constexpr std::string_view kId = "org.blockhost.mem-hypervisor";
    static constexpr std::string_view kVersion = "0.1.0";

    static Result<std::unique_ptr<MemHypervisor>> create(const sdk::Kernel& kernel, std::string_view config) {
        Result<FileConfig> parsed = read_document<FileConfig>(config);
        if (!parsed) return parsed.failure();
        return std::make_unique<MemHypervisor>(kernel.instance(), parsed->state_file);
    }
    MemHypervisor(std::string instance, std::string file) : instance_{std::move(instance)}, backend_{std::move(file)} {}

    Result<HypervisorDescription> describe() {
        return backend_.verb("describe", nullptr, [](HypervisorState& state) -> Result<HypervisorDescription> {
            return HypervisorDescription{{"file"}, "kernel", "", {"guest", "console"}, state.max_vms};
        });
    }
    Result<std::string> health() {
        return backend_.verb("health", nullptr,
                             [](HypervisorState&) -> Result<std::string> { return std::string{"ready"}; });
    }

    Result<Vm> vm_create(const sdk::Call& call, const VmSpec& spec) {
        const std::string id = "vm-" + call.op_id();
        const Status saved = call.save(id);
        if (!saved) return saved.failure();
        const std::string text = to_json(spec);
        return backend_.verb("vm_create", &call, [&](HypervisorState& state) -> Result<Vm> {
            if (const Machine* known = find_machine(state, id)) {
                if (known->spec == text) return known->vm;
                return Failure{BH_E_CONFLICT, "other_spec", "this op_id has a VM of another specification"};
            }
            if (state.max_vms != 0 && state.machines.size() >= state.max_vms)
                return Failure{BH_E_EXHAUSTED, "vm_limit", "the hypervisor has no room for another VM"};
            Machine made;
            made.spec = text;
            made.vm = describe_new(id, call.op_id(), spec);
            // The base64 of an Ed25519 key has 43 digits behind these; an op_id has 40.
            made.guest.host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + call.op_id() + "AAA";
            made.guest.silent_for = state.guest_silent_for;
            state.machines.push_back(made);
            return made.vm;
        });
    }
    Status vm_destroy(const sdk::Call& call, const std::string& vm) {
        return backend_.verb("vm_destroy", &call, [&](HypervisorState& state) -> Status {
            std::erase_if(state.machines, [&](const Machine& machine) { return machine.vm.vm == vm; });
            return {};
        });
    }
    Status vm_power(const sdk::Call& call, const std::string& vm, std::uint32_t action) {
        if (action == BH_POWER_RESET) return reset(call, vm);
        return backend_.verb("vm_power", &call, [&](HypervisorState& state) -> Status {
            Machine* machine = find_machine(state, vm);
            if (machine == nullptr) return gone(vm);
            switch (action) {
                case BH_POWER_START:
                    start_machine(*machine);
                    return {};
                case BH_POWER_OFF:
                    stop_machine(*machine, "host");
                    return {};
                case BH_POWER_SHUTDOWN:
                    return shut_down(*machine, state.shutdown_takes);
                default:
                    return Failure{BH_E_UNSUPPORTED, "power_action", "the power action is not known"};
            }
        });
    }
    Result<Vm> vm_get(const std::string& vm) {
        return backend_.verb("vm_get", nullptr, [&](HypervisorState& state) -> Result<Vm> {
            const Machine* machine = find_machine(state, vm);
            if (machine == nullptr) return gone(vm);
            return machine->vm;
        });
    }
    Result<VmPage> vm_list(std::string_view page) {
        return backend_.verb("vm_list", nullptr, [&](HypervisorState& state) -> Result<VmPage> {
            std::vector<Vm> all;
            for (const Machine& machine : state.machines) all.push_back(machine.vm);
            auto some = page_of(all, page);
            if (!some) return some.failure();
            return VmPage{std::move(some->first), std::move(some->second)};
        });
    }
    Result<bh_vm_stats> vm_stats(const std::string& vm) {
        return backend_.verb("vm_stats", nullptr, [&](HypervisorState& state) -> Result<bh_vm_stats> {
            const Machine* machine = find_machine(state, vm);
            if (machine == nullptr) return gone(vm);
            bh_vm_stats stats{sizeof(bh_vm_stats), BH_VM_STOPPED, -1, -1, -1, -1, -1, -1, -1};
            if (machine->vm.state == "running") stats.state = BH_VM_RUNNING;
            return stats;
        });
    }
    Result<Bytes> guest_exchange(const sdk::Call& call, const std::string& vm, const Bytes& request) {
        using Answer = std::optional<std::string>;
        // A silence is a success here: that it was counted must be kept.
        const auto answer = backend_.verb("guest_exchange", &call, [&](HypervisorState& state) -> Result<Answer> {
            Machine* machine = find_machine(state, vm);
            if (machine == nullptr) return gone(vm);
            if (machine->vm.state != "running") return Answer{};
            return guest_answer(*machine, {reinterpret_cast<const char*>(request.data()), request.size()});
        });
        if (!answer) return answer.failure();
        if (!*answer) return Failure{BH_E_UNAVAILABLE, "guest_silent", "no helper answers in the VM yet", 20};
        return Bytes((*answer)->begin(), (*answer)->end());
    }
    Result<Console> console_open(const sdk::Call& call, const std::string& vm, std::uint32_t) {
        return backend_.verb("console_open", &call, [&](HypervisorState& state) -> Result<Console> {
            if (find_machine(state, vm) == nullptr) return gone(vm);
            return Console{"/mem/console/" + vm + ".sock", "", "text", {}};
        });
    }

private:
    static Failure gone(const std::string& vm) { return {BH_E_NOT_FOUND, "no_vm", "there is no VM " + vm}; }

    Vm describe_new(const std::string& id, const std::string& op_id, const VmSpec& spec) const {
        Vm vm;
        vm.vm = id;
        vm.created_by = op_id;
        vm.instance = instance_;
        vm.name = spec.name;
        vm.state = "stopped";
        for (const Volume& volume : spec.volumes) vm.volumes.push_back(volume.volume);
        vm.tap = spec.network.tap;
        vm.mac = spec.network.mac;
        vm.address = spec.network.address;
        vm.tags = spec.tags;
        return vm;
    }
    static Status shut_down(Machine& machine, std::uint32_t takes) {
        if (machine.vm.state == "stopped") return {};
        if (++machine.shutdowns < takes) return sdk::pending(20, "the guest shuts down");
        stop_machine(machine, "host");
        return {};
    }
    // At most once per op_id: what was announced and is not on record may have happened.
    Status reset(const sdk::Call& call, const std::string& vm) {
        const bool announced = !call.checkpoint().empty();
        const Status saved = call.save("reset");
        if (!saved) return saved;
        return backend_.verb("vm_power", &call, [&](HypervisorState& state) -> Status {
            Machine* machine = find_machine(state, vm);
            if (machine == nullptr) return gone(vm);
            for (const std::string& done : machine->resets)
                if (done == call.op_id()) return {};
            if (announced)
                return Failure{BH_E_UNKNOWN_OUTCOME, "reset_twice", "the reset may have happened; it is not repeated"};
            machine->resets.push_back(call.op_id());
            stop_machine(*machine, "host");
            start_machine(*machine);
            return {};
        });
    }

    std::string instance_;
    HypervisorBackend backend_;
};

}  // namespace
}  // namespace bh::mem

BH_PLUGIN(bh::mem::MemHypervisor)
