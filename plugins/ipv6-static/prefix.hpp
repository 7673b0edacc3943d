// An IPv6 prefix as an operator writes it, and what kind of addresses it holds. Plain values.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bh::ipv6_static {

using Address = std::array<std::uint8_t, 16>;

// Failures hold only what is wrong: the caller knows which field it is.
Result<Address> parse_address(std::string_view text);
std::string address_text(const Address& address);  // canonical

enum class Scope { global, unique_local, documentation, unusable };

struct Prefix {
    Address base{};
    unsigned length = 0;

    [[nodiscard]] bool contains(const Address& address) const;
    [[nodiscard]] std::string text() const;  // canonical
    [[nodiscard]] Scope scope() const;
};

// "2001:db8:1::/64". Bits behind the length must be zero; any spelling of the address is taken.
Result<Prefix> parse_prefix(std::string_view text);

}  // namespace bh::ipv6_static
