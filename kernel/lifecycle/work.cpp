#include "kernel/lifecycle/work.hpp"

#include "kernel/lifecycle/assign.hpp"
#include "kernel/lifecycle/fingerprint.hpp"
#include "kernel/lifecycle/op_id.hpp"
#include "kernel/lifecycle/plan.hpp"

#include <nlohmann/json.hpp>

namespace bh::life {
namespace {

constexpr std::uint32_t kReachRetryMs = 300;
constexpr std::uint64_t kBannerWaitNs = 1'000'000'000;
constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::size_t kMaxDeclineReason = 64;
constexpr std::uint16_t kSshPort = 22;
constexpr const char* kGateway = "fe80::1";

Failure foreign(const std::string& what, const std::string& id) {
    return {
        BH_E_CORRUPT, "foreign_object",
        what + " '" + id + "' does not carry the op_id that made ours: nothing was done to it; find out whose it is",
        0};
}

class Worker {
public:
    Worker(const WorkInput& in, const EngineConfig& config, Ports& ports, const Call& call)
        : in_{in}, config_{config}, ports_{ports}, call_{call} {}

    WorkResult run() {
        Status done = guarded() ? act() : Status{Failure{BH_E_CANCELLED, "guard", "the destruction guard refused", 0}};
        if (guard_failure_) done = *guard_failure_;
        if (!done) {
            out_.failure = done.failure();
            out_.code = out_.failure.code == BH_OK ? BH_E_INTERNAL : out_.failure.code;
        }
        return std::move(out_);
    }

private:
    // Reads anew, immediately before the verb. False: refused, or the chain could not be asked.
    bool guarded() {
        const Guard guard = rules_of(in_.job.step).guard;
        if (guard == Guard::none) return true;
        auto chain = port_of(ports_.chains, in_.row.instance);
        if (!chain) return fail(chain.failure());
        auto view = look(**chain, in_.row.id, in_.final_block, in_.min_agree);
        if (!view) return fail(view.failure());
        out_.view = *view;
        FactInputs inputs;
        inputs.excludes_purchase = in_.row.purchase == EventState::rolled_back &&
                                   view->final_block.position.height >= in_.row.purchased_at.height;
        if (guard_holds(guard, read_view(*view, in_.row.order), inputs)) return true;
        out_.refused = true;
        return false;
    }
    bool fail(Failure failure) {
        // Whatever the read's failure is about, it is no word about the order: try again.
        if (failure.code != BH_E_DENIED && failure.code != BH_E_INTERRUPTED) failure.code = BH_E_UNAVAILABLE;
        guard_failure_ = std::move(failure);
        return false;
    }

    Status act() {
        switch (in_.job.step) {
            case Step::none:
                return {};
            case Step::check:
                return check();
            case Step::reserve:
                return reserve();
            case Step::volume_create:
                return volume_create();
            case Step::vm_create:
                return vm_create();
            case Step::start:
            case Step::resume:
            case Step::restart:
                return start();
            case Step::reach:
                return reach();
            case Step::seal:
                return seal();
            case Step::deliver:
                return deliver();
            case Step::decline:
                return decline();
            case Step::clean:
                return clean();
            case Step::suspend:
            case Step::retire:
                return stop();
            case Step::close:
                return submit_simple("close");
            case Step::burn:
                return submit_simple("burn");
            case Step::destroy:
                return destroy();
            case Step::volume_delete:
                return volume_delete();
        }
        return Failure{BH_E_INTERNAL, "no_such_step", "a step without a verb", 0};
    }

    [[nodiscard]] RequestContext context() const {
        return {in_.chain.chain, in_.chain.contract, in_.row.buyer, in_.row.id};
    }
    [[nodiscard]] Result<Resources> resources() const {
        if (!in_.plan) return invalid("unknown_plan", "the plan " + in_.row.plan + " is not known");
        return parse_resources(in_.plan->resources, config_.default_image);
    }
    Result<Image> image() {
        auto wanted = resources();
        if (!wanted) return wanted.failure();
        auto found = ports_.images.find(wanted->image);
        if (found || found.failure().code != BH_E_NOT_FOUND) return found;
        return invalid("no_image",
                       "there is no guest image '" + wanted->image + "': build it with `blockhost image build`");
    }

