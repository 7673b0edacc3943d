#include "kernel/lifecycle/testing/parts.hpp"

namespace bh::life::testing {
namespace {

constexpr const char* kHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2fG0nKqgA2m2rY4v1zKQ0t0VvH0m1xk0m3b5v6x7A";

std::uint64_t hash_of(const std::string& text) { return std::hash<std::string>{}(text); }

class WorldHypervisor final : public HypervisorPort {
public:
    explicit WorldHypervisor(World& w) : w_{w} {}
    Status check() override {
        BH_FAULT("hv_check");
        return {};
    }
    Result<HypervisorDescription> describe() override {
        BH_FAULT("hv_describe");
        HypervisorDescription d;
        d.max_vms = w_.max_vms;
        return d;
    }
    Result<Vm> vm_create(const Call& call, const VmSpec& spec) override {
        BH_FAULT("vm_create");
        VmObject* made = by_op(call.op_id);
        const std::uint64_t hash = hash_of(to_json(spec));
        if (made != nullptr && made->spec != hash)
            return Failure{BH_E_CONFLICT, "other_spec", "same op_id, other spec", 0};
        if (made == nullptr) {
            const std::string key = "vm-" + call.op_id;
            if (auto saved = call.save(Bytes(key.begin(), key.end())); !saved) return saved.failure();
            for (VmObject& vm : w_.vms) {
                if (vm.exists && vm.subject == spec.tags.subject && vm.epoch == spec.tags.epoch)
                    violated(w_, "two VMs of one purchase");
                if (vm.exists && vm.address == spec.network.address) violated(w_, "two VMs with one address");
            }
            for (VmObject& vm : w_.vms) {
                if (!vm.exists) {
                    made = &vm;
                    break;
                }
            }
            if (made == nullptr) return Failure{BH_E_EXHAUSTED, "full", "no room", 0};
            *made = {};
            made->exists = true, made->op_id = call.op_id, made->name = spec.name, made->address = spec.network.address;
            made->tap = spec.network.tap, made->mac = spec.network.mac, made->spec = hash;
            made->chain = spec.tags.chain, made->contract = spec.tags.contract, made->subject = spec.tags.subject;
            made->part = spec.tags.part, made->epoch = spec.tags.epoch;
            ++w_.vms_made;
        }
        BH_LOST("vm_create");
        return document(*made);
    }
    Status vm_destroy(const Call&, const std::string& vm) override {
        BH_FAULT("vm_destroy");
        if (VmObject* found = by_id(vm)) {
            forbid_if_paid(*found, "destroyed");
            *found = {};
        }
        BH_LOST("vm_destroy");
        return {};
    }
    Status vm_power(const Call&, const std::string& vm, Power action) override {
        const std::string verb = action == Power::start ? "vm_start" : "vm_stop";
        BH_FAULT(verb);
        VmObject* found = by_id(vm);
        if (found == nullptr) return Failure{BH_E_NOT_FOUND, "no_vm", "no such VM", 0};
        if (action != Power::start) forbid_if_paid(*found, "stopped");
        if (action == Power::start && !bound(*found)) violated(w_, "a VM was started before its network");
        found->running = action == Power::start;
        BH_LOST(verb);
        return {};
    }
    Result<Vm> vm_get(const std::string& vm) override {
        BH_FAULT("vm_get");
        VmObject* found = by_id(vm);
        if (found == nullptr) return Failure{BH_E_NOT_FOUND, "no_vm", "no such VM", 0};
        return document(*found);
    }
    Result<VmPage> vm_list(const std::string&) override {
        ++w_.vm_lists;
        BH_FAULT("vm_list");
        if (fault(w_, "empty_vm_list")) return VmPage{};
        VmPage page;
        for (const VmObject& vm : w_.vms) {
            if (vm.exists) page.vms.push_back(document(vm));
        }
        return page;
    }
    Result<GuestHello> guest_hello(const Call&, const std::string& vm) override {
        BH_FAULT("guest_hello");
        VmObject* found = by_id(vm);
        if (found == nullptr || !found->running) return Failure{BH_E_UNAVAILABLE, "no_guest", "no helper answers", 0};
        return GuestHello{"1", found->op_id.str(), kHostKey, "guest-boot", 1, "listening"};
    }
    Result<std::uint64_t> guest_statement(const Call&, const std::string& vm, const Bytes& statement) override {
        BH_FAULT("guest_statement");
        VmObject* found = by_id(vm);
        if (found == nullptr || !found->running) return Failure{BH_E_UNAVAILABLE, "no_guest", "no helper answers", 0};
        const std::uint64_t sequence = std::stoull(std::string{statement.begin(), statement.end()});
        if (sequence <= found->statement) violated(w_, "an owner statement went back");
        found->statement = std::max(found->statement, sequence);
        ++w_.statements;
        return found->statement;
    }

private:
    VmObject* by_op(const std::string& op) {
        for (VmObject& vm : w_.vms) {
            if (vm.exists && vm.op_id == op) return &vm;
        }
        return nullptr;
    }
    VmObject* by_id(const std::string& vm) { return vm.starts_with("vm-") ? by_op(vm.substr(3)) : nullptr; }
    bool bound(const VmObject& vm) {
        for (const BindingObject& binding : w_.bindings) {
            if (binding.exists && !binding.blocked && binding.owner == vm.op_id.str()) return true;
        }
        return false;
    }
    // What the chain's head says is paid is never stopped.
    void forbid_if_paid(const VmObject& vm, const std::string& what) {
        const std::string id = vm.subject.str().substr(vm.subject.str().find(':') + 1);
        const Sub* sub = find_sub(head(w_), id);
        if (sub == nullptr || !(sub->tx == vm.epoch.str().substr(0, vm.epoch.str().rfind(':')))) return;
        const bool open = !sub->delivered && !sub->declined && !sub->refunded;
        const bool paid = sub->delivered && !sub->closed && !sub->cancelled && sub->expires > head(w_).time;
        if (open || paid) violated(w_, "a paid VM was " + what);
    }
    static Vm document(const VmObject& vm) {
        Vm out;
        out.vm = "vm-" + vm.op_id.str(), out.created_by = vm.op_id.str(), out.instance = "hv", out.name = vm.name.str();
        out.state = vm.running ? "running" : "stopped", out.tap = vm.tap.str(), out.mac = vm.mac.str(),
        out.address = vm.address.str();
        out.tags = {vm.chain.str(), vm.contract.str(), vm.subject.str(), vm.part.str(), vm.epoch.str()};
        return out;
    }
    World& w_;
};

}  // namespace

std::unique_ptr<HypervisorPort> make_world_hypervisor(World& world) { return std::make_unique<WorldHypervisor>(world); }

}  // namespace bh::life::testing
