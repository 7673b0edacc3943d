// Engine: VMs that stopped by themselves, VMs that run without their place on the network, and which addresses are in
// use.
#include "kernel/journal/audit.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/engine.hpp"

#include <algorithm>

namespace bh::life {
namespace {

// The VM was started, and nothing has said yet that it is to stop.
bool is_to_run(State state) {
    return state == State::reachable || state == State::awaiting_final || state == State::sealing ||
           state == State::delivering || state == State::active;
}

}  // namespace

bool Engine::watch_vms() {
    for (auto& [instance, port] : ports_.hypervisors) {
        if (watching_.contains(instance) || next_watch_ms_[instance] > now()) continue;
        watching_.insert(instance);
        post([this, instance = instance, port = port]() -> Done {
            auto vms = all_vms(*port);
            auto bindings = ports_.network.vm_list();
            std::shared_ptr<AddressSet> seen;
            if (vms && bindings) {
                seen = std::make_shared<AddressSet>();
                for (const auto& vm : *vms) seen->add(vm.address);
                for (const auto& binding : *bindings) seen->add(binding.address);
            }
            return [this, instance, vms = std::move(vms), bindings = std::move(bindings), seen]() -> Status {
                watching_.erase(instance);
                next_watch_ms_[instance] = now() + config_.watch_ms;
                seen_[instance] = seen;
                if (!seen) return {};  // no word about any VM
                std::unordered_map<std::string, const NetworkBinding*> bound;
                for (const auto& binding : *bindings) bound[binding.owner] = &binding;
                for (const auto& vm : *vms) {
                    const auto found = bound.find(vm.created_by);
                    const NetworkBinding* place = found == bound.end() ? nullptr : found->second;
                    if (vm.state != "stopped") {
                        if (place == nullptr || place->blocked || !place->missing.empty())
                            repair_network(vm.created_by, place != nullptr);
                        continue;
                    }
                    transition_name_.clear();
                    const auto written =
                        journal_.write(transition_name_, [&](Tx& tx) { return stopped_vm(tx, vm.created_by); });
                    if (!written) return written;
                }
                return {};
            };
        });
        return true;
    }
    return false;
}

// Of every hypervisor; none, if one of them has no list or its next is due.
AddressSets Engine::seen_lately() {
    AddressSets all;
    for (const auto& [name, port] : ports_.hypervisors) {
        const auto seen = seen_.find(name);
        if (seen == seen_.end() || !seen->second || next_watch_ms_[name] <= now()) return {};
        all.push_back(seen->second);
    }
    return all;
}

// An active VM found stopped is started again; not while the last word about its order is missing: ordering a step
// would end the wait for the next one.
Status Engine::stopped_vm(Tx& tx, const std::string& op_id) {
    const auto vm = vm_by_op_id(tx, op_id);
    auto row = vm ? subscription_by_row(tx, vm->row) : std::nullopt;
    if (!row || looking_.contains(row->row) || dirty_.contains(row->row) || underived_.contains(row->row) ||
        look_failures_.contains(row->row) || current_job(tx, row->row)) {
        return {};
    }
    if (const Transition* restart = find_transition(row->state, Fact::vm_stopped)) {
        transition_name_ = name_of(*restart);
        apply(tx, env(), *row, *restart, "");
    }
    return {};
}

// netd or an uplink began anew, or somebody flushed the rules: what is missing is applied again. The VM itself is well
// and is left alone. Until the answer is here no job of this row starts, so that none of them blocks what this opens.
void Engine::repair_network(const std::string& op_id, bool has_tap) {
    std::optional<NetworkBinding> binding;
    SubscriptionRow row;
    const auto read = journal_.read([&](Tx& tx) -> Status {
        const auto vm = vm_by_op_id(tx, op_id);
        const auto found = vm ? subscription_by_row(tx, vm->row) : std::nullopt;
        if (!found || !is_to_run(found->state)) return {};
        row = *found;
        binding = binding_of(*vm, delegation_of(tx, address_of(tx, row.row)));
        return {};
    });
    const auto verb_of_row = [&row](const auto& running) { return running.second.row == row.row; };
    if (!read || !binding || repairing_.contains(row.row) || underived_.contains(row.row) ||
        std::any_of(running_.begin(), running_.end(), verb_of_row)) {
        return;
    }
    repairing_.insert(row.row);
    post([this, number = row.row, subject = subject_of(row), has_tap, binding = *binding]() -> Done {
        const Status applied = ports_.network.vm_apply(binding);
        return [this, number, subject, has_tap, applied]() -> Status {
            const auto written = journal_.write([&](Tx& tx) -> Status {
                if (!applied) {
                    raise_alarm(tx, subject, "network", applied.failure().message);
                    return {};
                }
                clear_alarms(tx, subject, "network");
                append_audit(tx, "kernel", "network_repaired", subject, has_tap ? "" : "the tap was gone");
                if (!has_tap) {
                    raise_alarm(tx, subject, "tap_lost",
                                "the VM's tap was removed while it ran: it is unreachable until it is powered off; "
                                "it is then started again with a new one");
                }
                return {};
            });
            if (written) repairing_.erase(number);
            return written;
        };
    });
}

}  // namespace bh::life
