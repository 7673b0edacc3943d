#include "kernel/lifecycle/testing/concurrent.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace bh::life::testing {
namespace {

constexpr std::chrono::milliseconds kVerbTime{3};

struct Shared {
    std::mutex mutex;  // protects the World
    std::atomic<std::int64_t> now_ms{0};
    std::atomic<std::uint64_t> polls{0}, randoms{0};
    std::atomic<std::uint32_t> running{0}, most{0};

    template <class Verb>
    auto run(const Verb& verb) {
        const std::uint32_t at_once = ++running;
        std::uint32_t before = most.load();
        while (before < at_once && !most.compare_exchange_weak(before, at_once)) {
        }
        std::this_thread::sleep_for(kVerbTime);
        auto answer = [&] {
            const std::lock_guard lock{mutex};
            return verb();
        }();
        --running;
        return answer;
    }
};

class SharedClock final : public Clock {
public:
    SharedClock(Shared& s, const World& w) : s_{s}, booted_ms_{w.booted_ms}, boot_{w.boot} {}
    std::int64_t unix_ms() override { return s_.now_ms; }
    std::uint64_t monotonic_ns() override { return static_cast<std::uint64_t>(s_.now_ms - booted_ms_ + 1) * 1'000'000; }
    std::string boot_id() override { return "boot-" + std::to_string(boot_); }
    Result<std::string> random_id() override {
        std::string id(32, '0');
        const std::string n = std::to_string(++s_.randoms);
        return id.replace(32 - n.size(), n.size(), n);
    }

private:
    Shared& s_;
    std::int64_t booted_ms_;
    std::uint32_t boot_;
};

template <class Port>
class Around : public Port {
public:
    Around(Shared& s, Port& inner) : s_{s}, inner_{inner} {}

protected:
    Shared& s_;
    Port& inner_;
};

class Chain final : public Around<ChainPort> {
public:
    using Around::Around;
    Status check() override {
        return s_.run([&] { return inner_.check(); });
    }
    Result<ChainDescription> describe() override {
        return s_.run([&] { return inner_.describe(); });
    }
    Result<ChainEvents> poll(const Call& call, const std::string& cursor, std::uint32_t max) override {
        auto events = s_.run([&] { return inner_.poll(call, cursor, max); });
        ++s_.polls;
        return events;
    }
    Result<Receipt> submit(const Call& call, const Intent& intent, const Position& final_at) override {
        return s_.run([&] { return inner_.submit(call, intent, final_at); });
    }
    Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at, std::uint32_t agree) override {
        return s_.run([&] { return inner_.owner_of(credential, at, agree); });
    }
    Result<SubscriptionState> subscription_state(const std::string& id, const Position& at,
                                                 std::uint32_t agree) override {
        return s_.run([&] { return inner_.subscription_state(id, at, agree); });
    }
    Result<Balances> balances(const std::string& account, const Position& at, std::uint32_t agree) override {
        return s_.run([&] { return inner_.balances(account, at, agree); });
    }
};

class Hypervisor final : public Around<HypervisorPort> {
public:
    using Around::Around;
    Status check() override {
        return s_.run([&] { return inner_.check(); });
    }
    Result<HypervisorDescription> describe() override {
        return s_.run([&] { return inner_.describe(); });
    }
    Result<Vm> vm_create(const Call& call, const VmSpec& spec) override {
        return s_.run([&] { return inner_.vm_create(call, spec); });
    }
    Status vm_destroy(const Call& call, const std::string& vm) override {
        return s_.run([&] { return inner_.vm_destroy(call, vm); });
    }
    Status vm_power(const Call& call, const std::string& vm, Power action) override {
        return s_.run([&] { return inner_.vm_power(call, vm, action); });
    }
    Result<Vm> vm_get(const std::string& vm) override {
        return s_.run([&] { return inner_.vm_get(vm); });
    }
    Result<VmPage> vm_list(const std::string& page) override {
        return s_.run([&] { return inner_.vm_list(page); });
    }
    Result<GuestHello> guest_hello(const Call& call, const std::string& vm) override {
        return s_.run([&] { return inner_.guest_hello(call, vm); });
    }
    Result<std::uint64_t> guest_statement(const Call& call, const std::string& vm, const Bytes& statement) override {
        return s_.run([&] { return inner_.guest_statement(call, vm, statement); });
    }
};

class Storage final : public Around<StoragePort> {
public:
    using Around::Around;
    Status check() override {
        return s_.run([&] { return inner_.check(); });
    }
    Result<StorageDescription> describe() override {
        return s_.run([&] { return inner_.describe(); });
    }
    Result<Volume> volume_create(const Call& call, const VolumeSpec& spec) override {
        return s_.run([&] { return inner_.volume_create(call, spec); });
    }
    Status volume_delete(const Call& call, const std::string& volume) override {
        return s_.run([&] { return inner_.volume_delete(call, volume); });
    }
    Result<VolumePage> volume_list(const std::string& page) override {
        return s_.run([&] { return inner_.volume_list(page); });
    }
    Status image_import(const Call& call, const Image& image) override {
        return s_.run([&] { return inner_.image_import(call, image); });
    }
};

