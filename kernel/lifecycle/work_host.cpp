// Worker: the steps that build, run and remove a VM on this host.
#include "kernel/lifecycle/assign.hpp"
#include "kernel/lifecycle/fingerprint.hpp"
#include "kernel/lifecycle/op_id.hpp"
#include "kernel/lifecycle/worker.hpp"

namespace bh::life {
namespace {

constexpr std::uint32_t kReachRetryMs = 300;
constexpr std::uint64_t kBannerWaitNs = 1'000'000'000;
constexpr const char* kGateway = "fe80::1";

Failure foreign(const std::string& what, const std::string& id) {
    return {
        BH_E_CORRUPT, "foreign_object",
        what + " '" + id + "' does not carry the op_id that made ours: nothing was done to it; find out whose it is",
        0};
}

}  // namespace

Result<Resources> Worker::resources() const {
    if (!in_.plan) return invalid("unknown_plan", "the plan " + in_.row.plan + " is not known");
    return parse_resources(in_.plan->resources, config_.default_image);
}

Result<Image> Worker::image() {
    auto wanted = resources();
    if (!wanted) return wanted.failure();
    auto found = ports_.images.find(wanted->image);
    if (found || found.failure().code != BH_E_NOT_FOUND) return found;
    return invalid("no_image",
                   "there is no guest image '" + wanted->image + "': build it with `blockhost image build`");
}

Status Worker::check() {
    if (auto found = image(); !found) return found.failure();
    return ports_.seal.check_request(context(), in_.row.sealed_request);
}

Status Worker::reserve() {
    out_.taken = in_.taken;
    if (out_.taken.empty() || in_.row.state == State::rebuilding) {
        if (auto listed = list_addresses(); !listed) return listed;
    }
    auto hypervisor = port_of(ports_.hypervisors, in_.hypervisor);
    if (!hypervisor) return hypervisor.failure();
    auto limits = (*hypervisor)->describe();
    if (!limits) return limits.failure();
    out_.max_vms = limits->max_vms;
    return {};
}

Status Worker::list_addresses() {
    auto bindings = ports_.network.vm_list();
    if (!bindings) return bindings.failure();
    auto taken = std::make_shared<AddressSet>();
    for (const auto& binding : *bindings) taken->add(binding.address);
    for (const auto& [name, port] : ports_.hypervisors) {
        auto vms = all_vms(*port);
        if (!vms) return vms.failure().within(name);
        for (const auto& vm : *vms) {
            taken->add(vm.address);
            if (in_.row.state == State::rebuilding && vm.created_by == in_.vm_op_id) return found_again(name, vm.vm);
        }
    }
    out_.taken.push_back(std::move(taken));
    return {};
}

Failure Worker::found_again(const std::string& hypervisor, const std::string& vm) {
    return {BH_E_CONFLICT, "vm_found",
            "the hypervisor " + hypervisor + " has the VM " + vm +
                " of this order: it is not lost, and no second one is built; `blockhost recover` takes it in again",
            0};
}

Status Worker::volume_create() {
    auto wanted = resources();
    if (!wanted) return wanted.failure();
    auto from = image();
    if (!from) return from.failure();
    auto storage = port_of(ports_.storages, in_.storage);
    if (!storage) return storage.failure();
    if (in_.row.state == State::rebuilding) {
        // A disk that outlived its VM is its owner's data: it is used as it is, whatever image is the newest.
        auto volumes = all_volumes(**storage);
        if (!volumes) return volumes.failure();
        for (auto& volume : *volumes) {
            if (volume.created_by != in_.job.op_id) continue;
            out_.volume = std::move(volume);
            return {};
        }
    }
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

Status Worker::vm_create() {
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
    auto data =
        ports_.first_boot.first_boot({in_.chain.chain, in_.chain.contract, in_.chain.credential, in_.row.id, spec.name,
                                      spec.name, config_.login_user, in_.address->address, kGateway, spec.network.mac});
    if (!data) return data.failure();
    spec.first_boot = std::move(*data);
    auto made = (*hypervisor)->vm_create(call_, spec);
    if (!made) return made.failure();
    if (made->created_by != in_.job.op_id) return foreign("the VM", made->vm);
    out_.vm = std::move(*made);
    out_.image_digest = from->digest;
    return {};
}

Result<Worker::Target> Worker::target() {
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

Failure Worker::lost(const Target&) {
    return {BH_E_NOT_FOUND, "vm_missing", "the hypervisor does not know the VM any more", 0};
}

Status Worker::start() {
    auto found = target();
    if (!found) return found.failure();
    if (found->gone) return lost(*found);
    if (auto applied = ports_.network.vm_apply(binding_of(*in_.vm, in_.delegation)); !applied) return applied;
    return found->port->vm_power(call_, in_.vm->vm, Power::start);
}

Status Worker::stop() {
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

Status Worker::reach() {
    auto found = target();
    if (!found) return found.failure();
    if (found->gone) return lost(*found);
    // Powered off from inside, or the machine was rebooted meanwhile.
    if (found->vm.state == "stopped") {
        if (auto again = start(); !again) return again;
    }
    auto hello = found->port->guest_hello(call_, in_.vm->vm);
    if (!hello && hello.failure().code != BH_E_UNAVAILABLE && hello.failure().code != BH_E_BUSY) return hello.failure();
    if (!hello || hello->host_key.empty()) return wait("the guest has not reported its host key yet");
    if (auto print = ssh_fingerprint(hello->host_key); !print) return wait("the guest's host key is not one");
    auto banner = ports_.reach.ssh_banner(in_.vm->address, ports_.clock.monotonic_ns() + kBannerWaitNs);
    if (!banner) return banner.failure();
    if (!*banner) return wait("port 22 does not answer yet");
    out_.hello = std::move(*hello);
    return {};
}

Failure Worker::wait(const std::string& why) { return {BH_PENDING, "not_reachable_yet", why, kReachRetryMs}; }

// By created_by, in the backends' own lists: the journal may not know what a lost answer made.
Status Worker::destroy_unknown() {
    auto hypervisor = port_of(ports_.hypervisors, in_.hypervisor);
    if (!hypervisor) return hypervisor.failure();
    auto vms = all_vms(**hypervisor);
    if (!vms) return vms.failure();
    for (const auto& vm : *vms) {
        if (vm.created_by != in_.vm_op_id) continue;
        auto gone = (*hypervisor)->vm_destroy(call_, vm.vm);
        if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
    }
    return ports_.network.vm_remove(tap_name(in_.vm_op_id), in_.vm_op_id);
}

Status Worker::delete_unknown_volumes() {
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

Status Worker::destroy() {
    if (!in_.vm) return in_.job.step == Step::destroy ? destroy_unknown() : Status{};
    auto found = target();
    if (!found) return found.failure();
    std::string id = in_.vm->vm;
    if (found->gone) {
        // One answer of one verb is not enough to forget a VM: its volume is deleted next.
        auto vms = all_vms(*found->port);
        if (!vms) return vms.failure();
        id.clear();
        for (const auto& vm : *vms) {
            if (vm.created_by == in_.vm->op_id) id = vm.vm;
        }
    }
    if (!id.empty()) {
        auto gone = found->port->vm_destroy(call_, id);
        if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
    }
    return ports_.network.vm_remove(in_.vm->tap, in_.vm->op_id);
}

Status Worker::volume_delete() {
    if (in_.volumes.empty() && in_.job.step == Step::volume_delete) return delete_unknown_volumes();
    for (const auto& held : in_.volumes) {
        auto storage = port_of(ports_.storages, held.instance);
        if (!storage) return storage.failure();
        auto gone = (*storage)->volume_delete(call_, held.volume);
        if (!gone && gone.failure().code != BH_E_NOT_FOUND) return gone;
    }
    return {};
}

// First what the journal knows, whatever one list says; then what the backends' lists say.
Status Worker::clean() {
    if (auto known = destroy(); !known) return known;
    if (auto unknown = destroy_unknown(); !unknown) return unknown;
    if (auto known = volume_delete(); !known) return known;
    return delete_unknown_volumes();
}

}  // namespace bh::life
