// A TCP endpoint as manifests, grants and settings write it: "host:port", an IPv6 address in brackets. Values; pure.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace bh::plugins {

struct Endpoint {
    std::string host;  // a name in lower case, or an IP address in its canonical text, without brackets
    std::uint16_t port = 0;
    bool is_address = false;

    auto operator<=>(const Endpoint&) const = default;
    [[nodiscard]] std::string text() const;
};

// As a plugin asks for it. BH_E_INVALID "bad_host": no name of RFC 1123 and no address; also the spellings of IPv4
// that only some libraries take for an address ("127.1", "0x7f000001"), and port 0.
Result<Endpoint> make_endpoint(std::string_view host, std::uint32_t port);
// "host:port".
Result<Endpoint> parse_endpoint(std::string_view text);
// The same, or an http, https, ws or wss URL, whose scheme has a port.
Result<Endpoint> endpoint_of_setting(std::string_view text);

}  // namespace bh::plugins
