// Kernel settings of this network namespace through /proc/sys/net, and a record of what was changed. A setting that has
// the wanted value already is not written. Thread-compatible.
#pragma once

#include "kernel/net/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bh::net {

class Sysctls {
public:
    struct Change {
        std::string key, from, to;
    };

    explicit Sysctls(std::string root = "/proc/sys/net") : root_{std::move(root)} {}

    // `path` is below the root: "ipv6/conf/all/forwarding". Made of literals and InterfaceNames only.
    [[nodiscard]] Result<std::string> read(const std::string& path) const;
    Status ensure(const std::string& path, std::string_view value);
    // As ensure(), for the interface of a tap: not recorded, because it goes away with the tap.
    Status ensure_quietly(const std::string& path, std::string_view value);
    [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }

private:
    std::string root_;
    std::vector<Change> changes_;
};

// Turns the host into a router for guests: IPv6 forwarding on. Every interface that took router advertisements goes on
// taking them (accept_ra 1 -> 2), because the kernel otherwise drops the host's own default route at that moment.
Status enable_forwarding(Sysctls& sysctls, const std::vector<std::string>& interfaces);

// What an uplink needs so that the host answers for on-link guests at once.
Status enable_proxy(Sysctls& sysctls, const InterfaceName& uplink);

// A tap: forwards, takes no advertisement or redirect from the guest, and answers no ARP.
Status prepare_tap(Sysctls& sysctls, const InterfaceName& tap);

}  // namespace bh::net
