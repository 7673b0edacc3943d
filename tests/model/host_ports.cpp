#include "tests/model/ports.hpp"

#include <algorithm>

namespace bh::life::model {
namespace {

constexpr const char* kHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2fG0nKqgA2m2rY4v1zKQ0t0VvH0m1xk0m3b5v6x7A";
constexpr std::int64_t kLateMs = 3000;  // within the long deadline of model_config()

Failure unavailable(const char* what) { return {BH_E_UNAVAILABLE, what, "the model's fault", 0}; }
Failure lost() { return {BH_E_UNKNOWN_OUTCOME, "lost", "the answer was lost", 0}; }
Failure unknown(const char* what) { return {BH_E_NOT_FOUND, what, "there is no such object", 0}; }

// What a fault of a verb without a special one answers.
Failure plain_failure(What what) {
    switch (what) {
        case What::invalid:
            return invalid("fault", "the model's fault");
        case What::denied:
            return {BH_E_DENIED, "fault", "the model's fault", 0};
        case What::missing:
            return unknown("fault");
        default:
            return unavailable("fault");
    }
}
bool before_effect(What what) { return what != What::nothing && what != What::lost; }

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

class Prefix final : public Ipv6Port {
public:
    Prefix(World& w, Oracle& o) : w_{w}, o_{o} {}
    Status check() override { return {}; }
    Result<Ipv6Description> describe() override { return Ipv6Description{}; }
    Result<Delegation> delegation_acquire(const Call& call, const DelegationRequest& request) override {
        const What what = o_.call(Verb::delegation);
        if (before_effect(what)) return plain_failure(what);
        if (!w_.delegation_op.empty() && w_.delegation_op != call.op_id) violated(w_, "NothingLeft: two delegations");
        w_.delegation_op = call.op_id, w_.delegation_epoch = request.tags.epoch;
        o_.point();
        if (what == What::lost) return lost();
        return document();
    }
    Result<Delegation> delegation_renew(const Call&, const std::string&) override { return document(); }
    Status delegation_release(const Call&, const std::string&) override { return {}; }
    Result<DelegationPage> delegation_list(const std::string&) override {
        DelegationPage page;
        if (!w_.delegation_op.empty()) page.delegations.push_back(document());
        return page;
    }

private:
    Delegation document() const {
        Delegation d;
        d.delegation = "d1", d.created_by = w_.delegation_op, d.instance = "v6", d.prefix = "2001:db8:b10c::/120";
        d.mode = "routed";
        d.tags = {"test:1", "0xcontract", "host", "", w_.delegation_epoch};
        return d;
    }
    World& w_;
    Oracle& o_;
};

class Net final : public NetworkPort {
public:
    Net(World& w, Oracle& o, IsParked parked) : w_{w}, o_{o}, parked_{std::move(parked)} {}
    Status vm_apply(const NetworkBinding& binding) override {
        if (const What what = o_.call(Verb::net_apply); what != What::nothing) return plain_failure(what);
        Binding next{binding.owner, binding.address, binding.tap, binding.mac, false};
        for (Binding& each : w_.bindings) {
            if (each.owner == binding.owner) {
                each = next;
                return {};
            }
            if (each.address == binding.address) return Failure{BH_E_CONFLICT, "taken", "another VM's address", 0};
        }
        w_.bindings.push_back(next);
        o_.point();
        return {};
    }
    Status vm_block(const std::string&, const std::string& owner) override {
        return change(Verb::net_block, owner, "cut off", [](Binding& each) { each.blocked = true; });
    }
    Status vm_remove(const std::string&, const std::string& owner) override {
        const Status done = change(Verb::net_remove, owner, "cut off", [](Binding&) {});
        if (!done) return done;
        std::erase_if(w_.bindings, [&](const Binding& each) { return each.owner == owner; });
        o_.point();
        return {};
    }
    Result<std::vector<NetworkBinding>> vm_list() override {
        const What what = o_.call(Verb::net_list);
        std::vector<NetworkBinding> all;
        if (what == What::missing) return all;
        if (what != What::nothing) return plain_failure(what);
        for (const Binding& each : w_.bindings) {
            all.push_back({each.tap, each.owner, each.address, each.mac, "routed", "", each.blocked, {}});
        }
        return all;
    }

private:
    Status change(Verb verb, const std::string& owner, const char* what_is_done, const auto& apply) {
        if (const What what = o_.call(verb); what != What::nothing) return plain_failure(what);
        for (const VmObject& vm : w_.vms) {
            if (vm.op_id == owner) forbid_if_paid(w_, vm.id, vm.purchase, what_is_done, parked_);
        }
        for (Binding& each : w_.bindings) {
            if (each.owner == owner) apply(each);
        }
        o_.point();
        return {};
    }
    World& w_;
    Oracle& o_;
    IsParked parked_;
};

class Vault final : public VaultPort, public SealPort, public ReachPort, public ImagePort, public FirstBootPort {
public:
    Vault(World& w, Oracle& o) : w_{w}, o_{o} {}
    Result<Bytes> sign_statement(const OwnerStatement& statement) override {
        const std::string text = std::to_string(statement.sequence);
        return Bytes(text.begin(), text.end());
    }
    Result<SignedAttestation> sign_attestation(const Attestation&) override {
        return SignedAttestation{{1}, Bytes(32, 2)};
    }
    // A journal that was put back is found by tests/kill/restore_test.cpp; here nothing was ever anchored.
    Status anchor(const AuditAnchor&) override { return {}; }
    Result<std::optional<AuditAnchor>> newest_anchor(const std::string&) override {
        return std::optional<AuditAnchor>{};
    }
    Result<std::vector<AuditAnchor>> anchors(const std::string&) override { return std::vector<AuditAnchor>{}; }
    Status check_request(const RequestContext&, const Bytes&) override {
        if (const What what = o_.call(Verb::check_request); what != What::nothing) return plain_failure(what);
        return w_.request_opens ? Status{} : Status{invalid("request_does_not_open", "the sealed request is junk")};
    }
    Result<Bytes> seal_credential(const RequestContext&, const Bytes& request, const ConnectionDetails&) override {
        if (const What what = o_.call(Verb::seal); what != What::nothing) return plain_failure(what);
        return request;
    }
    Result<bool> ssh_banner(const std::string&, std::uint64_t) override { return true; }
    Result<Image> find(const std::string& name) override {
        Image image;
        image.name = name, image.digest = "sha256:" + std::string(64, 'a'), image.path = "/images/disk.qcow2";
        image.format = "qcow2";
        return image;
    }
    Result<FirstBoot> first_boot(const GuestFacts& facts) override {
        return FirstBoot{facts.vm_id, facts.address, facts.hostname};
    }

private:
    World& w_;
    Oracle& o_;
};

class ModelClock final : public Clock {
public:
    explicit ModelClock(World& w) : w_{w} {}
    std::int64_t unix_ms() override { return w_.wall_ms; }
    std::uint64_t monotonic_ns() override { return static_cast<std::uint64_t>(w_.monotonic_ms) * 1'000'000; }
    std::string boot_id() override { return "boot-" + std::to_string(w_.boot); }
    Result<std::string> random_id() override {
        std::string id(32, '0');
        const std::string n = std::to_string(++w_.randoms);
        return id.replace(32 - n.size(), n.size(), n);
    }

private:
    World& w_;
};

}  // namespace

std::unique_ptr<HypervisorPort> make_hypervisor(World& world, Oracle& oracle, IsParked parked) {
    return std::make_unique<Hypervisor>(world, oracle, std::move(parked));
}
std::unique_ptr<StoragePort> make_storage(World& world, Oracle& oracle, IsParked parked) {
    return std::make_unique<Storage>(world, oracle, std::move(parked));
}

struct HostPorts::Parts {
    Parts(World& w, Oracle& o, const IsParked& parked)
        : clock{w},
          chain{make_chain(w, o)},
          hypervisor{make_hypervisor(w, o, parked)},
          storage{make_storage(w, o, parked)},
          prefix{w, o},
          net{w, o, parked},
          vault{w, o} {}
    ModelClock clock;
    std::unique_ptr<ChainPort> chain;
    std::unique_ptr<HypervisorPort> hypervisor;
    std::unique_ptr<StoragePort> storage;
    Prefix prefix;
    Net net;
    Vault vault;
    Boundaries boundaries;
};

HostPorts::HostPorts(World& world, Oracle& oracle, IsParked parked)
    : parts_{std::make_unique<Parts>(world, oracle, parked)} {}
HostPorts::~HostPorts() = default;

Ports HostPorts::ports() {
    Parts& p = *parts_;
    return {p.clock,
            {{"chain", p.chain.get()}},
            {{"hv", p.hypervisor.get()}},
            {{"st", p.storage.get()}},
            {{"v6", &p.prefix}},
            p.net,
            p.vault,
            p.vault,
            p.vault,
            p.vault,
            p.vault,
            p.boundaries};
}

EngineConfig model_config() {
    EngineConfig config;
    ChainConfig chain;
    chain.instance = "chain";
    chain.finality = {FinalityRule::Kind::depth, kFinalDepth};
    config.chains = {chain};
    config.hypervisor = "hv", config.storage = "st", config.ipv6 = "v6", config.default_image = "debian-12";
    config.guard = {3, 2000};
    config.undo_window_ms = 1000;
    config.poll_ms = 1000, config.watch_ms = 4000;
    config.long_deadline_ms = 4000, config.short_deadline_ms = 2000;
    config.backoff_max_ms = 4000;
    config.unpark_ms = 2000;
    // One statement an activation is enough here. Less than the clock jumps back: a start takes a timer that is further
    // away than the longest one for one of a clock that was ahead (Engine::start).
    config.statement_renew_ms = 1'800'000;
    return config;
}

}  // namespace bh::life::model