class Prefixes final : public Around<Ipv6Port> {
public:
    using Around::Around;
    Status check() override {
        return s_.run([&] { return inner_.check(); });
    }
    Result<Ipv6Description> describe() override {
        return s_.run([&] { return inner_.describe(); });
    }
    Result<Delegation> delegation_acquire(const Call& call, const DelegationRequest& request) override {
        return s_.run([&] { return inner_.delegation_acquire(call, request); });
    }
    Result<Delegation> delegation_renew(const Call& call, const std::string& delegation) override {
        return s_.run([&] { return inner_.delegation_renew(call, delegation); });
    }
    Status delegation_release(const Call& call, const std::string& delegation) override {
        return s_.run([&] { return inner_.delegation_release(call, delegation); });
    }
    Result<DelegationPage> delegation_list(const std::string& page) override {
        return s_.run([&] { return inner_.delegation_list(page); });
    }
};

class Network final : public Around<NetworkPort> {
public:
    using Around::Around;
    Status vm_apply(const NetworkBinding& binding) override {
        return s_.run([&] { return inner_.vm_apply(binding); });
    }
    Status vm_block(const std::string& tap, const std::string& owner) override {
        return s_.run([&] { return inner_.vm_block(tap, owner); });
    }
    Status vm_remove(const std::string& tap, const std::string& owner) override {
        return s_.run([&] { return inner_.vm_remove(tap, owner); });
    }
    Result<std::vector<NetworkBinding>> vm_list() override {
        return s_.run([&] { return inner_.vm_list(); });
    }
};

class Vault final : public Around<VaultPort> {
public:
    using Around::Around;
    Result<Bytes> sign_statement(const OwnerStatement& statement) override {
        return s_.run([&] { return inner_.sign_statement(statement); });
    }
    Result<SignedAttestation> sign_attestation(const Attestation& attestation) override {
        return s_.run([&] { return inner_.sign_attestation(attestation); });
    }
    Status anchor(const AuditAnchor& anchor) override {
        return s_.run([&] { return inner_.anchor(anchor); });
    }
    Result<std::optional<AuditAnchor>> newest_anchor(const std::string& journal) override {
        return s_.run([&] { return inner_.newest_anchor(journal); });
    }
    Result<std::vector<AuditAnchor>> anchors(const std::string& journal) override {
        return s_.run([&] { return inner_.anchors(journal); });
    }
};

class Seal final : public Around<SealPort> {
public:
    using Around::Around;
    Status check_request(const RequestContext& context, const Bytes& request) override {
        return s_.run([&] { return inner_.check_request(context, request); });
    }
    Result<Bytes> seal_credential(const RequestContext& context, const Bytes& request,
                                  const ConnectionDetails& details) override {
        return s_.run([&] { return inner_.seal_credential(context, request, details); });
    }
};

class Reach final : public Around<ReachPort> {
public:
    using Around::Around;
    Result<bool> ssh_banner(const std::string& address, std::uint64_t deadline_ns) override {
        return s_.run([&] { return inner_.ssh_banner(address, deadline_ns); });
    }
};

class Images final : public Around<ImagePort> {
public:
    using Around::Around;
    Result<Image> find(const std::string& name) override {
        return s_.run([&] { return inner_.find(name); });
    }
};

}  // namespace

struct ConcurrentDoubles::Parts {
    explicit Parts(World& w)
        : world{w},
          doubles{w},
          inner{doubles.ports()},
          clock{shared, w},
          chain{shared, *inner.chains.at("chain")},
          hypervisor{shared, *inner.hypervisors.at("hv")},
          storage{shared, *inner.storages.at("st")},
          prefixes{shared, *inner.ipv6.at("v6")},
          network{shared, inner.network},
          vault{shared, inner.vault},
          seal{shared, inner.seal},
          reach{shared, inner.reach},
          images{shared, inner.images} {
        shared.now_ms = w.now_ms;
    }
    World& world;
    Shared shared;
    Doubles doubles;
    Ports inner;
    SharedClock clock;
    Chain chain;
    Hypervisor hypervisor;
    Storage storage;
    Prefixes prefixes;
    Network network;
    Vault vault;
    Seal seal;
    Reach reach;
    Images images;
};

ConcurrentDoubles::ConcurrentDoubles(World& world) : parts_{std::make_unique<Parts>(world)} {}
ConcurrentDoubles::~ConcurrentDoubles() = default;

Ports ConcurrentDoubles::ports() {
    Parts& p = *parts_;
    return {p.clock,
            {{"chain", &p.chain}},
            {{"hv", &p.hypervisor}},
            {{"st", &p.storage}},
            {{"v6", &p.prefixes}},
            p.network,
            p.vault,
            p.seal,
            p.reach,
            p.images,
            p.inner.first_boot,
            p.inner.boundaries};
}

void ConcurrentDoubles::with_world(const std::function<void(World&)>& change) {
    const std::lock_guard lock{parts_->shared.mutex};
    change(parts_->world);
    parts_->shared.now_ms = parts_->world.now_ms;
}

std::int64_t ConcurrentDoubles::now_ms() const { return parts_->shared.now_ms; }
std::uint64_t ConcurrentDoubles::polls() const { return parts_->shared.polls; }
std::uint32_t ConcurrentDoubles::most_verbs_at_once() const { return parts_->shared.most; }

}  // namespace bh::life::testing
