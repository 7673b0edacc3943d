// A provider of /64 prefixes out of 2001:db8:b10c::/48 that lives in a file.
#include "plugin-api/sdk/cpp/plugin.hpp"
#include "tests/plugins/mem-ipv6/state.hpp"

#include <cstdio>

namespace bh::mem {
namespace {

Failure gone(const std::string& id) { return {BH_E_NOT_FOUND, "no_delegation", "there is no delegation " + id}; }

class MemIpv6 {
public:
    static constexpr std::string_view kId = "org.blockhost.mem-ipv6";
    static constexpr std::string_view kVersion = "0.1.0";

    static Result<std::unique_ptr<MemIpv6>> create(const sdk::Kernel& kernel, std::string_view config) {
        Result<FileConfig> parsed = read_document<FileConfig>(config);
        if (!parsed) return parsed.failure();
        return std::make_unique<MemIpv6>(kernel.instance(), parsed->state_file);
    }
    MemIpv6(std::string instance, std::string file) : instance_{std::move(instance)}, backend_{std::move(file)} {}

    Result<Ipv6Description> describe() { return Ipv6Description{{64}, {"renew"}}; }
    Result<std::string> health() {
        return backend_.verb("health", nullptr, [](Ipv6State&) -> Result<std::string> { return std::string{"ready"}; });
    }

    Result<Delegation> delegation_acquire(const sdk::Call& call, const DelegationRequest& request) {
        return backend_.verb("delegation_acquire", &call, [&](Ipv6State& state) -> Result<Delegation> {
            for (const Lease& lease : state.leases) {
                if (lease.delegation.created_by != call.op_id()) continue;
                if (lease.request == request) return lease.delegation;
                return Failure{BH_E_CONFLICT, "other_request", "this op_id has a delegation for another request"};
            }
            if (request.prefix_length != 0 && request.prefix_length != 64)
                return invalid("prefix_length",
                               "only /64 prefixes are given, not /" + std::to_string(request.prefix_length));
            if (state.leases.size() >= state.limit)
                return Failure{BH_E_EXHAUSTED, "no_prefix", "the provider has no prefix left"};
            char prefix[64];
            std::snprintf(prefix, sizeof prefix, "2001:db8:b10c:%x::/64", state.next);
            Delegation made;
            made.delegation = "d-" + std::to_string(state.next++);
            made.created_by = call.op_id();
            made.instance = instance_;
            made.prefix = prefix;
            made.mode = "routed";
            made.tags = request.tags;
            state.leases.push_back({made, request});
            return made;
        });
    }
    Result<Delegation> delegation_renew(const sdk::Call& call, const std::string& id) {
        return backend_.verb("delegation_renew", &call, [&](Ipv6State& state) -> Result<Delegation> {
            for (const Lease& lease : state.leases)
                if (lease.delegation.delegation == id) return lease.delegation;
            return gone(id);
        });
    }
    Status delegation_release(const sdk::Call& call, const std::string& id) {
        return backend_.verb("delegation_release", &call, [&](Ipv6State& state) -> Status {
            std::erase_if(state.leases, [&](const Lease& lease) { return lease.delegation.delegation == id; });
            return {};
        });
    }
    Result<DelegationPage> delegation_list(std::string_view page) {
        return backend_.verb("delegation_list", nullptr, [&](Ipv6State& state) -> Result<DelegationPage> {
            std::vector<Delegation> all;
            for (const Lease& lease : state.leases) all.push_back(lease.delegation);
            auto some = page_of(all, page);
            if (!some) return some.failure();
            return DelegationPage{std::move(some->first), std::move(some->second)};
        });
    }

private:
    std::string instance_;
    Ipv6Backend backend_;
};

}  // namespace
}  // namespace bh::mem

BH_PLUGIN(bh::mem::MemIpv6)
