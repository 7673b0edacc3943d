// A hypervisor in C++ with the SDK. Its machines are rows in the store that the kernel keeps for each instance, so they
// outlive the process as real ones would; nothing boots, and guest.hpp answers for what would. README.md walks through
// it.
#include "plugin-api/sdk/cpp/plugin.hpp"
#include "rows.hpp"

#include <mutex>

namespace {

using namespace bh;
using rows::Kept;
using rows::Machine;

struct Config {
    std::uint32_t max_vms = 100;
};
template <class F>
void fields(F& f, bh::Is<Config> auto& x) {
    f.optional("max_vms", x.max_vms, "How many there may be at once.");
}

constexpr std::size_t kMaxIdSize = 64;

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
        return HypervisorDescription{
            {"file"}, "kernel", "", {"guest", "reinstall", "resize", "snapshot"}, config_.max_vms};
    }

    Result<std::string> health() {
        const auto all = keys("vm/");
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
        const auto all = keys("vm/");
        if (!all) return all.failure();
        if (all->size() >= config_.max_vms)
            return Failure{BH_E_EXHAUSTED, "max_vms", "there are as many VMs as max_vms of the configuration allows"};
        Machine made;
        made.vm = describe_new(call.op_id(), spec);
        made.spec = text;
        rows::reinstall(made, spec);
        if (const Status kept = keep(made); !kept) return kept.failure();
        kernel_.log().info("made the VM " + made.vm.name);
        return made.vm;
    }

    Status vm_destroy(const sdk::Call&, const std::string& vm) {
        const std::scoped_lock lock{mutex_};
        const auto known = find(vm);
        if (!known) return known.failure().code == BH_E_NOT_FOUND ? Status{} : Status{known.failure()};
        // Its snapshots first: who dies in between still finds the VM, and begins again.
        const auto all = keys("snapshot/");
        if (!all) return all.failure();
        for (const std::string& key : *all) {
            const auto kept = find_kept(key.substr(9));
            if (!kept && kept.failure().code != BH_E_NOT_FOUND) return kept.failure();
            if (!kept || kept->snapshot.vm != vm) continue;
            if (const Status removed = kernel_.store().remove(key); !removed) return removed;
        }
        return kernel_.store().remove("vm/" + vm);
    }

    Status vm_power(const sdk::Call& call, const std::string& vm, std::uint32_t action) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        switch (action) {
            case BH_POWER_START:
                rows::start(*machine);
                break;
            case BH_POWER_SHUTDOWN:
            case BH_POWER_OFF:
                rows::stop(*machine);
                break;
            case BH_POWER_RESET:
                // At most once for an op_id. Here the effect and the note of it are one write; where they are two,
                // save() comes first, and an attempt that finds the save and no effect is BH_E_UNKNOWN_OUTCOME.
                if (!first_time(*machine, call.op_id())) return {};
                rows::stop(*machine);
                rows::start(*machine);
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
        if (rows::running(*machine)) {
            stats.state = BH_VM_RUNNING;
            stats.uptime_s = rows::uptime_of(machine->vm);
        }
        return stats;
    }

    // The extension bh.hypervisor.guest/1: a class that has this verb offers it.
    Result<Bytes> guest_exchange(const sdk::Call&, const std::string& vm, const Bytes& request) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        if (!rows::running(*machine))
            return Failure{BH_E_UNAVAILABLE, "guest_silent", "the VM is off: nobody answers in it", 1000};
        const std::uint64_t before = machine->guest.sequence;
        const std::string said = helper::answer(machine->guest, machine->vm, rows::uptime_of(machine->vm), request);
        if (machine->guest.sequence != before)
            if (const Status kept = keep(*machine); !kept) return kept.failure();
        return Bytes{said.begin(), said.end()};
    }

    // The extension bh.hypervisor.resize/1.
    Result<Vm> vm_resize(const sdk::Call& call, const std::string& vm, const VmSize& size) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        if (size.cpus == 0 || size.memory_bytes == 0)
            return invalid("size", "/cpus, /memory_bytes: a VM has at least one CPU and some memory");
        for (const Volume& volume : size.volumes) {
            const auto& own = machine->vm.volumes;
            if (std::find(own.begin(), own.end(), volume.volume) == own.end())
                return invalid("volume", "/volumes: " + volume.volume + " is no volume of this VM");
        }
        if (const auto stop = call.stop()) return *stop;
        rows::resize(*machine, size);
        if (const Status kept = keep(*machine); !kept) return kept.failure();
        return machine->vm;
    }

    // The extension bh.hypervisor.reinstall/1. The effect and the note of it are one write here, too.
    Result<Vm> vm_reinstall(const sdk::Call& call, const std::string& vm, const VmSpec& spec) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        const std::string text = to_json(spec);
        for (const rows::Reinstall& done : machine->reinstalls) {
            if (done.op_id != call.op_id()) continue;
            if (done.spec == text) return machine->vm;
            return Failure{BH_E_CONFLICT, "other_spec", "this op_id has reinstalled the VM by another specification"};
        }
        if (spec.network.mac != machine->vm.mac || spec.network.address != machine->vm.address)
            return invalid("network", "/network: a VM that is reinstalled keeps its MAC and its address");
        if (const auto stop = call.stop()) return *stop;
        machine->reinstalls.push_back({call.op_id(), text});
        rows::stop(*machine);
        rows::reinstall(*machine, spec);
        if (const Status kept = keep(*machine); !kept) return kept.failure();
        return machine->vm;
    }

    // The extension bh.hypervisor.snapshot/1. As with a VM, the op_id that made a snapshot is its id.
    Result<Snapshot> snapshot_create(const sdk::Call& call, const std::string& vm, const SnapshotSpec& spec) {
        const std::scoped_lock lock{mutex_};
        const auto machine = find(vm);
        if (!machine) return machine.failure();
        const std::string text = to_json(spec);
        const auto known = find_kept(call.op_id());
        if (known) {
            if (known->spec == text && known->snapshot.vm == vm) return known->snapshot;
            return Failure{BH_E_CONFLICT, "other_spec", "this op_id has a snapshot of another specification"};
        }
        if (known.failure().code != BH_E_NOT_FOUND) return known.failure();
        if (const auto stop = call.stop()) return *stop;
        Kept made;
        made.snapshot.snapshot = made.snapshot.created_by = call.op_id();
        made.snapshot.instance = kernel_.instance();
        made.snapshot.vm = vm;
        made.snapshot.name = spec.name;
        made.snapshot.memory = spec.memory && rows::running(*machine);
        made.snapshot.created_at = rows::now();
        made.snapshot.tags = spec.tags;
        made.spec = text;
        made.machine = *machine;
        if (const Status kept = put("snapshot/" + call.op_id(), made); !kept) return kept.failure();
        return made.snapshot;
    }
    Status snapshot_revert(const sdk::Call& call, const std::string& vm, const std::string& snapshot) {
        const std::scoped_lock lock{mutex_};
        auto machine = find(vm);
        if (!machine) return machine.failure();
        if (!first_time(*machine, call.op_id())) return {};
        const auto kept = find_kept(snapshot);
        if (!kept) return kept.failure();
        if (kept->snapshot.vm != vm) return Failure{BH_E_NOT_FOUND, "no_snapshot", "the snapshot is of another VM"};
        if (const auto stop = call.stop()) return *stop;
        rows::revert(*machine, *kept);
        return keep(*machine);
    }
    Status snapshot_delete(const sdk::Call&, const std::string& vm, const std::string& snapshot) {
        const std::scoped_lock lock{mutex_};
        const auto kept = find_kept(snapshot);
        if (!kept) return kept.failure().code == BH_E_NOT_FOUND ? Status{} : Status{kept.failure()};
        if (kept->snapshot.vm != vm) return {};  // this VM has none of that id
        return kernel_.store().remove("snapshot/" + snapshot);
    }
    // The store's page is of all VMs: a page may have no snapshot of this one, and another page behind it.
    Result<SnapshotPage> snapshot_list(const std::string& vm, std::string_view page) {
        if (const auto machine = find(vm); !machine) return machine.failure();
        const auto keys = kernel_.store().list("snapshot/", page);
        if (!keys) return keys.failure();
        SnapshotPage out{{}, keys->next};
        for (const std::string& key : keys->keys) {
            auto kept = find_kept(key.substr(9));
            if (!kept && kept.failure().code == BH_E_NOT_FOUND) continue;  // deleted a moment ago
            if (!kept) return kept.failure();
            if (kept->snapshot.vm == vm) out.snapshots.push_back(std::move(kept->snapshot));
        }
        return out;
    }

