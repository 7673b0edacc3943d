#include "plugins/hypervisor-qemu/hypervisor_qemu.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <algorithm>

namespace hypervisor_qemu {
namespace {

constexpr std::size_t kPage = 100;
constexpr auto kGuestTime = std::chrono::milliseconds{3000};
constexpr std::size_t kMaxVmsLooked = 1000000;

bh::Failure no_vm(const std::string& vm) { return {BH_E_NOT_FOUND, "no_vm", "there is no VM " + vm}; }

}  // namespace

struct HypervisorQemu::Found {
    std::shared_ptr<Sessions> sessions;
    Machine machine;
};

bh::Result<std::unique_ptr<HypervisorQemu>> HypervisorQemu::create(const bh::sdk::Kernel& kernel,
                                                                   std::string_view text) {
    auto config = read_config(text);
    if (!config) return config.failure();
    if (::mkdir(config->state.c_str(), 0711) != 0 && errno != EEXIST)
        return bh::sdk::file_failure("make the directory", config->state);
    if (::access(config->state.c_str(), W_OK | X_OK) != 0) return bh::sdk::file_failure("write into", config->state);
    return std::unique_ptr<HypervisorQemu>{new HypervisorQemu{kernel, std::move(*config)}};
}

bh::Result<std::vector<bh::Finding>> HypervisorQemu::check(const bh::sdk::Kernel&, std::string_view text,
                                                           std::uint64_t) {
    const auto config = read_config(text);
    if (!config) return std::vector<bh::Finding>{{"", "error", config.failure().message, "correct the field"}};
    std::vector<bh::Finding> findings;
    const std::string parent = config->state.substr(0, std::max<std::size_t>(1, config->state.rfind('/')));
    const std::string& place = ::access(config->state.c_str(), F_OK) == 0 ? config->state : parent;
    if (::access(place.c_str(), W_OK | X_OK) != 0) {
        findings.push_back(
            {"/state", "error", place + " can't be written here", "make it, and give it to the kernel's user"});
    }
    if (::access(config->run.c_str(), F_OK) != 0) {
        findings.push_back({"/run", "warning", config->run + " does not exist now",
                            "list it under \"directories\" in launch.yaml: the launcher makes it"});
    }
    if (config->accelerator == "kvm" && ::access("/dev/kvm", F_OK) != 0) {
        findings.push_back({"/accelerator", "error", "there is no /dev/kvm on this machine", "choose auto"});
    }
    return findings;
}

bh::Result<bh::HypervisorDescription> HypervisorQemu::describe() {
    return bh::HypervisorDescription{{"file"}, "kernel", acceleration_.known(), {"guest", "console"}, config_.max_vms};
}

std::shared_ptr<Sessions> HypervisorQemu::sessions_of(const std::string& vm) {
    const std::scoped_lock lock{mutex_};
    auto& sessions = sessions_[vm];
    if (!sessions) sessions = std::make_shared<Sessions>();
    return sessions;
}

bh::Result<HypervisorQemu::Found> HypervisorQemu::find(const std::string& vm) {
    auto definition = definitions_.find(vm);
    if (!definition) return definition.failure();
    if (!*definition) return no_vm(vm);
    auto sessions = sessions_of(vm);
    Machine machine{std::move(**definition),  definitions_, config_.run + "/" + vm,
                    config_.shutdown_grace_s, kernel_,      *sessions};
    return Found{std::move(sessions), std::move(machine)};
}

bh::Result<bh::Vm> HypervisorQemu::document(Machine& machine) const {
    auto vm = machine.look();
    if (!vm) return vm.failure();
    vm->instance = kernel_.instance();
    return vm;
}

bh::Result<bh::Vm> HypervisorQemu::vm_create(const bh::sdk::Call& call, const bh::VmSpec& spec) {
    const std::string vm = call.op_id();
    auto known = definitions_.find(vm);
    if (!known) return known.failure();
    if (*known && bh::to_json((*known)->spec) != bh::to_json(spec)) {
        return bh::Failure{BH_E_CONFLICT, "other_spec", "a VM with this op_id and another spec exists"};
    }
    if (!*known) {
        if (auto good = check_spec(spec); !good) return good.failure();
        if (const auto stop = call.stop()) return *stop;
        if (config_.max_vms != 0) {
            const auto all = definitions_.vms("", kMaxVmsLooked);
            if (!all) return all.failure();
            if (all->size() >= config_.max_vms)
                return bh::Failure{BH_E_EXHAUSTED, "max_vms",
                                   "there are " + std::to_string(all->size()) + " VMs, as many as max_vms allows"};
        }
        Definition definition;
        definition.vm = vm;
        definition.spec = spec;
        if (auto saved = definitions_.save(definition); !saved) return saved.failure();
    }
    return vm_get(vm);
}

bh::Status HypervisorQemu::vm_destroy(const bh::sdk::Call& call, const std::string& vm) {
    auto found = find(vm);
    if (!found && found.failure().code == BH_E_NOT_FOUND) return {};
    if (!found) return found.failure();
    if (auto destroyed = found->machine.destroy(call); !destroyed) return destroyed;
    const std::scoped_lock lock{mutex_};
    sessions_.erase(vm);
    return {};
}

bh::Status HypervisorQemu::vm_power(const bh::sdk::Call& call, const std::string& vm, std::uint32_t action) {
    auto found = find(vm);
    if (!found) return found.failure();
    switch (action) {
        case BH_POWER_START:
            return found->machine.start(call, acceleration_);
        case BH_POWER_SHUTDOWN:
            return found->machine.shutdown(call);
        case BH_POWER_OFF:
            return found->machine.off(call);
        case BH_POWER_RESET:
            return found->machine.reset(call);
        default:
            return bh::Failure{BH_E_UNSUPPORTED, "power_action", "this power action is not known here"};
    }
}

bh::Result<bh::Vm> HypervisorQemu::vm_get(const std::string& vm) {
    auto found = find(vm);
    if (!found) return found.failure();
    return document(found->machine);
}

bh::Result<bh::VmPage> HypervisorQemu::vm_list(std::string_view page) {
    const auto vms = definitions_.vms(page, kPage);
    if (!vms) return vms.failure();
    bh::VmPage out;
    for (const auto& vm : *vms) {
        auto document = vm_get(vm);
        if (!document && document.failure().code == BH_E_NOT_FOUND) continue;  // destroyed a moment ago
        if (!document) return document.failure();
        out.vms.push_back(std::move(*document));
    }
    if (vms->size() == kPage) out.next = vms->back();
    return out;
}

bh::Result<bh_vm_stats> HypervisorQemu::vm_stats(const std::string& vm) {
    auto found = find(vm);
    if (!found) return found.failure();
    return found->machine.stats();
}

bh::Result<bh::Bytes> HypervisorQemu::guest_exchange(const bh::sdk::Call& call, const std::string& vm,
                                                     const bh::Bytes& request) {
    auto found = find(vm);
    if (!found) return found.failure();
    const std::unique_lock lock{found->sessions->guest, std::try_to_lock};
    if (!lock) return bh::Failure{BH_E_BUSY, "exchange", "another exchange with this guest is under way", 500};
    const auto limit = std::chrono::steady_clock::now() + kGuestTime;
    return found->sessions->channel.exchange(found->machine.paths().guest(), request,
                                             std::min(limit, call.deadline().value_or(limit)), call.cancel_fd());
}

bh::Result<bh::Console> HypervisorQemu::console_open(const bh::sdk::Call&, const std::string& vm, std::uint32_t type) {
    if (type != BH_CONSOLE_TEXT)
        return bh::Failure{BH_E_UNSUPPORTED, "console_type", "VMs here have a text console only"};
    auto found = find(vm);
    if (!found) return found.failure();
    const auto unit = found->machine.running();
    if (!unit) return unit.failure();
    if (!*unit) return bh::Failure{BH_E_UNAVAILABLE, "not_running", "the VM is stopped: it has no console now"};
    return bh::Console{found->machine.paths().console(), "", "text", {}};
}

bh::Status HypervisorQemu::quiesce(std::uint64_t) {
    const std::scoped_lock lock{mutex_};
    for (const auto& [vm, sessions] : sessions_) {
        const std::scoped_lock guest{sessions->guest};
        sessions->channel.close();
    }
    return {};
}

bh::Result<std::string> HypervisorQemu::health() {
    const auto all = definitions_.vms("", kMaxVmsLooked);
    if (!all) return all.failure();
    if (const auto units = kernel_.launch().list(); !units) return units.failure();
    return std::to_string(all->size()) + " VMs; accelerator " +
           (acceleration_.known().empty() ? "not tried yet" : acceleration_.known());
}

}  // namespace hypervisor_qemu
