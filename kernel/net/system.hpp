// A look at what is on the system now: taps of ours with their assignments, and what each of them lacks. Nothing here
// changes anything.
#pragma once

#include "kernel/net/assignment.hpp"
#include "kernel/net/links.hpp"
#include "kernel/net/nft.hpp"
#include "kernel/net/routes.hpp"
#include "kernel/net/ruleset.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bh::net {

struct OwnTap {
    Link link;
    Assignment assignment;
};

// Interfaces that carry our alias.
std::vector<OwnTap> own_taps(const std::vector<Link>& links);
std::vector<Assignment> assignments_of(const std::vector<OwnTap>& taps);

struct Snapshot {
    std::vector<Link> links;
    std::vector<InterfaceAddress> addresses;
    std::vector<HostRoute> routes;
    std::vector<Neighbour> neighbours, proxies;
    bool table = false;
    std::vector<AllowedSource> sources;

    [[nodiscard]] const Link* link(const InterfaceName& name) const;
};
Result<Snapshot> take_snapshot(Netlink& netlink, Nftables& nft);

// "link", "gateway", "route", "neighbour", "proxy", "rules": what an open assignment lacks. Empty for a blocked one.
std::vector<std::string> missing_parts(const Snapshot& snapshot, const OwnTap& tap);

// Why `wanted` may not be applied: its tap, or its address, is somebody else's.
std::optional<Failure> conflict_with(const std::vector<Link>& links, const std::vector<InterfaceAddress>& addresses,
                                     const std::vector<HostRoute>& routes, const Assignment& wanted);

}  // namespace bh::net
