#include "tests/model/failures.hpp"

#include <algorithm>

namespace bh::life::model {
namespace {

constexpr const char* kHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2fG0nKqgA2m2rY4v1zKQ0t0VvH0m1xk0m3b5v6x7A";
constexpr std::int64_t kLateMs = 3000;  // within the long deadline of model_config()

class Hypervisor final : public HypervisorPort {
public:
    Hypervisor(World& w, Oracle& o, IsParked parked) : w_{w}, o_{o}, parked_{std::move(parked)} {}
    Status check() override { return {}; }
    Result<HypervisorDescription> describe() override { return HypervisorDescription{}; }

    Result<Vm> vm_create(const Call& call, const VmSpec& spec) override {
        const What what = o_.call(Verb::vm_create);
        if (what != What::late && before_effect(what)) return plain_failure(what);
        VmObject* made = w_.broken.create_without_look ? nullptr : find(call.op_id);
        if (made != nullptr && made->spec != hash_of(spec)) {
            return Failure{BH_E_CONFLICT, "other_spec", "same op_id, another specification", 0};
        }
        if (made == nullptr) {
            const std::string key = "vm-" + call.op_id;
            if (auto saved = call.save(Bytes(key.begin(), key.end())); !saved) return saved.failure();
            VmObject vm;
            vm.op_id = call.op_id, vm.subject = spec.tags.subject, vm.epoch = spec.tags.epoch, vm.name = spec.name;
            vm.address = spec.network.address, vm.tap = spec.network.tap, vm.mac = spec.network.mac;
            vm.purchase = purchase_of_epoch(vm.epoch), vm.id = id_of_subject(vm.subject), vm.spec = hash_of(spec);
            if (what == What::late) {
                w_.late.push_back({w_.monotonic_ms + kLateMs, true, vm, {}});
                return lost();
            }
            w_.vms.push_back(vm);
            o_.point();
            made = &w_.vms.back();
        }
        if (what == What::lost || what == What::late) return lost();
        return document(*made);
    }
    Status vm_destroy(const Call&, const std::string& id) override {
        const What what = o_.call(Verb::vm_destroy);
        if (before_effect(what)) return plain_failure(what);
        const VmObject* vm = by_id(id);
        if (vm == nullptr) return unknown("no_vm");
        forbid_if_paid(w_, vm->id, vm->purchase, "destroyed", parked_);
        std::erase_if(w_.vms, [&](const VmObject& each) { return "vm-" + each.op_id == id; });
        o_.point();
        return what == What::lost ? Status{lost()} : Status{};
    }
    Status vm_power(const Call&, const std::string& id, Power action) override {
        const bool start = action == Power::start;
        const What what = o_.call(start ? Verb::vm_start : Verb::vm_stop);
        if (before_effect(what)) return plain_failure(what);
        VmObject* vm = by_id(id);
        if (vm == nullptr) return unknown("no_vm");
        if (!start) forbid_if_paid(w_, vm->id, vm->purchase, "stopped", parked_);
        vm->running = start;
        o_.point();
        return what == What::lost ? Status{lost()} : Status{};
    }
    Result<Vm> vm_get(const std::string& id) override {
        if (const What what = o_.call(Verb::vm_get); what != What::nothing) return plain_failure(what);
        const VmObject* vm = by_id(id);
        if (vm == nullptr) return unknown("no_vm");
        return document(*vm);
    }
    Result<VmPage> vm_list(const std::string&) override {
        const What what = o_.call(Verb::vm_list);
        if (what == What::missing) return VmPage{};
        if (what != What::nothing) return plain_failure(what);
        VmPage page;
        for (const VmObject& vm : w_.vms) page.vms.push_back(document(vm));
        return page;
    }
    Result<GuestHello> guest_hello(const Call&, const std::string& id) override {
        if (const What what = o_.call(Verb::hello); what != What::nothing) return plain_failure(what);
        const VmObject* vm = by_id(id);
        if (vm == nullptr || !vm->running) return unavailable("no_guest");
        return GuestHello{"1", vm->op_id, kHostKey, "guest-boot", 1, "listening"};
    }
    Result<std::uint64_t> guest_statement(const Call&, const std::string& id, const Bytes& statement) override {
        if (const What what = o_.call(Verb::statement); what != What::nothing) return plain_failure(what);
        VmObject* vm = by_id(id);
        if (vm == nullptr || !vm->running) return unavailable("no_guest");
        vm->statement =
            std::max<std::uint64_t>(vm->statement, std::stoull(std::string{statement.begin(), statement.end()}));
        return vm->statement;
    }

private:
    static std::uint64_t hash_of(const VmSpec& spec) { return std::hash<std::string>{}(to_json(spec)); }
    VmObject* find(const std::string& op_id) {
        for (VmObject& vm : w_.vms) {
            if (vm.op_id == op_id) return &vm;
        }
        return nullptr;
    }
    VmObject* by_id(const std::string& id) { return id.starts_with("vm-") ? find(id.substr(3)) : nullptr; }
    static Vm document(const VmObject& from) {
        Vm vm;
        vm.vm = "vm-" + from.op_id, vm.created_by = from.op_id, vm.instance = "hv", vm.name = from.name;
        vm.state = from.running ? "running" : "stopped";
        vm.tap = from.tap, vm.mac = from.mac, vm.address = from.address;
        vm.tags = {"test:1", "0xcontract", from.subject, "", from.epoch};
        return vm;
    }
    World& w_;
    Oracle& o_;
    IsParked parked_;
};

class Storage final : public StoragePort {
public:
    Storage(World& w, Oracle& o, IsParked parked) : w_{w}, o_{o}, parked_{std::move(parked)} {}
    Status check() override { return {}; }
    Result<StorageDescription> describe() override { return StorageDescription{}; }
    Status image_import(const Call&, const Image&) override {
        const What what = o_.call(Verb::image);
        return what == What::nothing ? Status{} : Status{plain_failure(what)};
    }
    Result<Volume> volume_create(const Call& call, const VolumeSpec& spec) override {
        const What what = o_.call(Verb::volume_create);
        if (what != What::late && before_effect(what)) return plain_failure(what);
        const VolumeObject* made = nullptr;
        for (const VolumeObject& each : w_.volumes) {
            if (each.op_id == call.op_id && !w_.broken.create_without_look) made = &each;
        }
        if (made == nullptr) {
            const std::string key = "volume-" + call.op_id;
            if (auto saved = call.save(Bytes(key.begin(), key.end())); !saved) return saved.failure();
            VolumeObject volume{call.op_id, spec.tags.subject, spec.tags.epoch, purchase_of_epoch(spec.tags.epoch),
                                id_of_subject(spec.tags.subject)};
            if (what == What::late) {
                w_.late.push_back({w_.monotonic_ms + kLateMs, false, {}, volume});
                return lost();
            }
            w_.volumes.push_back(volume);
            o_.point();
            made = &w_.volumes.back();
        }
        if (what == What::lost || what == What::late) return lost();
        return document(*made);
    }
    Status volume_delete(const Call&, const std::string& id) override {
        const What what = o_.call(Verb::volume_delete);
        if (before_effect(what)) return plain_failure(what);
        const auto found = std::find_if(w_.volumes.begin(), w_.volumes.end(),
                                        [&](const VolumeObject& each) { return "volume-" + each.op_id == id; });
        if (found == w_.volumes.end()) return unknown("no_volume");
        forbid_if_paid(w_, found->id, found->purchase, "deprived of its volume", parked_);
        for (const VmObject& vm : w_.vms) {
            if (vm.epoch == found->epoch && vm.subject == found->subject)
                violated(w_, "PaidStays: a volume was deleted under its VM");
        }
        w_.volumes.erase(found);
        o_.point();
        return what == What::lost ? Status{lost()} : Status{};
    }
    Result<VolumePage> volume_list(const std::string&) override {
        const What what = o_.call(Verb::volume_list);
        if (what == What::missing) return VolumePage{};
        if (what != What::nothing) return plain_failure(what);
        VolumePage page;
        for (const VolumeObject& each : w_.volumes) page.volumes.push_back(document(each));
        return page;
    }

private:
    static Volume document(const VolumeObject& from) {
        Volume volume;
        volume.volume = "volume-" + from.op_id, volume.created_by = from.op_id, volume.instance = "st";
        volume.kind = "file", volume.path = "/volumes/" + from.op_id, volume.format = "qcow2";
        volume.size_bytes = 2147483648;
        volume.tags = {"test:1", "0xcontract", from.subject, "system", from.epoch};
        return volume;
    }
    World& w_;
    Oracle& o_;
    IsParked parked_;
};

}  // namespace

std::unique_ptr<HypervisorPort> make_hypervisor(World& world, Oracle& oracle, IsParked parked) {
    return std::make_unique<Hypervisor>(world, oracle, std::move(parked));
}
std::unique_ptr<StoragePort> make_storage(World& world, Oracle& oracle, IsParked parked) {
    return std::make_unique<Storage>(world, oracle, std::move(parked));
}

}  // namespace bh::life::model