    Status check() {
        if (auto found = image(); !found) return found.failure();
        return ports_.seal.check_request(context(), in_.row.sealed_request);
    }

    Status reserve() {
        auto bindings = ports_.network.vm_list();
        if (!bindings) return bindings.failure();
        for (const auto& binding : *bindings) note(binding.address);
        for (const auto& [name, port] : ports_.hypervisors) {
            auto vms = all_vms(*port);
            if (!vms) return vms.failure().within(name);
            for (const auto& vm : *vms) note(vm.address);
        }
        auto hypervisor = port_of(ports_.hypervisors, in_.hypervisor);
        if (!hypervisor) return hypervisor.failure();
        auto limits = (*hypervisor)->describe();
        if (!limits) return limits.failure();
        out_.max_vms = limits->max_vms;
        return {};
    }
    void note(const std::string& address) {
        if (const auto canonical = canonical_address(address)) out_.taken.insert(*canonical);
    }

    Status volume_create() {
        auto wanted = resources();
        if (!wanted) return wanted.failure();
        auto from = image();
        if (!from) return from.failure();
        auto storage = port_of(ports_.storages, in_.storage);
        if (!storage) return storage.failure();
        // The import has an op_id of its own and keeps nothing: the same digest again is done at once.
        Call import = call_;
        import.op_id = op_id({"", "", "host", "image", "", from->digest});
        import.checkpoint.clear();
        import.save = [](const Bytes&) -> Status { return {}; };
        if (auto ready = (*storage)->image_import(import, *from); !ready) return ready;
        VolumeSpec spec{vm_name(in_.row.id, in_.vm_op_id) + "-system", from->digest, wanted->disk_bytes,
                        tags_of(in_.row, Step::volume_create)};
        auto made = (*storage)->volume_create(call_, spec);
        if (!made) return made.failure();
        if (made->created_by != in_.job.op_id) return foreign("the volume", made->volume);
        out_.volume = std::move(*made);
        out_.image_digest = from->digest;
        return {};
    }

    Status vm_create() {
        auto wanted = resources();
        if (!wanted) return wanted.failure();
        auto from = image();
        if (!from) return from.failure();
        auto hypervisor = port_of(ports_.hypervisors, in_.hypervisor);
        if (!hypervisor) return hypervisor.failure();
        if (!in_.address || in_.volumes.empty()) {
            return Failure{BH_E_INTERNAL, "nothing_reserved", "a VM needs an address and a volume first", 0};
        }
        VmSpec spec;
        spec.name = in_.address->name;
        spec.cpus = wanted->cpus, spec.memory_bytes = wanted->memory_bytes;
        for (const auto& held : in_.volumes) {
            auto volume = parse_volume(held.document);
            if (!volume) return volume.failure();
            spec.volumes.push_back(std::move(*volume));
        }
        spec.kernel = from->kernel, spec.initrd = from->initrd, spec.cmdline = from->cmdline;
        spec.network = {tap_name(in_.job.op_id), mac_address(in_.job.op_id), in_.address->address, kGateway};
        spec.tags = tags_of(in_.row, Step::vm_create);
        auto data = ports_.first_boot.first_boot({in_.chain.chain, in_.chain.contract, in_.chain.credential, in_.row.id,
                                                  spec.name, spec.name, config_.login_user, in_.address->address,
                                                  kGateway, spec.network.mac});
        if (!data) return data.failure();
        spec.first_boot = std::move(*data);
        auto made = (*hypervisor)->vm_create(call_, spec);
        if (!made) return made.failure();
        if (made->created_by != in_.job.op_id) return foreign("the VM", made->vm);
        out_.vm = std::move(*made);
        out_.image_digest = from->digest;
        return {};
    }

