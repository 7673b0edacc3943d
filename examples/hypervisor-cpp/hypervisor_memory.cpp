// A hypervisor in C++ with the SDK. Its machines are rows in the store that the kernel keeps for each instance, so they
// outlive the process as real ones would; nothing boots, and guest.hpp answers for what would. README.md walks through
// it.
#include "guest.hpp"
#include "plugin-api/documents/fields/hypervisor.hpp"
#include "plugin-api/sdk/cpp/plugin.hpp"

#include <chrono>
#include <mutex>

namespace {

using namespace bh;

struct Config {
    std::uint32_t max_vms = 100;
};
template <class F>
void fields(F& f, bh::Is<Config> auto& x) {
    f.optional("max_vms", x.max_vms, "How many there may be at once.");
}

// What the store keeps of a machine, under "vm/OP_ID".
struct Machine {
    Vm vm;
    std::string spec;                 // as it came: another one under the same op_id is a conflict
    std::vector<std::string> resets;  // op_ids of resets that happened
    helper::Guest guest;
};
template <class F>
void fields(F& f, bh::Is<Machine> auto& x) {
    f.required("vm", x.vm, "");
    f.required("spec", x.spec, "");
    f.optional("resets", x.resets, "");
    f.required("guest", x.guest, "");
}

constexpr std::size_t kMaxIdSize = 64;

UnixTime now() {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::seconds>(since_1970).count()};
}

class HypervisorMemory {
public:
    static constexpr std::string_view kId = "org.example.hypervisor-memory";
    static constexpr std::string_view kVersion = "1.0.0";

    static Result<std::unique_ptr<HypervisorMemory>> create(const sdk::Kernel& kernel, std::string_view text) {
        const auto config = read_document<Config>(text);
        if (!config) return config.failure();
        return std::make_unique<HypervisorMemory>(kernel, *config);
    }
    HypervisorMemory(const sdk::Kernel& kernel, const Config& config) : kernel_{kernel}, config_{config} {}

    Result<HypervisorDescription> describe() {
        return HypervisorDescription{{"file"}, "kernel", "", {"guest"}, config_.max_vms};
    }

    Result<std::string> health() {
        const auto all = machines();
        if (!all) return all.failure();
        return std::to_string(all->size()) + " VMs";
    }

    // The id of a VM is the op_id that made it, so a second attempt finds what a first one made: there is nothing else
    // to remember, and nothing to save() before the one effect that this verb has.
    Result<Vm> vm_create(const sdk::Call& call, const VmSpec& spec) {
        const std::scoped_lock lock{mutex_};
        const std::string text = to_json(spec);
        const auto known = find(call.op_id());
        if (known) {
            if (known->spec == text) return known->vm;
            return Failure{BH_E_CONFLICT, "other_spec", "this op_id has a VM of another specification"};
        }
        if (known.failure().code != BH_E_NOT_FOUND) return known.failure();
        if (const auto stop = call.stop()) return *stop;
        const auto all = machines();
        if (!all) return all.failure();
        if (all->size() >= config_.max_vms)
            return Failure{BH_E_EXHAUSTED, "max_vms", "there are as many VMs as max_vms of the configuration allows"};
        const Machine made{describe_new(call.op_id(), spec), text, {}, {helper::new_host_key(), "", 0}};
        if (const Status kept = keep(made); !kept) return kept.failure();
        kernel_.log().info("made the VM " + made.vm.name);
        return made.vm;
    }

    Status vm_destroy(const sdk::Call&, const std::string& vm) {
        const std::scoped_lock lock{mutex_};
        const auto known = find(vm);
        if (!known) return known.failure().code == BH_E_NOT_FOUND ? Status{} : Status{known.failure()};
        return kernel_.store().remove("vm/" + vm);
    }