private:
    // Whether this op_id has not done yet what happens at most once; it has now, in what is kept next.
    static bool first_time(Machine& machine, const std::string& op_id) {
        if (std::find(machine.once.begin(), machine.once.end(), op_id) != machine.once.end()) return false;
        machine.once.push_back(op_id);
        return true;
    }

    // created_by, instance and tags let the kernel recognise what is its own, also after its disk was lost.
    Vm describe_new(const std::string& op_id, const VmSpec& spec) const {
        Vm vm;
        vm.vm = vm.created_by = op_id;
        vm.instance = kernel_.instance();
        vm.state = "stopped";
        vm.tap = spec.network.tap;
        vm.mac = spec.network.mac;
        vm.address = spec.network.address;
        return vm;
    }

    Result<Machine> find(const std::string& vm) const {
        return row<Machine>("vm/", vm, {BH_E_NOT_FOUND, "no_vm", "there is no VM of that id"});
    }
    Result<Kept> find_kept(const std::string& snapshot) const {
        return row<Kept>("snapshot/", snapshot, {BH_E_NOT_FOUND, "no_snapshot", "there is no snapshot of that id"});
    }
    template <class Row>
    Result<Row> row(const std::string& folder, const std::string& id, const Failure& none) const {
        // The id is part of a key, so only what an op_id can be is asked for.
        if (id.empty() || id.size() > kMaxIdSize ||
            id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
            return none;
        const auto bytes = kernel_.store().get(folder + id);
        if (!bytes) return bytes.failure().code == BH_E_NOT_FOUND ? none : bytes.failure();
        auto found = read_document<Row>({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
        if (!found) return Failure{BH_E_CORRUPT, "row", "the row " + folder + id + " in the store is damaged"};
        return found;
    }
    Status keep(const Machine& machine) const { return put("vm/" + machine.vm.vm, machine); }
    template <class Row>
    Status put(const std::string& key, const Row& row) const {
        const std::string text = write_document(row);
        return kernel_.store().put(key, Bytes{text.begin(), text.end()});
    }
    Result<std::vector<std::string>> keys(const std::string& folder) const {
        std::vector<std::string> all;
        std::string next;
        do {
            const auto page = kernel_.store().list(folder, next);
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
