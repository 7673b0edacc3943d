#include "tests/net/frame.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace bh::nettest {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800, kArp = 0x0806, kIpv6 = 0x86dd;
constexpr std::uint8_t kUdp = 17, kIcmp6 = 58;

void put16(Frame& out, std::uint32_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void append(Frame& out, const Frame& more) { out.insert(out.end(), more.begin(), more.end()); }

Frame mac_bytes(const std::string& text) {
    std::array<unsigned, 6> b{};
    if (std::sscanf(text.c_str(), "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]) != 6)
        throw std::runtime_error{"bad MAC in a test"};
    return {b.begin(), b.end()};
}

Frame ipv4_bytes(const std::string& text) {
    Frame bytes(4);
    if (::inet_pton(AF_INET, text.c_str(), bytes.data()) != 1) throw std::runtime_error{"bad IPv4 address in a test"};
    return bytes;
}

std::uint16_t checksum(const Frame& data) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < data.size(); i += 2)
        sum += static_cast<std::uint32_t>(data[i] << 8) + (i + 1 < data.size() ? data[i + 1] : 0U);
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

Frame ethernet(const Ends& ends, std::uint16_t type) {
    Frame out = mac_bytes(ends.to_mac);
    append(out, mac_bytes(ends.from_mac));
    put16(out, type);
    return out;
}

// `payload` has a zero checksum at `sum_at`, which is filled in over the pseudo header (RFC 8200 section 8.1).
Frame ipv6(const Ends& ends, std::uint8_t protocol, Frame payload, std::size_t sum_at, std::uint8_t hop_limit) {
    Frame pseudo = address_bytes(ends.from);
    append(pseudo, address_bytes(ends.to));
    put16(pseudo, 0);
    put16(pseudo, static_cast<std::uint32_t>(payload.size()));
    append(pseudo, {0, 0, 0, protocol});
    append(pseudo, payload);
    const auto sum = checksum(pseudo);
    payload[sum_at] = static_cast<std::uint8_t>(sum >> 8);
    payload[sum_at + 1] = static_cast<std::uint8_t>(sum);
    Frame out = ethernet(ends, kIpv6);
    append(out, {0x60, 0, 0, 0});
    put16(out, static_cast<std::uint32_t>(payload.size()));
    append(out, {protocol, hop_limit});
    append(out, address_bytes(ends.from));
    append(out, address_bytes(ends.to));
    append(out, payload);
    return out;
}

Frame udp(std::uint16_t port, const std::string& text) {
    Frame payload;
    put16(payload, 40000);
    put16(payload, port);
    put16(payload, static_cast<std::uint32_t>(8 + text.size()));
    put16(payload, 0);
    payload.insert(payload.end(), text.begin(), text.end());
    return payload;
}

std::uint16_t type_of(const Frame& frame) {
    return frame.size() < 14 ? std::uint16_t{0} : static_cast<std::uint16_t>(frame[12] << 8 | frame[13]);
}

}  // namespace

std::vector<std::uint8_t> address_bytes(const std::string& text) {
    Frame bytes(16);
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) throw std::runtime_error{"bad address in a test"};
    return bytes;
}

Frame udp_frame(const Ends& ends, std::uint16_t port, const std::string& text) {
    return ipv6(ends, kUdp, udp(port, text), 6, 64);
}

Frame icmp6_frame(const Ends& ends, std::uint8_t type, const Frame& body, std::uint8_t hop_limit) {
    Frame payload{type, 0, 0, 0};
    append(payload, body);
    return ipv6(ends, kIcmp6, payload, 2, hop_limit);
}

Frame ipv4_udp_frame(const Ends& ends, std::uint16_t port, const std::string& text) {
    const Frame payload = udp(port, text);  // without a checksum, as IPv4 allows
    Frame header{0x45, 0};
    put16(header, static_cast<std::uint32_t>(20 + payload.size()));
    append(header, {0, 1, 0, 0, 64, kUdp, 0, 0});
    append(header, ipv4_bytes(ends.from));
    append(header, ipv4_bytes(ends.to));
    const auto sum = checksum(header);
    header[10] = static_cast<std::uint8_t>(sum >> 8);
    header[11] = static_cast<std::uint8_t>(sum);
    Frame out = ethernet(ends, kIpv4);
    append(out, header);
    append(out, payload);
    return out;
}

Frame arp_request(const Ends& ends) {
    Frame out = ethernet({ends.from_mac, "ff:ff:ff:ff:ff:ff", "", ""}, kArp);
    append(out, {0, 1, 8, 0, 6, 4, 0, 1});
    append(out, mac_bytes(ends.from_mac));
    append(out, ipv4_bytes(ends.from));
    append(out, {0, 0, 0, 0, 0, 0});
    append(out, ipv4_bytes(ends.to));
    return out;
}

Frame neighbour_body(const std::string& target, std::uint8_t option, const std::string& mac, std::uint8_t flags) {
    Frame body{flags, 0, 0, 0};
    append(body, address_bytes(target));
    append(body, {option, 1});
    append(body, mac_bytes(mac));
    return body;
}

Frame router_advertisement_body() {
    Frame body{64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0};               // a default router
    append(body, {3, 4, 64, 0xc0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0});  // and a prefix
    append(body, address_bytes("2001:db8:bad::"));
    return body;
}

bool is_icmp6(const Frame& frame, std::uint8_t type) {
    return type_of(frame) == kIpv6 && frame.size() > 54 && frame[20] == kIcmp6 && frame[54] == type;
}

bool is_arp(const Frame& frame) { return type_of(frame) == kArp; }

bool contains(const Frame& frame, const std::string& text) {
    return std::search(frame.begin(), frame.end(), text.begin(), text.end()) != frame.end();
}

}  // namespace bh::nettest
