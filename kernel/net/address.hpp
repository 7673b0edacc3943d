// The values that netd works with, each made only from text that was checked: addresses, prefixes, MAC addresses and
// interface names. Nothing else ever reaches nftables, netlink or /proc/sys. Plain values, thread-safe.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace bh::net {

class Ipv6Address {
public:
    using Octets = std::array<std::uint8_t, 16>;
    explicit Ipv6Address(const Octets& octets) : octets_{octets} {}

    // Any textual form of RFC 4291, without a scope or a prefix length. `field` names the value in the error.
    static Result<Ipv6Address> parse(std::string_view text, std::string_view field);

    [[nodiscard]] const Octets& octets() const noexcept { return octets_; }
    [[nodiscard]] std::string text() const;  // canonical
    // May a VM have it: global unicast (2000::/3) or unique local (fc00::/7).
    [[nodiscard]] bool assignable() const noexcept;
    auto operator<=>(const Ipv6Address&) const = default;

private:
    Octets octets_;
};

class Ipv6Prefix {
public:
    // "2001:db8:1::/64"; bits behind the length must be zero.
    static Result<Ipv6Prefix> parse(std::string_view text, std::string_view field);
    [[nodiscard]] bool contains(const Ipv6Address& address) const noexcept;
    [[nodiscard]] std::string text() const;

private:
    Ipv6Prefix(Ipv6Address base, unsigned length) : base_{base}, length_{length} {}
    Ipv6Address base_;
    unsigned length_;
};

class MacAddress {
public:
    using Octets = std::array<std::uint8_t, 6>;
    explicit MacAddress(const Octets& octets) : octets_{octets} {}

    // "52:54:00:12:34:56"; a multicast or all-zero address is refused.
    static Result<MacAddress> parse(std::string_view text, std::string_view field);

    [[nodiscard]] const Octets& octets() const noexcept { return octets_; }
    [[nodiscard]] std::string text() const;
    // fe80::/64 with the modified EUI-64 of this address: what a guest gives itself (RFC 4291, appendix A).
    [[nodiscard]] Ipv6Address link_local() const;
    auto operator<=>(const MacAddress&) const = default;

private:
    Octets octets_;
};

class InterfaceName {
public:
    // What the kernel takes, without what only confuses people: [A-Za-z0-9._-]{1,15}, not "." or "..".
    static Result<InterfaceName> parse(std::string_view text, std::string_view field);
    // A tap of ours: "bh" and 12 lower-case hex digits.
    static Result<InterfaceName> parse_tap(std::string_view text, std::string_view field);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    auto operator<=>(const InterfaceName&) const = default;

private:
    explicit InterfaceName(std::string_view text) : text_{text} {}
    std::string text_;
};

// `fe80::1`: the host's side of every tap, and every guest's default gateway.
Ipv6Address gateway_address();

}  // namespace bh::net
