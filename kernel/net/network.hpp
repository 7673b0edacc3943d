// What netd does, typed: the verbs of docs/contracts.md on the real system. Not thread-safe: one verb at a time.
//
// Nothing is remembered here. What belongs to whom is read from the aliases of the taps at each verb, so a verb that
// was cut off by a kill is finished or undone by the same verb again.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "kernel/net/sysctl.hpp"
#include "kernel/net/system.hpp"

#include <string>
#include <vector>

namespace bh::net {

struct NetworkOptions {
    RulesetConfig rules;               // at least one uplink
    std::vector<Ipv6Prefix> prefixes;  // where VM addresses may be; empty = any that is assignable
    std::string tun = "/dev/net/tun";
};

struct Observed {
    Assignment assignment;
    std::vector<std::string> missing;
};

struct Finding {
    std::string field, severity, message, remedy;  // as Finding
};

struct StatusReport {
    bool table = false, forwarding = false;
    std::vector<Sysctls::Change> changed;
    std::vector<Finding> findings;
};

class Network {
public:
    static Result<Network> open(NetworkOptions options);

    // Puts the table up from what is on the system, in one transaction: packets of running VMs pass all the while.
    Status start();

    // A VM's `uplink` must be one of the options'. Undone when it fails and the tap was not there before.
    Status apply(const Assignment& wanted);
    Status block(const InterfaceName& tap, const std::string& owner);
    Status remove(const InterfaceName& tap, const std::string& owner);
    Result<std::vector<Observed>> list();
    Result<Fd> open_tap(const InterfaceName& tap, const std::string& owner);
    Result<StatusReport> status();

    [[nodiscard]] const std::vector<InterfaceName>& uplinks() const { return options_.rules.uplinks; }
    [[nodiscard]] const InterfaceName& default_uplink() const { return options_.rules.uplinks.front(); }

private:
    Network(NetworkOptions options, Netlink netlink) : options_{std::move(options)}, netlink_{std::move(netlink)} {}

    Status check(const Assignment& wanted) const;
    Result<Link> make_tap(const Assignment& wanted);
    Status change_tap(const OwnTap& tap, const Assignment& wanted);
    Status set_rules(const nlohmann::json& commands);
    Status connect(const Link& tap, const Link& uplink, const Assignment& wanted);
    Status withdraw(const Link& tap, const Assignment& old);
    Status sweep_proxies();
    // nullopt: no such tap. BH_E_CONFLICT: it is another owner's, or not ours at all.
    Result<std::optional<OwnTap>> find_own(const InterfaceName& tap, const std::string& owner);

    NetworkOptions options_;
    Netlink netlink_;
    Nftables nft_;
    Sysctls sysctls_;
};

}  // namespace bh::net
