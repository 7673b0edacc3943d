// InstantHost: hypervisors, storage, prefix provider, netd.
#include "tests/bench/instant_contents.hpp"

#include <blockhost/call.h>

#include <thread>

namespace bh::bench {

using namespace bh::life;

namespace {

constexpr std::int64_t kPerPage = 1000;
constexpr std::uint32_t kMaxVms = 1'000'000;  // a limit, as real ones have: it is counted against

// One page of a list at a time, as real backends answer.
template <class Page, class Item>
Page page_of(const std::vector<Item>& all, std::vector<Item> Page::* member, const std::string& from) {
    const std::size_t begin = from.empty() ? 0 : std::stoul(from);
    const std::size_t end = std::min(all.size(), begin + kPerPage);
    Page page;
    (page.*member)
        .assign(all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end));
    if (end < all.size()) page.next = std::to_string(end);
    return page;
}

class InstantHypervisor final : public HypervisorPort {
public:
    InstantHypervisor(Contents& s, const char* name, std::vector<Vm>& vms,
                      std::unordered_map<std::string, std::size_t>& by_id)
        : s_{s}, name_{name}, vms_{vms}, by_id_{by_id} {}
    Status check() override {
        const std::lock_guard lock{s_.mutex};
        if (&vms_ == &s_.calm_vms) s_.calm_checked = true;
        return {};
    }
    Result<HypervisorDescription> describe() override {
        HypervisorDescription d;
        d.max_vms = kMaxVms;
        return d;
    }
    Result<Vm> vm_create(const Call& call, const VmSpec& spec) override {
        if (auto waited = take_time(call); !waited) return waited.failure();
        const Bytes begun{1};
        if (auto saved = call.save(begun); !saved) return saved.failure();
        const std::lock_guard lock{s_.mutex};
        Vm vm;
        vm.vm = "vm-" + call.op_id, vm.created_by = call.op_id, vm.instance = name_, vm.name = spec.name;
        vm.state = "stopped", vm.tap = spec.network.tap, vm.mac = spec.network.mac, vm.address = spec.network.address;
        vm.tags = spec.tags;
        by_id_[vm.vm] = vms_.size();
        vms_.push_back(vm);
        return vm;
    }
    Status vm_destroy(const Call&, const std::string&) override { return {}; }
    Status vm_power(const Call&, const std::string& id, Power action) override {
        const std::lock_guard lock{s_.mutex};
        const auto found = by_id_.find(id);
        if (found == by_id_.end()) return Failure{BH_E_NOT_FOUND, "no_vm", "no such VM", 0};
        vms_[found->second].state = action == Power::start ? "running" : "stopped";
        (action == Power::start ? s_.starts : s_.stops)[vms_[found->second].tags.subject] = Steady::now();
        return {};
    }
    Result<Vm> vm_get(const std::string& id) override {
        const std::lock_guard lock{s_.mutex};
        const auto found = by_id_.find(id);
        if (found == by_id_.end()) return Failure{BH_E_NOT_FOUND, "no_vm", "no such VM", 0};
        return vms_[found->second];
    }
    Result<VmPage> vm_list(const std::string& page) override {
        const std::lock_guard lock{s_.mutex};
        return page_of(vms_, &VmPage::vms, page);
    }
    Result<GuestHello> guest_hello(const Call&, const std::string& id) override {
        return GuestHello{"1", id, kHostKey, "guest-boot", 1, "listening"};
    }
    Result<std::uint64_t> guest_statement(const Call&, const std::string&, const Bytes& statement) override {
        return std::stoull(std::string{statement.begin(), statement.end()});
    }

private:
    Status take_time(const Call& call) {
        std::chrono::milliseconds takes;
        {
            const std::lock_guard lock{s_.mutex};
            if (&vms_ == &s_.calm_vms || s_.create_takes.count() == 0) return {};
            takes = s_.create_takes;
            ++s_.creating;
        }
        const auto until = Steady::now() + takes;
        while (Steady::now() < until && (call.cancel == nullptr || call.cancel->reason() == BH_CANCEL_NONE)) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        const std::lock_guard lock{s_.mutex};
        --s_.creating;
        if (Steady::now() < until) return Failure{BH_E_CANCELLED, "cancelled", "told to stop", 0};
        return {};
    }
    Contents& s_;
    const char* name_;
    std::vector<Vm>& vms_;
    std::unordered_map<std::string, std::size_t>& by_id_;
};

class InstantStorage final : public StoragePort {
public:
    explicit InstantStorage(Contents& s) : s_{s} {}
    Status check() override { return {}; }
    Result<StorageDescription> describe() override { return StorageDescription{}; }
    Status image_import(const Call&, const Image&) override { return {}; }
    Result<Volume> volume_create(const Call& call, const VolumeSpec& spec) override {
        const Bytes begun{1};
        if (auto saved = call.save(begun); !saved) return saved.failure();
        Volume out;
        out.volume = "volume-" + call.op_id, out.created_by = call.op_id, out.instance = "st", out.kind = "file";
        out.path = "/volumes/" + call.op_id, out.format = "qcow2", out.size_bytes = spec.size_bytes;
        out.tags = spec.tags;
        const std::lock_guard lock{s_.mutex};
        s_.volumes.push_back(out);
        return out;
    }
    Status volume_delete(const Call&, const std::string&) override { return {}; }
    Result<VolumePage> volume_list(const std::string& page) override {
        const std::lock_guard lock{s_.mutex};
        return page_of(s_.volumes, &VolumePage::volumes, page);
    }

private:
    Contents& s_;
};

class InstantPrefix final : public Ipv6Port {
public:
    explicit InstantPrefix(Contents& s) : s_{s} {}
    Status check() override { return {}; }
    Result<Ipv6Description> describe() override { return Ipv6Description{}; }
    Result<Delegation> delegation_acquire(const Call&, const DelegationRequest&) override { return one(); }
    Result<Delegation> delegation_renew(const Call&, const std::string&) override {
        const std::lock_guard lock{s_.mutex};
        s_.renewal = Steady::now();
        return one();
    }
    Status delegation_release(const Call&, const std::string&) override { return {}; }
    Result<DelegationPage> delegation_list(const std::string&) override { return DelegationPage{{one()}, ""}; }

private:
    static Delegation one() {
        Delegation d;
        d.delegation = "d1", d.created_by = kDelegationOp, d.instance = "v6", d.prefix = "2001:db8:b10c::/64";
        d.mode = "routed";
        d.tags = {kChain, kContract, "host", "", "0"};
        return d;
    }
    Contents& s_;
};

class InstantNetwork final : public NetworkPort {
public:
    explicit InstantNetwork(Contents& s) : s_{s} {}
    Status vm_apply(const NetworkBinding& binding) override {
        const std::lock_guard lock{s_.mutex};
        s_.bindings.push_back(binding);
        return {};
    }
    Status vm_block(const std::string&, const std::string&) override { return {}; }
    Status vm_remove(const std::string&, const std::string&) override { return {}; }
    Result<std::vector<NetworkBinding>> vm_list() override {
        const std::lock_guard lock{s_.mutex};
        return s_.bindings;
    }

private:
    Contents& s_;
};

}  // namespace

Backends make_instant_backends(Contents& c) {
    return {std::make_unique<InstantHypervisor>(c, "hv", c.vms, c.vm_by_id),
            std::make_unique<InstantHypervisor>(c, "calm", c.calm_vms, c.calm_by_id),
            std::make_unique<InstantStorage>(c), std::make_unique<InstantPrefix>(c),
            std::make_unique<InstantNetwork>(c)};
}

}  // namespace bh::bench
