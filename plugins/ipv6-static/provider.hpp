// The provider: hands its one prefix out, whole, to one delegation at a time. Thread-safe.
//
// What was handed out is in the kernel's store, one key per op_id, so that the same op_id finds its delegation again
// after any crash. A change of the configured prefix makes earlier delegations "forgotten": renew says NOT_FOUND, and
// the kernel acquires the new one.
#pragma once

#include "plugin-api/sdk/cpp/plugin.hpp"
#include "plugins/ipv6-static/config.hpp"

#include <memory>
#include <mutex>

namespace bh::ipv6_static {

class Provider {
public:
    static constexpr std::string_view kId = "org.blockhost.ipv6-static";
    static constexpr std::string_view kVersion = "0.1.0";

    static Result<std::unique_ptr<Provider>> create(const sdk::Kernel& kernel, std::string_view config);
    static Result<std::vector<Finding>> check(const sdk::Kernel& kernel, std::string_view config,
                                              std::uint64_t deadline_ns);

    Provider(const sdk::Kernel& kernel, Config config) : kernel_{kernel}, config_{std::move(config)} {}

    Result<std::string> health();
    Result<Ipv6Description> describe();
    Result<Delegation> delegation_acquire(const sdk::Call& call, const DelegationRequest& request);
    Result<Delegation> delegation_renew(const sdk::Call& call, const std::string& delegation);
    Status delegation_release(const sdk::Call& call, const std::string& delegation);
    Result<DelegationPage> delegation_list(std::string_view page);

private:
    [[nodiscard]] Delegation document(const std::string& op_id, const DelegationRequest& request) const;
    // Another delegation of the configured prefix, or "".
    Result<std::string> holder() const;

    sdk::Kernel kernel_;
    Config config_;
    std::mutex mutex_;
};

}  // namespace bh::ipv6_static
