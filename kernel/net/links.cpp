#include "kernel/net/links.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace bh::net {
namespace {

// The same on all taps: each is a link of its own, and a guest that is restored from a saved state or whose tap was
// made again finds its gateway without asking. Locally administered, unicast.
constexpr std::array<std::uint8_t, 6> kHostMac{0xfe, 0x62, 0x68, 0x00, 0x00, 0x01};

ifinfomsg link_header(int index) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = index;
    return header;
}

Link read_link(const nlmsghdr* message) {
    const auto* header = reinterpret_cast<const ifinfomsg*>(message + 1);
    Link link;
    link.index = header->ifi_index;
    link.up = (header->ifi_flags & IFF_UP) != 0;
    for_each_attribute(message, sizeof *header, [&](std::uint16_t type, std::span<const std::uint8_t> payload) {
        if (type == IFLA_IFNAME) link.name = text_of(payload);
        if (type == IFLA_IFALIAS) link.alias = text_of(payload);
        if (type == IFLA_GROUP) link.group = u32_of(payload);
    });
    return link;
}

Status done(int error, const std::string& what) { return error == 0 ? Status{} : netlink_failure(what, error); }

}  // namespace

Result<std::vector<Link>> list_links(Netlink& netlink) {
    std::vector<Link> links;
    Message message{RTM_GETLINK, 0, link_header(0)};
    const int error =
        netlink.dump(message, [&] { links.clear(); }, [&](const nlmsghdr* m) { links.push_back(read_link(m)); });
    if (error != 0) return netlink_failure("list the interfaces", error);
    return links;
}

Result<std::optional<Link>> find_link(Netlink& netlink, const InterfaceName& name) {
    auto links = list_links(netlink);
    if (!links) return links.failure();
    const auto it = std::find_if(links->begin(), links->end(), [&](const Link& l) { return l.name == name.text(); });
    return it == links->end() ? std::optional<Link>{} : std::optional<Link>{*it};
}

Status adopt_tap(Netlink& netlink, const Link& link, std::string_view alias) {
    Message message{RTM_NEWLINK, 0, link_header(link.index)};
    message.put_text(IFLA_IFALIAS, alias).put_u32(IFLA_GROUP, kTapGroup).put(IFLA_ADDRESS, kHostMac);
    message.nest(IFLA_AF_SPEC, [](Message& m) {
        m.nest(AF_INET6, [](Message& inet6) { inet6.put_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE); });
    });
    return done(netlink.execute(message), "set up the tap " + link.name);
}

Status set_alias(Netlink& netlink, const Link& link, std::string_view alias) {
    Message message{RTM_NEWLINK, 0, link_header(link.index)};
    message.put_text(IFLA_IFALIAS, alias);
    return done(netlink.execute(message), "write the owner to " + link.name);
}

Status set_up(Netlink& netlink, const Link& link, bool up) {
    ifinfomsg header = link_header(link.index);
    header.ifi_flags = up ? IFF_UP : 0;
    header.ifi_change = IFF_UP;
    Message message{RTM_NEWLINK, 0, header};
    return done(netlink.execute(message), (up ? "bring up " : "bring down ") + link.name);
}

Status remove_link(Netlink& netlink, const Link& link) {
    Message message{RTM_DELLINK, 0, link_header(link.index)};
    const int error = netlink.execute(message);
    return done(error == ENODEV ? 0 : error, "remove " + link.name);
}

Result<std::vector<InterfaceAddress>> list_addresses(Netlink& netlink) {
    std::vector<InterfaceAddress> addresses;
    ifaddrmsg header{};
    header.ifa_family = AF_INET6;
    Message message{RTM_GETADDR, 0, header};
    const auto read = [&](const nlmsghdr* m) {
        const auto* h = reinterpret_cast<const ifaddrmsg*>(m + 1);
        for_each_attribute(m, sizeof *h, [&](std::uint16_t type, std::span<const std::uint8_t> payload) {
            if (type != IFA_ADDRESS || payload.size() != 16) return;
            Ipv6Address::Octets octets{};
            std::copy(payload.begin(), payload.end(), octets.begin());
            addresses.push_back({static_cast<int>(h->ifa_index), Ipv6Address{octets}});
        });
    };
    const int error = netlink.dump(message, [&] { addresses.clear(); }, read);
    if (error != 0) return netlink_failure("list the addresses", error);
    return addresses;
}

Status add_gateway(Netlink& netlink, const Link& link) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET6;
    header.ifa_prefixlen = 64;
    header.ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD;
    header.ifa_scope = RT_SCOPE_LINK;
    header.ifa_index = static_cast<std::uint32_t>(link.index);
    Message message{RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header};
    const auto gateway = gateway_address();
    message.put(IFA_LOCAL, gateway.octets()).put(IFA_ADDRESS, gateway.octets());
    const int error = netlink.execute(message);
    return done(error == EEXIST ? 0 : error, "give fe80::1 to " + link.name);
}

}  // namespace bh::net
