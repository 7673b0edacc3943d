// Network interfaces: list, change, remove. What is left behind by a removed link (routes, neighbours, addresses) goes
// with it in the kernel.
#pragma once

#include "kernel/net/address.hpp"
#include "kernel/net/netlink.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bh::net {

// The interface group of every tap of ours: the rule set knows guests by it, so that a tap is closed from the moment it
// exists, whether or not a VM is assigned to it.
inline constexpr std::uint32_t kTapGroup = 45324;  // 0xb10c

struct Link {
    int index = 0;
    std::string name;
    std::string alias;
    std::uint32_t group = 0;
    bool up = false;  // administratively
};

Result<std::vector<Link>> list_links(Netlink& netlink);
Result<std::optional<Link>> find_link(Netlink& netlink, const InterfaceName& name);

// Makes the interface a closed tap of ours: group, alias, our MAC on the host's side, no link-local address of its own.
Status adopt_tap(Netlink& netlink, const Link& link, std::string_view alias);
Status set_alias(Netlink& netlink, const Link& link, std::string_view alias);
Status set_up(Netlink& netlink, const Link& link, bool up);
Status remove_link(Netlink& netlink, const Link& link);  // ok when it is gone already

struct InterfaceAddress {
    int link = 0;
    Ipv6Address address;
};
Result<std::vector<InterfaceAddress>> list_addresses(Netlink& netlink);
// fe80::1/64, without duplicate address detection: the tap has nobody else who may hold it.
Status add_gateway(Netlink& netlink, const Link& link);

}  // namespace bh::net
