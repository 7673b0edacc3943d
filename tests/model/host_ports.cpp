#include "tests/model/failures.hpp"

#include <algorithm>

namespace bh::life::model {
namespace {

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
