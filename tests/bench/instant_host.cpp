#include "tests/bench/instant_host.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/work.hpp"
#include "tests/bench/instant_contents.hpp"

#include <atomic>

namespace bh::bench {

using namespace bh::life;

namespace {

std::string address_of_number(std::size_t n) {
    char text[64];
    std::snprintf(text, sizeof text, "2001:db8:b10c::%zx:%zx", 1 + (n >> 16), n & 0xffff);
    return text;
}

InstantHost::When at(const std::unordered_map<std::string, Steady::time_point>& times, const std::string& id) {
    const auto found = times.find("subscription:" + id);
    return found == times.end() ? std::nullopt : InstantHost::When{found->second};
}

class RealClock final : public Clock {
public:
    std::int64_t unix_ms() override {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    std::uint64_t monotonic_ns() override {
        return static_cast<std::uint64_t>(Steady::now().time_since_epoch() / std::chrono::nanoseconds{1});
    }
    std::string boot_id() override { return "bench"; }
    Result<std::string> random_id() override {
        std::string id = std::to_string(++last_);
        return id.insert(0, 32 - id.size(), '0');
    }

private:
    std::atomic<std::uint64_t> last_{0};
};

class InstantRest final : public VaultPort, public SealPort, public ReachPort, public ImagePort, public FirstBootPort {
public:
    Result<Bytes> sign_statement(const OwnerStatement& statement) override {
        const std::string text = std::to_string(statement.sequence);
        return Bytes(text.begin(), text.end());
    }
    Result<SignedAttestation> sign_attestation(const Attestation&) override {
        return SignedAttestation{Bytes(65, 1), Bytes(32, 2)};
    }
    Status anchor(const AuditAnchor&) override { return {}; }
    Result<std::optional<AuditAnchor>> newest_anchor(const std::string&) override {
        return std::optional<AuditAnchor>{};
    }
    Result<std::vector<AuditAnchor>> anchors(const std::string&) override { return std::vector<AuditAnchor>{}; }
    Status check_request(const RequestContext&, const Bytes&) override { return {}; }
    Result<Bytes> seal_credential(const RequestContext&, const Bytes&, const ConnectionDetails&) override {
        return Bytes(256, 7);
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
};

// Every named commit is a boundary.
class CountingBoundaries final : public Boundaries {
public:
    explicit CountingBoundaries(Contents& s) : s_{s} {}
    void at(const std::string& name) noexcept override {
        constexpr std::string_view kCommitted = "after ";
        if (!name.starts_with(kCommitted)) return;
        const std::lock_guard lock{s_.mutex};
        ++s_.commits[name.substr(kCommitted.size())];
    }

private:
    Contents& s_;
};

}  // namespace

struct InstantHost::Parts {
    explicit Parts(Contents& contents)
        : chain{make_instant_chain(contents)}, backends{make_instant_backends(contents)}, boundaries{contents} {}
    RealClock clock;
    std::unique_ptr<ChainPort> chain;
    Backends backends;
    InstantRest rest;
    CountingBoundaries boundaries;
};

InstantHost::InstantHost() : state_{std::make_unique<Contents>()}, parts_{std::make_unique<Parts>(*state_)} {
    state_->times.push_back(RealClock{}.unix_ms() / 1000);
    mine(0);
}
InstantHost::~InstantHost() = default;

life::Ports InstantHost::ports() {
    Parts& p = *parts_;
    return {p.clock,
            {{"chain", p.chain.get()}},
            {{"hv", p.backends.hypervisor.get()}, {"calm", p.backends.calm.get()}},
            {{"st", p.backends.storage.get()}},
            {{"v6", p.backends.prefix.get()}},
            *p.backends.network,
            p.rest,
            p.rest,
            p.rest,
            p.rest,
            p.rest,
            p.boundaries};
}

life::EngineConfig InstantHost::config() {
    EngineConfig config;
    ChainConfig chain;
    chain.instance = "chain";
    chain.finality = {FinalityRule::Kind::depth, 0};
    config.chains = {chain};
    config.hypervisor = "hv", config.storage = "st", config.ipv6 = "v6", config.default_image = "debian-12";
    // Looks in a row at the chain's word before a VM is stopped are policy, not work.
    config.guard = {1, 0};
    return config;
}

Block InstantHost::head() {
    const std::lock_guard lock{state_->mutex};
    return state_->head();
}

Status InstantHost::serve(life::Journal& journal, std::size_t first, std::size_t count, std::int64_t seconds,
                          bool on_calm) {
    const Block at = head();
    const std::int64_t expires = at.time.seconds + seconds;
    return journal.write([&](Tx& tx) -> Status {
        save_delegation(tx, {kDelegationOp, "0", "v6", "d1", "2001:db8:b10c::/64", "routed", "", "", {}, 0, true});
        const std::lock_guard lock{state_->mutex};
        std::int64_t oldest = 0, newest = 0;
        for (std::size_t n = first; n < first + count; ++n) {
            const std::string id = std::to_string(n);
            state_->orders[id] = {"0xserved" + id, "0xorder" + id, at.time.seconds, expires, 30 * kDay, true};
            SubscriptionRow row;
            row.instance = "chain", row.chain = kChain, row.contract = kContract, row.id = id, row.tx = "0xserved" + id;
            row.order = "0xorder" + id, row.plan = "1", row.buyer = row.owner = "0xbuyer", row.token = "native";
            row.paid_seconds = 30 * kDay, row.amount = {"1000"}, row.sealed_request = Bytes(83, 3);
            row.purchase = EventState::final, row.purchased_at = at.position, row.purchased_time = at.time;
            row.expires_at = {expires}, row.window_ends = {at.time.seconds + kWindow};
            row.grace_ends = {expires + kGrace}, row.state = State::active, row.epoch = purchase_epoch(row);
            row.due_at = {expires};
            add_subscription(tx, row);
            const std::string vm_op = op_id_of(row, Step::vm_create, purchase_epoch(row));
            const std::string volume_op = op_id_of(row, Step::volume_create, purchase_epoch(row));
            const std::string address = address_of_number(n), instance = on_calm ? "calm" : "hv";
            const std::string tap = "bh" + vm_op.substr(0, 12), name = "bh-" + id;
            Vm vm;
            vm.vm = "vm-" + vm_op, vm.created_by = vm_op, vm.instance = instance, vm.name = name, vm.state = "running";
            vm.tap = tap, vm.address = address, vm.mac = "52:54:00:00:00:01", vm.tags = tags_of(row, Step::vm_create);
            Volume volume;
            volume.volume = "volume-" + volume_op, volume.created_by = volume_op, volume.instance = "st";
            volume.kind = "file", volume.path = "/volumes/" + volume_op, volume.format = "qcow2";
            volume.size_bytes = 2147483648, volume.tags = tags_of(row, Step::volume_create);
            save_vm(tx, {vm_op, row.row, instance, vm.vm, name, tap, vm.mac, address, kHostKey, "", tx.now_ms()});
            save_volume(tx, {volume_op, row.row, "st", volume.volume, "system", to_json(volume), tx.now_ms()});
            assign_address(tx, {address, kDelegationOp, name, instance, "st", row.row});
            save_credential(tx, {row.row, id, Bytes(256, 7), Bytes(32, 2), Bytes(65, 1), "{}", "0xdeliver" + id});
            // Each guest is told anew who owns it every few minutes: spread, as purchases at different times are.
            save_statement(tx, {row.row, 1, tx.now_ms() + kDay * 1000 + static_cast<std::int64_t>(n), 0, "0xbuyer"});
            // What its purchase and its delivery left in the journal.
            for (std::uint32_t i = 0; i < 2; ++i) {
                EventRow event;
                event.instance = "chain", event.type = i == 0 ? "purchased" : "delivered", event.position = at.position;
                event.time = at.time, event.tx = "0xserved" + id, event.log_index = i, event.subscription = id;
                event.status = EventState::final, event.document = std::string(600, ' ');
                add_event(tx, event);
                newest = event.n;
                if (oldest == 0) oldest = newest;
            }
            auto& vms = on_calm ? state_->calm_vms : state_->vms;
            (on_calm ? state_->calm_by_id : state_->vm_by_id)[vm.vm] = vms.size();
            vms.push_back(std::move(vm));
            state_->volumes.push_back(std::move(volume));
            state_->bindings.push_back({tap, vm_op, address, "52:54:00:00:00:01", "routed", "", false, {}});
        }
        CursorRow cursor;
        cursor.instance = "chain", cursor.chain = kChain, cursor.contract = kContract;
        cursor.newest_event = cursor.listed_event = newest;
        list_subjects(tx, "chain", oldest - 1, newest);
        save_cursor(tx, cursor);
        return {};
    });
}

void InstantHost::slow_down(std::chrono::milliseconds vm_create) {
    const std::lock_guard lock{state_->mutex};
    state_->create_takes = vm_create;
}

InstantHost::When InstantHost::stopped(const std::string& id) {
    const std::lock_guard lock{state_->mutex};
    return at(state_->stops, id);
}
InstantHost::When InstantHost::started(const std::string& id) {
    const std::lock_guard lock{state_->mutex};
    return at(state_->starts, id);
}
InstantHost::When InstantHost::renewed() {
    const std::lock_guard lock{state_->mutex};
    return state_->renewal;
}
std::size_t InstantHost::creating() {
    const std::lock_guard lock{state_->mutex};
    return state_->creating;
}
std::map<std::string, std::size_t> InstantHost::commits() {
    const std::lock_guard lock{state_->mutex};
    return state_->commits;
}
bool InstantHost::checked() {
    const std::lock_guard lock{state_->mutex};
    return state_->calm_checked;
}

}  // namespace bh::bench
