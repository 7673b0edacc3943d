#include "kernel/net/routes.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace bh::net {
namespace {

std::optional<Ipv6Address> address_of(std::span<const std::uint8_t> payload) {
    if (payload.size() != 16) return std::nullopt;
    Ipv6Address::Octets octets{};
    std::copy(payload.begin(), payload.end(), octets.begin());
    return Ipv6Address{octets};
}

std::optional<MacAddress> mac_of(std::span<const std::uint8_t> payload) {
    if (payload.size() != 6) return std::nullopt;
    MacAddress::Octets octets{};
    std::copy(payload.begin(), payload.end(), octets.begin());
    return MacAddress{octets};
}

Status done(int error, std::initializer_list<int> fine, const std::string& what) {
    if (error == 0 || std::find(fine.begin(), fine.end(), error) != fine.end()) return {};
    return netlink_failure(what, error);
}

Message route_message(std::uint16_t type, std::uint16_t flags, const Ipv6Address& address, int link) {
    rtmsg header{};
    header.rtm_family = AF_INET6;
    header.rtm_dst_len = 128;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = kProtocol;
    header.rtm_scope = RT_SCOPE_UNIVERSE;
    header.rtm_type = RTN_UNICAST;
    Message message{type, flags, header};
    message.put(RTA_DST, address.octets()).put_u32(RTA_OIF, static_cast<std::uint32_t>(link));
    return message;
}

ndmsg neighbour_header(int link, std::uint8_t flags) {
    ndmsg header{};
    header.ndm_family = AF_INET6;
    header.ndm_ifindex = link;
    header.ndm_state = NUD_PERMANENT;  // a proxy with this state stays when the link loses its carrier
    header.ndm_flags = flags;
    return header;
}

Result<std::vector<Neighbour>> list(Netlink& netlink, std::uint8_t flags) {
    std::vector<Neighbour> neighbours;
    Message message{RTM_GETNEIGH, 0, neighbour_header(0, flags)};
    const auto read = [&](const nlmsghdr* m) {
        const auto* header = reinterpret_cast<const ndmsg*>(m + 1);
        std::optional<Ipv6Address> address;
        std::optional<MacAddress> mac;
        std::uint8_t protocol = 0;
        for_each_attribute(m, sizeof *header, [&](std::uint16_t type, std::span<const std::uint8_t> payload) {
            if (type == NDA_DST) address = address_of(payload);
            if (type == NDA_LLADDR) mac = mac_of(payload);
            if (type == NDA_PROTOCOL && payload.size() == 1) protocol = payload[0];
        });
        if (header->ndm_family != AF_INET6 || !address) return;
        neighbours.push_back({*address, header->ndm_ifindex, mac, (header->ndm_state & NUD_PERMANENT) != 0, protocol});
    };
    const int error = netlink.dump(message, [&] { neighbours.clear(); }, read);
    if (error != 0) return netlink_failure("list the neighbours", error);
    return neighbours;
}

}  // namespace

Result<std::vector<HostRoute>> list_host_routes(Netlink& netlink) {
    std::vector<HostRoute> routes;
    rtmsg header{};
    header.rtm_family = AF_INET6;
    Message message{RTM_GETROUTE, 0, header};
    const auto read = [&](const nlmsghdr* m) {
        const auto* h = reinterpret_cast<const rtmsg*>(m + 1);
        if (h->rtm_dst_len != 128 || h->rtm_table != RT_TABLE_MAIN || h->rtm_type != RTN_UNICAST) return;
        std::optional<Ipv6Address> address;
        int link = 0;
        for_each_attribute(m, sizeof *h, [&](std::uint16_t type, std::span<const std::uint8_t> payload) {
            if (type == RTA_DST) address = address_of(payload);
            if (type == RTA_OIF) link = static_cast<int>(u32_of(payload));
        });
        if (address) routes.push_back({*address, link, h->rtm_protocol});
    };
    const int error = netlink.dump(message, [&] { routes.clear(); }, read);
    if (error != 0) return netlink_failure("list the routes", error);
    return routes;
}

Status add_host_route(Netlink& netlink, const Ipv6Address& address, int link) {
    auto message = route_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, address, link);
    return done(netlink.execute(message), {EEXIST}, "add the route to " + address.text());
}

Status remove_host_route(Netlink& netlink, const Ipv6Address& address, int link) {
    auto message = route_message(RTM_DELROUTE, 0, address, link);
    return done(netlink.execute(message), {ESRCH, ENODEV}, "remove the route to " + address.text());
}

Result<std::vector<Neighbour>> list_neighbours(Netlink& netlink) { return list(netlink, 0); }

Status set_neighbour(Netlink& netlink, const Ipv6Address& address, const MacAddress& mac, int link) {
    Message message{RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, neighbour_header(link, 0)};
    message.put(NDA_DST, address.octets()).put(NDA_LLADDR, mac.octets()).put_u8(NDA_PROTOCOL, kProtocol);
    return done(netlink.execute(message), {}, "set the neighbour " + address.text());
}

Status remove_neighbour(Netlink& netlink, const Ipv6Address& address, int link) {
    Message message{RTM_DELNEIGH, 0, neighbour_header(link, 0)};
    message.put(NDA_DST, address.octets());
    return done(netlink.execute(message), {ENOENT, ENODEV}, "remove the neighbour " + address.text());
}

Result<std::vector<Neighbour>> list_proxies(Netlink& netlink) { return list(netlink, NTF_PROXY); }

Status add_proxy(Netlink& netlink, const Ipv6Address& address, int link) {
    Message message{RTM_NEWNEIGH, NLM_F_CREATE, neighbour_header(link, NTF_PROXY)};
    message.put(NDA_DST, address.octets()).put_u8(NDA_PROTOCOL, kProtocol);
    return done(netlink.execute(message), {}, "answer for " + address.text() + " on the uplink");
}

Status remove_proxy(Netlink& netlink, const Ipv6Address& address, int link) {
    Message message{RTM_DELNEIGH, 0, neighbour_header(link, NTF_PROXY)};
    message.put(NDA_DST, address.octets());
    return done(netlink.execute(message), {ENOENT, ENODEV}, "stop answering for " + address.text());
}

}  // namespace bh::net