    // The hypervisor's port and our VM, checked; `gone` when the backend has none.
    struct Target {
        HypervisorPort* port = nullptr;
        Vm vm;
        bool gone = false;
    };
    Result<Target> target() {
        if (!in_.vm) return Failure{BH_E_NOT_FOUND, "no_vm", "the journal has no VM of this subscription", 0};
        auto port = port_of(ports_.hypervisors, in_.vm->instance);
        if (!port) return port.failure();
        Target found{*port, {}, false};
        auto vm = (*port)->vm_get(in_.vm->vm);
        if (!vm) {
            if (vm.failure().code != BH_E_NOT_FOUND) return vm.failure();
            found.gone = true;
            return found;
        }
        if (vm->created_by != in_.vm->op_id) return foreign("the VM", vm->vm);
        found.vm = std::move(*vm);
        return found;
    }
    static Failure lost(const Target&) {
        return {BH_E_NOT_FOUND, "vm_missing", "the hypervisor does not know the VM any more", 0};
    }

    Status start() {
        auto found = target();
        if (!found) return found.failure();
        if (found->gone) return lost(*found);
        if (auto applied = ports_.network.vm_apply(binding_of(*in_.vm, in_.delegation)); !applied) return applied;
        return found->port->vm_power(call_, in_.vm->vm, Power::start);
    }

    Status stop() {
        auto found = target();
        if (!found && found.failure().reason == "no_vm" && in_.job.step == Step::retire) return {};
        if (!found) return found.failure();
        if (!found->gone) {
            if (auto off = found->port->vm_power(call_, in_.vm->vm, Power::shutdown); !off) return off;
        } else if (in_.job.step == Step::suspend) {
            return lost(*found);
        }
        return ports_.network.vm_block(in_.vm->tap, in_.vm->op_id);
    }

    Status reach() {
        auto found = target();
        if (!found) return found.failure();
        if (found->gone) return lost(*found);
        // Powered off from inside, or the machine was rebooted meanwhile.
        if (found->vm.state == "stopped") {
            if (auto again = start(); !again) return again;
        }
        auto hello = found->port->guest_hello(call_, in_.vm->vm);
        if (!hello && hello.failure().code != BH_E_UNAVAILABLE && hello.failure().code != BH_E_BUSY)
            return hello.failure();
        if (!hello || hello->host_key.empty()) return wait("the guest has not reported its host key yet");
        if (auto print = ssh_fingerprint(hello->host_key); !print) return wait("the guest's host key is not one");
        auto banner = ports_.reach.ssh_banner(in_.vm->address, ports_.clock.monotonic_ns() + kBannerWaitNs);
        if (!banner) return banner.failure();
        if (!*banner) return wait("port 22 does not answer yet");
        out_.hello = std::move(*hello);
        return {};
    }
    static Failure wait(const std::string& why) { return {BH_PENDING, "not_reachable_yet", why, kReachRetryMs}; }

    [[nodiscard]] UnixTime stage(const char* name) const {
        const auto found = in_.stages.find(name);
        return {found == in_.stages.end() ? 0 : found->second / kMsPerSecond};
    }

    Status seal() {
        if (!in_.vm) return Failure{BH_E_INTERNAL, "no_vm", "nothing to seal: there is no VM", 0};
        auto print = ssh_fingerprint(in_.vm->host_key);
        if (!print) return print.failure();
        const Attestation attestation{in_.chain.chain, in_.chain.contract,   in_.row.id,
                                      in_.vm->name,    in_.vm->image_digest, *print,
                                      stage("mined"),  stage("seen"),        stage("final"),
                                      stage("volume"), stage("started"),     stage("reachable")};
        auto signed_one = ports_.vault.sign_attestation(attestation);
        if (!signed_one) return signed_one.failure();
        auto sealed = ports_.seal.seal_credential(context(), in_.row.sealed_request,
                                                  {in_.vm->address, kSshPort, config_.login_user, in_.vm->host_key});
        if (!sealed) return sealed.failure();
        const nlohmann::json text{{"chain", attestation.chain},
                                  {"contract", attestation.contract},
                                  {"subscription", attestation.subscription},
                                  {"vm", attestation.vm_id},
                                  {"image_digest", attestation.image_digest},
                                  {"host_key_fingerprint", attestation.host_key_fingerprint},
                                  {"mined", time_to_text(attestation.mined)},
                                  {"seen", time_to_text(attestation.seen)},
                                  {"final", time_to_text(attestation.final)},
                                  {"volume", time_to_text(attestation.volume)},
                                  {"started", time_to_text(attestation.started)},
                                  {"reachable", time_to_text(attestation.reachable)}};
        out_.credential = CredentialRow{
            in_.row.row, in_.row.id, std::move(*sealed), std::move(signed_one->hash), std::move(signed_one->signature),
            text.dump(), ""};
        return {};
    }

