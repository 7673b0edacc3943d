// Ethernet frames as a guest could write them, right or forged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bh::nettest {

using Frame = std::vector<std::uint8_t>;

struct Ends {
    std::string from_mac, to_mac, from, to;  // as text
};

Frame udp_frame(const Ends& ends, std::uint16_t port, const std::string& text);
Frame icmp6_frame(const Ends& ends, std::uint8_t type, const Frame& body, std::uint8_t hop_limit = 255);
Frame ipv4_udp_frame(const Ends& ends, std::uint16_t port, const std::string& text);
Frame arp_request(const Ends& ends);

// Bytes of bodies: 4 reserved bytes, the target, and a link-layer address option of `type` (1 source, 2 target).
Frame neighbour_body(const std::string& target, std::uint8_t option, const std::string& mac, std::uint8_t flags = 0);
Frame router_advertisement_body();
std::vector<std::uint8_t> address_bytes(const std::string& text);

bool is_icmp6(const Frame& frame, std::uint8_t type);
bool is_arp(const Frame& frame);
bool contains(const Frame& frame, const std::string& text);

}  // namespace bh::nettest
