// Host routes, permanent neighbours and neighbour proxies, IPv6 only. What we make carries the protocol number
// kProtocol, so that it is told from what the operator or a routing daemon made.
#pragma once

#include "kernel/net/address.hpp"
#include "kernel/net/netlink.hpp"

#include <optional>
#include <vector>

namespace bh::net {

inline constexpr std::uint8_t kProtocol = 98;  // not one of /etc/iproute2/rt_protos

struct HostRoute {  // a /128 of the main table
    Ipv6Address address;
    int link = 0;
    std::uint8_t protocol = 0;
    bool operator==(const HostRoute&) const = default;
};
Result<std::vector<HostRoute>> list_host_routes(Netlink& netlink);
Status add_host_route(Netlink& netlink, const Ipv6Address& address, int link);  // ok when it is there
Status remove_host_route(Netlink& netlink, const Ipv6Address& address, int link);

struct Neighbour {
    Ipv6Address address;
    int link = 0;
    std::optional<MacAddress> mac;
    bool permanent = false;
    std::uint8_t protocol = 0;
};
Result<std::vector<Neighbour>> list_neighbours(Netlink& netlink);
Status set_neighbour(Netlink& netlink, const Ipv6Address& address, const MacAddress& mac, int link);
Status remove_neighbour(Netlink& netlink, const Ipv6Address& address, int link);

// The host answers neighbour solicitations for `address` on `link`.
Result<std::vector<Neighbour>> list_proxies(Netlink& netlink);
Status add_proxy(Netlink& netlink, const Ipv6Address& address, int link);
Status remove_proxy(Netlink& netlink, const Ipv6Address& address, int link);

}  // namespace bh::net
