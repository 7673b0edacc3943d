#include "plugins/ipv6-static/prefix.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace bh::ipv6_static {
namespace {

bool same_bits(const Address& a, const Address& b, unsigned length) {
    for (unsigned bit = 0; bit < length; ++bit) {
        if (((a[bit / 8] ^ b[bit / 8]) & (0x80U >> (bit % 8))) != 0) return false;
    }
    return true;
}

bool within(const Prefix& prefix, const Prefix& larger) {
    return prefix.length >= larger.length && larger.contains(prefix.base);
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
    Address address{};
    const std::string terminated{text};
    if (text.find('\0') != std::string_view::npos || ::inet_pton(AF_INET6, terminated.c_str(), address.data()) != 1)
        return invalid("bad_address", "it is no IPv6 address");
    return address;
}

std::string address_text(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return ::inet_ntop(AF_INET6, address.data(), buffer.data(), buffer.size());
}

bool Prefix::contains(const Address& address) const { return same_bits(base, address, length); }

std::string Prefix::text() const { return address_text(base) + "/" + std::to_string(length); }

Scope Prefix::scope() const {
    const Prefix kGlobal{{0x20}, 3}, kUniqueLocal{{0xfc}, 7};
    const Prefix kDocumentation{{0x20, 0x01, 0x0d, 0xb8}, 32}, kNewDocumentation{{0x3f, 0xff}, 20};  // RFC 3849, 9637
    if (within(*this, kDocumentation) || within(*this, kNewDocumentation)) return Scope::documentation;
    if (within(*this, kUniqueLocal)) return Scope::unique_local;
    return within(*this, kGlobal) ? Scope::global : Scope::unusable;
}

Result<Prefix> parse_prefix(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return invalid("no_length", "it has no length, like the /64 of 2001:db8:1::/64");
    auto base = parse_address(text.substr(0, slash));
    if (!base) return invalid("bad_address", "what is before the / is no IPv6 address");
    const auto digits = text.substr(slash + 1);
    Prefix prefix{*base, 0};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix.length);
    if (error != std::errc{} || end != digits.data() + digits.size() || prefix.length > 128)
        return invalid("bad_length", "its length is not a number from 0 to 128");
    for (unsigned bit = prefix.length; bit < 128; ++bit) {
        if ((prefix.base[bit / 8] & (0x80U >> (bit % 8))) != 0)
            return invalid("host_bits", "it has bits set behind its length");
    }
    return prefix;
}

}  // namespace bh::ipv6_static
