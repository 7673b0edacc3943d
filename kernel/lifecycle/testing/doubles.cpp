#include "kernel/lifecycle/testing/doubles.hpp"

#include <charconv>

namespace bh::life::testing {
namespace {

constexpr const char* kChain = "test:1";
constexpr const char* kContract = "0xcontract";
constexpr const char* kHostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb2fG0nKqgA2m2rY4v1zKQ0t0VvH0m1xk0m3b5v6x7A";

std::string id_of(const WorldBlock& block) {
    return "0x" + std::to_string(block.branch) + "-" + std::to_string(block.height);
}
bh::Block block_of(const WorldBlock& block) { return {{id_of(block), block.height}, {block.time}}; }

std::uint64_t hash_of(const std::string& text) { return std::hash<std::string>{}(text); }

// A fault of this verb that applies now, before (or after) its effect.
std::optional<Failure> fault(World& w, std::string_view verb, bool after = false) {
    for (Fault& each : w.faults) {
        if (each.count == 0 || !(each.verb == verb) || each.after != after) continue;
        --each.count;
        return Failure{each.code, "fault", "an injected fault of " + std::string{verb}, 0};
    }
    return std::nullopt;
}

#define BH_FAULT(verb) \
    if (auto failure = fault(w_, verb)) return *failure
#define BH_LOST(verb) \
    if (auto failure = fault(w_, verb, true)) return *failure

class WorldClock final : public Clock {
public:
    explicit WorldClock(World& w) : w_{w} {}
    std::int64_t unix_ms() override { return w_.now_ms; }
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

class WorldChain final : public ChainPort {
public:
    explicit WorldChain(World& w) : w_{w} {}
    Status check() override {
        BH_FAULT("chain_check");
        return {};
    }
    Result<ChainDescription> describe() override {
        ChainDescription d;
        d.chain = kChain, d.contract = kContract, d.credential = "0xcredential";
        d.signature_schemes = {"eip191"};
        return d;
    }
    // Cursor "BRANCH:HEIGHT".
    Result<ChainEvents> poll(const Call&, const std::string& cursor, std::uint32_t) override {
        BH_FAULT("poll");
        ChainEvents out;
        std::uint64_t branch = w_.branch, from = 0;
        if (!cursor.empty()) {
            const std::size_t colon = cursor.find(':');
            branch = std::stoull(cursor.substr(0, colon)), from = std::stoull(cursor.substr(colon + 1));
        } else {
            plan(out);
        }
        std::uint64_t valid = from;
        for (std::size_t i = 0; i < w_.fork_count; ++i) {
            if (w_.forks[i].branch > branch) valid = std::min(valid, w_.forks[i].kept);
        }
        if (valid < from || (branch != w_.branch && valid == from && valid > w_.height)) {
            ChainEvent rollback;
            rollback.type = "rollback",
            rollback.position = block_of(w_.blocks[std::min<std::uint64_t>(valid, w_.height)]).position;
            out.events.push_back(rollback);
            from = valid;
        }
        for (std::size_t i = 0; i < w_.event_count; ++i) {
            if (w_.events[i].height > from) out.events.push_back(event(w_.events[i]));
        }
        const WorldBlock& top = head(w_);
        out.head = block_of(top);
        for (std::uint64_t h = top.height > 60 ? top.height - 60 : 0; h <= top.height; ++h)
            out.recent.push_back(block_of(w_.blocks[h]));
        out.cursor = std::to_string(w_.branch) + ":" + std::to_string(top.height);
        return out;
    }
    Result<Receipt> submit(const Call& call, const Intent& intent, const Position& final_at) override {
        BH_FAULT("submit");
        WorldTx* tx = nullptr;
        for (WorldTx& each : w_.txs) {
            if (each.state != WorldTx::none && each.op_id == call.op_id && !each.reported) tx = &each;
        }
        if (tx == nullptr) {
            const std::string hash = "0xagent" + std::to_string(w_.txs_made + 1);
            if (auto saved = call.save(Bytes(hash.begin(), hash.end())); !saved) return saved.failure();
            for (WorldTx& each : w_.txs) {
                if (each.state == WorldTx::none && !each.dropped_by_reorg) {
                    tx = &each;
                    break;
                }
            }
            if (tx == nullptr) return Failure{BH_E_EXHAUSTED, "world", "too many transactions for this world", 0};
            ++w_.txs_made;
            *tx = {};
            tx->state = WorldTx::pending, tx->op_id = call.op_id, tx->action = intent.action,
            tx->sub = intent.subscription;
            tx->order = intent.order, tx->hash = hash, tx->deadline = intent.deadline.seconds;
        }
        BH_LOST("submit");
        const bool final = tx->state != WorldTx::pending && final_at.known() && tx->height <= final_at.height;
        if (!final) return Failure{BH_PENDING, "not_final", "not final yet", 1000};
        if (tx->state == WorldTx::reverted) {
            tx->reported = true;
            return Failure{BH_E_CONFLICT, "reverted", "the transaction was reverted", 0};
        }
        return Receipt{tx->hash.str(), block_of(w_.blocks[tx->height]).position, {w_.blocks[tx->height].time}, {"1"}};
    }
    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at, std::uint32_t) override {
        BH_FAULT("owner_of");
        const WorldBlock* block = at_position(at);
        if (block == nullptr) return gone();
        const Sub* sub = find_sub(*block, credential);
        OwnerAnswer answer;
        answer.position = block_of(*block).position;
        answer.exists = sub != nullptr && sub->delivered && !sub->burned;
        if (answer.exists) answer.owner = sub->owner.str();
        return answer;
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const Position& at, std::uint32_t) override {
        BH_FAULT("subscription_state");
        const WorldBlock* block = at_position(at);
        if (block == nullptr) return gone();
        SubscriptionState state;
        state.position = block_of(*block).position, state.time = {block->time}, state.subscription = id;
        const Sub* sub = find_sub(*block, id);
        if (sub == nullptr) return state;
        state.exists = true, state.order = sub->order.str(), state.recipient = state.owner = sub->owner.str();
        state.paid_seconds = sub->paid_seconds, state.token = "native", state.amount = {std::to_string(sub->amount)};
        state.expires_at = {sub->expires}, state.window_ends = {sub->window_ends}, state.grace_ends = {sub->grace_ends};
        state.delivered = sub->delivered, state.declined = sub->declined, state.refunded = sub->refunded;
        state.cancelled = sub->cancelled, state.cancelled_by_owner = sub->by_owner, state.closed = sub->closed,
        state.burned = sub->burned;
        return state;
    }
    Result<Balances> balances(const std::string&, const Position&, std::uint32_t) override { return Balances{}; }

private:
    static Failure gone() { return {BH_E_UNAVAILABLE, "position_unknown", "that position is on no branch", 0}; }
    const WorldBlock* at_position(const Position& at) {
        if (!at.known()) return &head(w_);
        if (at.height > w_.height || id_of(w_.blocks[at.height]) != at.id) return nullptr;
        return &w_.blocks[at.height];
    }
    static void plan(ChainEvents& out) {
        ChainEvent event;
        event.type = "plan", event.position = {"0x1-0", 0}, event.tx = "0xplan", event.plan = "1";
        event.plan_state.emplace();
        event.plan_state->resources =
            R"({"cpus":1,"memory_bytes":268435456,"disk_bytes":2147483648,"image":"debian-12"})";
        event.plan_state->delivery_window_s = kWindow, event.plan_state->grace_s = kGrace,
        event.plan_state->active = true;
        out.events.push_back(event);
    }
    static ChainEvent event(const WorldEvent& from) {
        ChainEvent to;
        to.type = from.type.str(),
        to.position = {"0x" + std::to_string(from.branch) + "-" + std::to_string(from.height), from.height};
        to.time = {from.time}, to.tx = from.tx.str(), to.log_index = from.log_index, to.subscription = from.sub.str();
        to.plan = "1", to.actor = from.actor.str(), to.owner = from.owner.str(), to.token = "native",
        to.order = from.order.str();
        to.paid_seconds = from.paid_seconds, to.amount = {std::to_string(from.amount)}, to.expires_at = {from.expires};
        to.data = {1, 2, 3};
        return to;
    }
    World& w_;
};

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
        BH_FAULT("vm_list");
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

class WorldStorage final : public StoragePort {
public:
    explicit WorldStorage(World& w) : w_{w} {}
    Status check() override { return {}; }
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
                all.push_back(
                    {each.tap.str(), each.owner.str(), each.address.str(), each.mac.str(), "routed", "", each.blocked});
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
    World& w_;
};

#undef BH_FAULT
#undef BH_LOST

}  // namespace

struct Doubles::Parts {
    Parts(World& w, Boundaries* given)
        : clock{w},
          chain{w},
          hypervisor{w},
          storage{w},
          ipv6{w},
          network{w},
          vault{w},
          boundaries{given != nullptr ? *given : none} {}
    WorldClock clock;
    WorldChain chain;
    WorldHypervisor hypervisor;
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
            {{"chain", &p.chain}},
            {{"hv", &p.hypervisor}},
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