    Status vm_power(const sdk::Call& call, const std::string& vm, std::uint32_t action) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        switch (action) {
            case BH_POWER_START:
                start(*machine);
                break;
            case BH_POWER_SHUTDOWN:
            case BH_POWER_OFF:
                stop(machine->vm);
                break;
            case BH_POWER_RESET:
                // At most once for an op_id. Here the effect and the note of it are one write; where they are two,
                // save() comes first, and an attempt that finds the save and no effect is BH_E_UNKNOWN_OUTCOME.
                if (std::find(machine->resets.begin(), machine->resets.end(), call.op_id()) != machine->resets.end())
                    return {};
                machine->resets.push_back(call.op_id());
                stop(machine->vm);
                start(*machine);
                break;
            default:
                return Failure{BH_E_UNSUPPORTED, "power_action", "this power action is not known here"};
        }
        return keep(*machine);
    }

    Result<Vm> vm_get(const std::string& vm) {
        const auto machine = find(vm);
        if (!machine) return machine.failure();
        return machine->vm;
    }

    // Keys come in byte order, a page at a time: the store's page is ours.
    Result<VmPage> vm_list(std::string_view page) {
        const auto keys = kernel_.store().list("vm/", page);
        if (!keys) return keys.failure();
        VmPage out{{}, keys->next};
        for (const std::string& key : keys->keys) {
            auto machine = find(key.substr(3));
            if (!machine && machine.failure().code == BH_E_NOT_FOUND) continue;  // destroyed a moment ago
            if (!machine) return machine.failure();
            out.vms.push_back(std::move(machine->vm));
        }
        return out;
    }

    Result<bh_vm_stats> vm_stats(const std::string& vm) {
        const auto machine = find(vm);
        if (!machine) return machine.failure();
        bh_vm_stats stats{sizeof(bh_vm_stats), BH_VM_STOPPED, -1, -1, -1, -1, -1, -1, -1};
        if (machine->vm.state == "running") {
            stats.state = BH_VM_RUNNING;
            stats.uptime_s = uptime_of(machine->vm);
        }
        return stats;
    }

    // The extension bh.hypervisor.guest/1: a class that has this verb offers it.
    Result<Bytes> guest_exchange(const sdk::Call&, const std::string& vm, const Bytes& request) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        if (machine->vm.state != "running")
            return Failure{BH_E_UNAVAILABLE, "guest_silent", "the VM is off: nobody answers in it", 1000};
        const std::uint64_t before = machine->guest.sequence;
        const std::string said = helper::answer(machine->guest, machine->vm, uptime_of(machine->vm), request);
        if (machine->guest.sequence != before)
            if (const Status kept = keep(*machine); !kept) return kept.failure();
        return Bytes{said.begin(), said.end()};
    }

private:
    // A clock that is set back does not make it negative.
    static std::int64_t uptime_of(const Vm& vm) {
        return std::max<std::int64_t>(now().seconds - vm.started_at.seconds, 0);
    }
    static void start(Machine& machine) {
        if (machine.vm.state == "running") return;
        machine.vm.state = "running";
        machine.vm.started_at = now();
        machine.vm.stopped_by.clear();
        machine.guest.boot_id = helper::new_boot_id();
    }
    static void stop(Vm& vm) {
        if (vm.state == "stopped") return;
        vm.state = "stopped";
        vm.started_at = {};
        vm.stopped_by = "host";
    }

    // created_by, instance and tags let the kernel recognise what is its own, also after its disk was lost.
    Vm describe_new(const std::string& op_id, const VmSpec& spec) const {
        Vm vm;
        vm.vm = vm.created_by = op_id;
        vm.instance = kernel_.instance();
        vm.name = spec.name;
        vm.state = "stopped";
        for (const Volume& volume : spec.volumes) vm.volumes.push_back(volume.volume);
        vm.tap = spec.network.tap;
        vm.mac = spec.network.mac;
        vm.address = spec.network.address;
        vm.tags = spec.tags;
        return vm;
    }

    Result<Machine> find(const std::string& vm) const {
        const Failure none{BH_E_NOT_FOUND, "no_vm", "there is no VM of that id"};
        // The id is part of a key, so only what an op_id can be is asked for.
        if (vm.empty() || vm.size() > kMaxIdSize ||
            vm.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
            return none;
        const auto bytes = kernel_.store().get("vm/" + vm);
        if (!bytes) return bytes.failure().code == BH_E_NOT_FOUND ? none : bytes.failure();
        auto machine = read_document<Machine>({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
        if (!machine) return Failure{BH_E_CORRUPT, "row", "the row of the VM " + vm + " in the store is damaged"};
        return machine;
    }
    Status keep(const Machine& machine) const {
        const std::string text = write_document(machine);
        return kernel_.store().put("vm/" + machine.vm.vm, Bytes{text.begin(), text.end()});
    }
    Result<std::vector<std::string>> machines() const {
        std::vector<std::string> all;
        std::string next;
        do {
            const auto page = kernel_.store().list("vm/", next);
            if (!page) return page.failure();
            all.insert(all.end(), page->keys.begin(), page->keys.end());
            next = page->next;
        } while (!next.empty());
        return all;
    }

    sdk::Kernel kernel_;
    Config config_;
    std::mutex mutex_;  // a VM is looked for and changed by one verb at a time
};

}  // namespace

BH_PLUGIN(HypervisorMemory)
