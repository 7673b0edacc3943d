#include "kernel/net/system.hpp"

#include <algorithm>

namespace bh::net {
namespace {

Failure conflict(std::string reason, std::string message) {
    return {BH_E_CONFLICT, std::move(reason), std::move(message)};
}

}  // namespace

std::vector<OwnTap> own_taps(const std::vector<Link>& links) {
    std::vector<OwnTap> taps;
    for (const auto& link : links) {
        auto name = InterfaceName::parse_tap(link.name, "tap");
        if (!name) continue;
        if (auto assignment = parse_alias(*name, link.alias)) taps.push_back({link, *assignment});
    }
    return taps;
}

std::vector<Assignment> assignments_of(const std::vector<OwnTap>& taps) {
    std::vector<Assignment> assignments;
    for (const auto& tap : taps) assignments.push_back(tap.assignment);
    return assignments;
}

const Link* Snapshot::link(const InterfaceName& name) const {
    const auto it = std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.name == name.text(); });
    return it == links.end() ? nullptr : &*it;
}

Result<Snapshot> take_snapshot(Netlink& netlink, Nftables& nft) {
    auto links = list_links(netlink);
    if (!links) return links.failure();
    auto addresses = list_addresses(netlink);
    if (!addresses) return addresses.failure();
    auto routes = list_host_routes(netlink);
    if (!routes) return routes.failure();
    auto neighbours = list_neighbours(netlink);
    if (!neighbours) return neighbours.failure();
    auto proxies = list_proxies(netlink);
    if (!proxies) return proxies.failure();
    auto table = nft.query(list_sources());
    if (!table && table.failure().code != BH_E_NOT_FOUND) return table.failure();
    return Snapshot{std::move(*links),
                    std::move(*addresses),
                    std::move(*routes),
                    std::move(*neighbours),
                    std::move(*proxies),
                    table.ok(),
                    table ? allowed_sources(*table) : std::vector<AllowedSource>{}};
}

std::vector<std::string> missing_parts(const Snapshot& snapshot, const OwnTap& tap) {
    const auto& a = tap.assignment;
    if (a.blocked) return {};
    const int index = tap.link.index;
    const auto has = [](const auto& list, auto&& test) { return std::any_of(list.begin(), list.end(), test); };
    std::vector<std::string> missing;
    if (!tap.link.up) missing.emplace_back("link");
    if (!has(snapshot.addresses, [&](const auto& x) { return x.link == index && x.address == gateway_address(); }))
        missing.emplace_back("gateway");
    if (!has(snapshot.routes, [&](const auto& x) { return x.link == index && x.address == a.address; }))
        missing.emplace_back("route");
    if (!has(snapshot.neighbours,
             [&](const auto& x) { return x.link == index && x.address == a.address && x.mac == a.mac && x.permanent; }))
        missing.emplace_back("neighbour");
    const Link* uplink = snapshot.link(a.uplink);
    if (a.mode == Mode::on_link && (uplink == nullptr || !has(snapshot.proxies, [&](const auto& x) {
                                        return x.link == uplink->index && x.address == a.address;
                                    })))
        missing.emplace_back("proxy");
    const AllowedSource wanted{a.tap.text(), a.mac.text(), a.address.text()};
    if (!has(snapshot.sources, [&](const auto& x) { return x == wanted; })) missing.emplace_back("rules");
    return missing;
}

std::optional<Failure> conflict_with(const std::vector<Link>& links, const std::vector<InterfaceAddress>& addresses,
                                     const std::vector<HostRoute>& routes, const Assignment& wanted) {
    const std::string address = wanted.address.text();
    const Link* own = nullptr;
    for (const auto& link : links) {
        if (link.name == wanted.tap.text()) own = &link;
    }
    const auto taps = own_taps(links);
    if (own != nullptr &&
        std::none_of(taps.begin(), taps.end(), [&](const auto& t) { return t.link.index == own->index; }))
        return conflict(
            "tap_foreign",
            "\"tap\": " + own->name + " exists and was not made by netd; remove it or rename it if it is not needed");
    for (const auto& tap : taps) {
        const bool same_tap = tap.assignment.tap == wanted.tap;
        if (same_tap && tap.assignment.owner != wanted.owner)
            return conflict("tap_owner", "\"tap\": " + tap.link.name + " belongs to " + tap.assignment.owner);
        if (!same_tap && tap.assignment.address == wanted.address)
            return conflict("address_owner",
                            "\"address\": " + address + " belongs to " + tap.assignment.owner + " on " + tap.link.name);
    }
    for (const auto& used : addresses) {
        if (used.address == wanted.address)
            return conflict(
                "address_host",
                "\"address\": " + address + " is an address of this host; reserve it in the provider's configuration");
    }
    for (const auto& route : routes) {
        if (route.address == wanted.address && (own == nullptr || route.link != own->index))
            return conflict("address_routed", "\"address\": this host has a route to " + address +
                                                  " that is not ours; see `ip -6 route show " + address + "`");
    }
    return std::nullopt;
}

}  // namespace bh::net