    Status submit(const Intent& intent) {
        auto chain = port_of(ports_.chains, in_.row.instance);
        if (!chain) return chain.failure();
        auto receipt = (*chain)->submit(call_, intent, in_.final_block.position);
        if (!receipt) return receipt.failure();
        out_.receipt = std::move(*receipt);
        return {};
    }
    Status submit_simple(const char* action) {
        Intent intent;
        intent.action = action, intent.subscription = in_.row.id;
        return submit(intent);
    }
    Status deliver() {
        if (!in_.credential) return Failure{BH_E_INTERNAL, "no_credential", "nothing is sealed", 0};
        Intent intent;
        intent.action = "deliver", intent.subscription = in_.row.id, intent.order = in_.row.order;
        intent.deadline = in_.row.window_ends;
        intent.sealed = in_.credential->sealed, intent.attestation_hash = in_.credential->attestation_hash;
        return submit(intent);
    }
    Status decline() {
        Intent intent;
        intent.action = "decline", intent.subscription = in_.row.id, intent.order = in_.row.order;
        intent.reason = in_.row.reason.substr(0, kMaxDeclineReason);
        return submit(intent);
    }

    Status destroy() {
        if (!in_.vm) return {};
        auto found = target();
        if (!found) return found.failure();
        if (!found->gone) {
            auto gone = found->port->vm_destroy(call_, in_.vm->vm);
            if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
        }
        return ports_.network.vm_remove(in_.vm->tap, in_.vm->op_id);
    }

    Status volume_delete() {
        for (const auto& held : in_.volumes) {
            auto storage = port_of(ports_.storages, held.instance);
            if (!storage) return storage.failure();
            auto gone = (*storage)->volume_delete(call_, held.volume);
            if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
        }
        return {};
    }

    // By created_by, in the backends' own lists: the journal may not know what a lost answer made.
    Status clean() {
        auto hypervisor = port_of(ports_.hypervisors, in_.hypervisor);
        if (!hypervisor) return hypervisor.failure();
        auto vms = all_vms(**hypervisor);
        if (!vms) return vms.failure();
        for (const auto& vm : *vms) {
            if (vm.created_by != in_.vm_op_id) continue;
            auto gone = (*hypervisor)->vm_destroy(call_, vm.vm);
            if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
        }
        if (auto removed = ports_.network.vm_remove(tap_name(in_.vm_op_id), in_.vm_op_id); !removed) return removed;
        auto storage = port_of(ports_.storages, in_.storage);
        if (!storage) return storage.failure();
        auto volumes = all_volumes(**storage);
        if (!volumes) return volumes.failure();
        for (const auto& volume : *volumes) {
            if (volume.created_by != in_.volume_op_id) continue;
            auto gone = (*storage)->volume_delete(call_, volume.volume);
            if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
        }
        return {};
    }

    const WorkInput& in_;
    const EngineConfig& config_;
    Ports& ports_;
    const Call& call_;
    WorkResult out_;
    std::optional<Failure> guard_failure_;
};

}  // namespace

NetworkBinding binding_of(const VmRow& vm, const std::optional<DelegationRow>& delegation) {
    NetworkBinding bound{vm.tap, vm.op_id, vm.address, vm.mac, "routed", "", false, {}};
    if (delegation) bound.mode = delegation->mode, bound.uplink = delegation->uplink;
    return bound;
}

WorkResult perform(const WorkInput& input, const EngineConfig& config, Ports& ports, const Call& call) {
    return Worker{input, config, ports, call}.run();
}

}  // namespace bh::life
