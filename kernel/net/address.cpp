#include "kernel/net/address.hpp"

#include "kernel/ipc/wire.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace bh::net {
namespace {

Failure refused(std::string_view field, std::string_view text, std::string_view what) {
    return invalid("bad_value",
                   "\"" + std::string{field} + "\": \"" + ipc::printable(text) + "\" " + std::string{what});
}

bool name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

bool hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

Result<Ipv6Address> Ipv6Address::parse(std::string_view text, std::string_view field) {
    Octets octets{};
    const std::string terminated{text};
    if (text.find('\0') != std::string_view::npos || ::inet_pton(AF_INET6, terminated.c_str(), octets.data()) != 1) {
        return refused(field, text, "is no IPv6 address; write it like 2001:db8::7, without a prefix length");
    }
    return Ipv6Address{octets};
}

std::string Ipv6Address::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return ::inet_ntop(AF_INET6, octets_.data(), buffer.data(), buffer.size());
}

bool Ipv6Address::assignable() const noexcept { return (octets_[0] & 0xe0) == 0x20 || (octets_[0] & 0xfe) == 0xfc; }

Result<Ipv6Prefix> Ipv6Prefix::parse(std::string_view text, std::string_view field) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return refused(field, text, "has no prefix length; write it like 2001:db8::/64");
    auto base = Ipv6Address::parse(text.substr(0, slash), field);
    if (!base) return base.failure();
    const auto digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > 128) {
        return refused(field, text, "has a prefix length that is not from 0 to 128");
    }
    const Ipv6Prefix prefix{*base, length};
    for (unsigned bit = length; bit < 128; ++bit) {
        if ((base->octets()[bit / 8] & (0x80U >> (bit % 8))) != 0) {
            return refused(field, text, "has bits set behind its length; set them to zero");
        }
    }
    return prefix;
}

bool Ipv6Prefix::contains(const Ipv6Address& address) const noexcept {
    for (unsigned bit = 0; bit < length_; ++bit) {
        const unsigned mask = 0x80U >> (bit % 8);
        if (((base_.octets()[bit / 8] ^ address.octets()[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

std::string Ipv6Prefix::text() const { return base_.text() + "/" + std::to_string(length_); }

Result<MacAddress> MacAddress::parse(std::string_view text, std::string_view field) {
    constexpr std::string_view kShape = "is no MAC address; write it like 52:54:00:12:34:56";
    if (text.size() != 17) return refused(field, text, kShape);
    Octets octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const char* first = text.data() + 3 * i;
        const auto [end, error] = std::from_chars(first, first + 2, octets[i], 16);
        if (error != std::errc{} || end != first + 2 || (i < 5 && *end != ':')) return refused(field, text, kShape);
    }
    if ((octets[0] & 1) != 0)
        return refused(field, text, "is a multicast address; clear the lowest bit of its first byte");
    if (octets == Octets{}) return refused(field, text, "is all zero; give the VM an address");
    return MacAddress{octets};
}

std::string MacAddress::text() const {
    std::array<char, 18> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%02x:%02x:%02x:%02x:%02x:%02x", octets_[0], octets_[1], octets_[2],
                  octets_[3], octets_[4], octets_[5]);
    return buffer.data();
}

Ipv6Address MacAddress::link_local() const {
    const auto flipped = static_cast<std::uint8_t>(octets_[0] ^ 0x02);
    return Ipv6Address{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, flipped, octets_[1], octets_[2], 0xff, 0xfe, octets_[3],
                        octets_[4], octets_[5]}};
}

Result<InterfaceName> InterfaceName::parse(std::string_view text, std::string_view field) {
    if (text.empty() || text.size() > 15 || text == "." || text == ".." ||
        !std::all_of(text.begin(), text.end(), name_character)) {
        return refused(field, text, "is no interface name; see `ip link` for those of this host");
    }
    return InterfaceName{text};
}

Result<InterfaceName> InterfaceName::parse_tap(std::string_view text, std::string_view field) {
    if (text.size() != 14 || !text.starts_with("bh") || !std::all_of(text.begin() + 2, text.end(), hex_digit)) {
        return refused(field, text, "is no tap of ours; it must be \"bh\" and 12 lower-case hex digits");
    }
    return InterfaceName{text};
}

Ipv6Address gateway_address() { return Ipv6Address{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}; }

}  // namespace bh::net
