#include "kernel/lifecycle/testing/doubles.hpp"

#include "kernel/lifecycle/testing/parts.hpp"

namespace bh::life::testing {
namespace {

class WorldClock final : public Clock {
public:
    explicit WorldClock(World& w) : w_{w} {}
    std::int64_t unix_ms() override { return w_.now_ms + w_.skew_ms; }
    std::uint64_t monotonic_ns() override {
        return static_cast<std::uint64_t>(w_.now_ms - w_.booted_ms + 1) * 1'000'000;
    }
    std::string boot_id() override { return "boot-" + std::to_string(w_.boot); }
    Result<std::string> random_id() override {
        std::string id(32, '0');
        const std::string n = std::to_string(++w_.randoms);
        return id.replace(32 - n.size(), n.size(), n);
    }

private:
    World& w_;
};

class WorldStorage final : public StoragePort {
public:
    explicit WorldStorage(World& w) : w_{w} {}
    Status check() override {
        BH_FAULT("storage_check");
        return {};
    }
    Result<StorageDescription> describe() override { return StorageDescription{}; }
    Status image_import(const Call&, const Image&) override {
        BH_FAULT("image_import");
        w_.imported = true;
        return {};
    }
    Result<Volume> volume_create(const Call& call, const VolumeSpec& spec) override {
        BH_FAULT("volume_create");
        VolumeObject* made = nullptr;
        for (VolumeObject& volume : w_.volumes) {
            if (volume.exists && volume.op_id == call.op_id) made = &volume;
        }
        if (made == nullptr) {
            const std::string key = "volume-" + call.op_id;
            if (auto saved = call.save(Bytes(key.begin(), key.end())); !saved) return saved.failure();
            for (VolumeObject& volume : w_.volumes) {
                if (volume.exists && volume.subject == spec.tags.subject && volume.epoch == spec.tags.epoch) {
                    violated(w_, "two volumes of one purchase");
                }
                if (!volume.exists && made == nullptr) made = &volume;
            }
            *made = {};
            made->exists = true, made->op_id = call.op_id, made->chain = spec.tags.chain,
            made->contract = spec.tags.contract;
            made->subject = spec.tags.subject, made->part = spec.tags.part, made->epoch = spec.tags.epoch;
            ++w_.volumes_made;
        }
        BH_LOST("volume_create");
        return document(*made);
    }
    Status volume_delete(const Call&, const std::string& id) override {
        BH_FAULT("volume_delete");
        for (VolumeObject& volume : w_.volumes) {
            if (!volume.exists || "volume-" + volume.op_id.str() != id) continue;
            for (const VmObject& vm : w_.vms) {
                if (vm.exists && vm.subject == volume.subject.str() && vm.epoch == volume.epoch.str()) {
                    violated(w_, "a volume was deleted under its VM");
                }
            }
            volume = {};
        }
        BH_LOST("volume_delete");
        return {};
    }
    Result<VolumePage> volume_list(const std::string&) override {
        BH_FAULT("volume_list");
        if (fault(w_, "empty_volume_list")) return VolumePage{};
        VolumePage page;
        for (const VolumeObject& volume : w_.volumes) {
            if (volume.exists) page.volumes.push_back(document(volume));
        }
        return page;
    }

private:
    static Volume document(const VolumeObject& volume) {
        Volume out;
        out.volume = "volume-" + volume.op_id.str(), out.created_by = volume.op_id.str(), out.instance = "st",
        out.kind = "file";
        out.path = "/volumes/" + volume.op_id.str(), out.format = "qcow2", out.size_bytes = 2147483648;
        out.tags = {volume.chain.str(), volume.contract.str(), volume.subject.str(), volume.part.str(),
                    volume.epoch.str()};
        return out;
    }
    World& w_;
};

class WorldIpv6 final : public Ipv6Port {
public:
    explicit WorldIpv6(World& w) : w_{w} {}
    Status check() override { return {}; }
    Result<Ipv6Description> describe() override { return Ipv6Description{}; }
    Result<Delegation> delegation_acquire(const Call& call, const DelegationRequest& request) override {
        BH_FAULT("delegation_acquire");
        if (w_.delegated && !(w_.delegation_op == call.op_id)) violated(w_, "two delegations");
        w_.delegated = true, w_.delegation_op = call.op_id, w_.delegation_epoch = request.tags.epoch;
        BH_LOST("delegation_acquire");
        return document();
    }
    Result<Delegation> delegation_renew(const Call&, const std::string&) override { return document(); }
    Status delegation_release(const Call&, const std::string&) override { return {}; }
    Result<DelegationPage> delegation_list(const std::string&) override {
        DelegationPage page;
        if (w_.delegated) page.delegations.push_back(document());
        return page;
    }

private:
    Delegation document() {
        Delegation d;
        d.delegation = "d1", d.created_by = w_.delegation_op.str(), d.instance = "v6", d.prefix = "2001:db8:b10c::/120",
        d.mode = "routed";
        d.reserved = {"2001:db8:b10c::10"};
        d.tags = {kChain, kContract, "host", "", w_.delegation_epoch.str()};
        return d;
    }
    World& w_;
};

class WorldNetwork final : public NetworkPort {
public:
    explicit WorldNetwork(World& w) : w_{w} {}
    Status vm_apply(const NetworkBinding& binding) override {
        BH_FAULT("vm_apply");
        BindingObject* slot = nullptr;
        for (BindingObject& each : w_.bindings) {
            if (each.exists && each.address == binding.address && !(each.owner == binding.owner)) {
                return Failure{BH_E_CONFLICT, "taken", "another VM's address", 0};
            }
            if (each.exists && each.owner == binding.owner) slot = &each;
        }
        for (BindingObject& each : w_.bindings) {
            if (slot == nullptr && !each.exists) slot = &each;
        }
        *slot = {};
        slot->exists = true, slot->owner = binding.owner, slot->address = binding.address, slot->tap = binding.tap,
        slot->mac = binding.mac;
        BH_LOST("vm_apply");
        return {};
    }
    Status vm_block(const std::string&, const std::string& owner) override {
        BH_FAULT("vm_block");
        for (BindingObject& each : w_.bindings) {
            if (each.exists && each.owner == owner) each.blocked = true;
        }
        return {};
    }
    Status vm_remove(const std::string&, const std::string& owner) override {
        BH_FAULT("vm_remove");
        for (BindingObject& each : w_.bindings) {
            if (each.exists && each.owner == owner) each = {};
        }
        return {};
    }
    Result<std::vector<NetworkBinding>> vm_list() override {
        BH_FAULT("net_list");
        std::vector<NetworkBinding> all;
        for (const BindingObject& each : w_.bindings) {
            if (each.exists)
                all.push_back({each.tap.str(), each.owner.str(), each.address.str(), each.mac.str(), "routed", "",
                               each.blocked,
                               each.broken ? std::vector<std::string>{"proxy"} : std::vector<std::string>{}});
        }
        return all;
    }

private:
    World& w_;
};

class WorldVault final : public VaultPort, public SealPort, public ReachPort, public ImagePort, public FirstBootPort {
public:
    explicit WorldVault(World& w) : w_{w} {}
    // The signed bytes are the sequence number, so that the guest can compare them.
    Result<Bytes> sign_statement(const OwnerStatement& statement) override {
        BH_FAULT("sign_statement");
        const std::string text = std::to_string(statement.sequence);
        return Bytes(text.begin(), text.end());
    }
    Result<SignedAttestation> sign_attestation(const Attestation&) override {
        BH_FAULT("sign_attestation");
        return SignedAttestation{{1}, Bytes(32, 2)};
    }
    Status anchor(const AuditAnchor& anchor) override {
        BH_FAULT("anchor");
        for (std::size_t i = 0; i < w_.anchor_count; ++i) {
            const AnchorObject& known = w_.anchors[i];
            if (!(known.journal == anchor.journal)) continue;
            if (known.row == anchor.row && known.hash == anchor.hash) return {};
            if (known.row >= anchor.row) return Failure{BH_E_CONFLICT, "anchored_further", "further on", 0};
        }
        // The oldest ones are forgotten: this world is small.
        if (w_.anchor_count == kMaxAnchors) {
            std::copy(w_.anchors + 1, w_.anchors + kMaxAnchors, w_.anchors);
            --w_.anchor_count;
        }
        AnchorObject& kept = w_.anchors[w_.anchor_count++];
        kept.journal = anchor.journal, kept.hash = anchor.hash, kept.row = anchor.row, kept.time = w_.now_ms / 1000;
        return {};
    }
    Result<std::optional<AuditAnchor>> newest_anchor(const std::string& journal) override {
        BH_FAULT("newest_anchor");
        std::optional<AuditAnchor> newest;
        for (std::size_t i = 0; i < w_.anchor_count; ++i) {
            if (journal.empty() || w_.anchors[i].journal == journal) newest = of(w_.anchors[i]);
        }
        return newest;
    }
    Result<std::vector<AuditAnchor>> anchors(const std::string& journal) override {
        std::vector<AuditAnchor> all;
        for (std::size_t i = 0; i < w_.anchor_count; ++i) {
            if (w_.anchors[i].journal == journal) all.push_back(of(w_.anchors[i]));
        }
        return all;
    }
    Status check_request(const RequestContext&, const Bytes&) override {
        BH_FAULT("check_request");
        if (!w_.request_opens) return invalid("request_does_not_open", "the sealed request does not open");
        return {};
    }
    Result<Bytes> seal_credential(const RequestContext&, const Bytes&, const ConnectionDetails&) override {
        BH_FAULT("seal_credential");
        return Bytes{9, static_cast<std::uint8_t>(++w_.randoms)};
    }
    Result<bool> ssh_banner(const std::string&, std::uint64_t) override {
        BH_FAULT("ssh_banner");
        return true;
    }
    Result<Image> find(const std::string& name) override {
        if (!w_.image_exists) return Failure{BH_E_NOT_FOUND, "no_image", "no image", 0};
        Image image;
        image.name = name, image.digest = "sha256:" + std::string(64, 'a'), image.path = "/images/disk.qcow2",
        image.format = "qcow2";
        return image;
    }
    Result<FirstBoot> first_boot(const GuestFacts& facts) override {
        return FirstBoot{facts.vm_id, facts.address, facts.hostname};
    }

private:
    static AuditAnchor of(const AnchorObject& anchor) {
        return {anchor.journal.str(), anchor.row, anchor.hash.str(), {anchor.time}};
    }
    World& w_;
};

}  // namespace

struct Doubles::Parts {
    Parts(World& w, Boundaries* given)
        : clock{w},
          chain{make_world_chain(w)},
          hypervisor{make_world_hypervisor(w)},
          storage{w},
          ipv6{w},
          network{w},
          vault{w},
          boundaries{given != nullptr ? *given : none} {}
    WorldClock clock;
    std::unique_ptr<ChainPort> chain;
    std::unique_ptr<HypervisorPort> hypervisor;
    WorldStorage storage;
    WorldIpv6 ipv6;
    WorldNetwork network;
    WorldVault vault;
    Boundaries none;
    Boundaries& boundaries;
};

Doubles::Doubles(World& world, Boundaries* boundaries) : parts_{std::make_unique<Parts>(world, boundaries)} {}
Doubles::~Doubles() = default;

Ports Doubles::ports() {
    Parts& p = *parts_;
    return {p.clock,
            {{"chain", p.chain.get()}},
            {{"hv", p.hypervisor.get()}},
            {{"st", &p.storage}},
            {{"v6", &p.ipv6}},
            p.network,
            p.vault,
            p.vault,
            p.vault,
            p.vault,
            p.vault,
            p.boundaries};
}

EngineConfig config_for_tests() {
    EngineConfig config;
    ChainConfig chain;
    chain.instance = "chain";
    chain.finality = {FinalityRule::Kind::depth, 2};
    config.chains = {chain};
    config.hypervisor = "hv", config.storage = "st", config.ipv6 = "v6", config.default_image = "debian-12";
    config.guard = {3, 4000};
    config.undo_window_ms = 5000;
    config.poll_ms = 1000, config.watch_ms = 5000;
    config.long_deadline_ms = 4000, config.short_deadline_ms = 2000;
    config.backoff_max_ms = 8000;
    config.unpark_ms = 5000;
    return config;
}

}  // namespace bh::life::testing
