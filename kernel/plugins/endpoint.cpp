#include "kernel/plugins/endpoint.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace bh::plugins {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::uint32_t kMaxPort = 65535;

Failure bad(std::string_view text) {
    return invalid("bad_host", "\"" + std::string{text.substr(0, 80)} +
                                   "\" is no endpoint; write host:port with a DNS name, an IPv4 address, or an IPv6 "
                                   "address in brackets");
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::string> canonical_address(std::string_view host) {
    const std::string text{host};
    for (const int family : {AF_INET, AF_INET6}) {
        std::array<unsigned char, sizeof(in6_addr)> bytes{};
        std::array<char, INET6_ADDRSTRLEN> out{};
        if (::inet_pton(family, text.c_str(), bytes.data()) != 1) continue;
        return std::string{::inet_ntop(family, bytes.data(), out.data(), out.size())};
    }
    return std::nullopt;
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; });
}

// A last label that begins with a digit is an address to some library.
bool is_dns_name(std::string_view name) {
    if (name.size() > kMaxName) return false;
    std::string_view last;
    for (std::string_view rest = name;;) {
        const std::size_t dot = rest.find('.');
        last = rest.substr(0, dot);
        if (!is_label(last)) return false;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    return !is_digit(last.front());
}

std::optional<std::uint32_t> port_of(std::string_view text) {
    std::uint32_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || text.front() == '0') return std::nullopt;
    return port;
}

// "host:port" or, where `absent` is not 0, "host".
Result<Endpoint> read_authority(std::string_view text, std::uint32_t absent) {
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return bad(text);
        host = text.substr(1, close - 1);
        if (host.find(':') == std::string_view::npos) return bad(text);
        port = text.substr(close + 1);
        if (!port.empty() && port.front() != ':') return bad(text);
    } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (port.empty()) return absent != 0 ? make_endpoint(host, absent) : Result<Endpoint>{bad(text)};
    const auto number = port_of(port.substr(1));
    if (!number) return bad(text);
    return make_endpoint(host, *number);
}

}  // namespace

std::string Endpoint::text() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> make_endpoint(std::string_view host, std::uint32_t port) {
    if (port == 0 || port > kMaxPort || host.empty() || host.size() > kMaxName ||
        host.find('\0') != std::string_view::npos)
        return bad(host.substr(0, host.find('\0')));
    Endpoint endpoint;
    endpoint.port = static_cast<std::uint16_t>(port);
    if (auto address = canonical_address(host)) {
        endpoint.host = std::move(*address);
        endpoint.is_address = true;
        return endpoint;
    }
    endpoint.host = std::string{host};
    std::transform(endpoint.host.begin(), endpoint.host.end(), endpoint.host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (!is_dns_name(endpoint.host)) return bad(host);
    return endpoint;
}

Result<Endpoint> parse_endpoint(std::string_view text) { return read_authority(text, 0); }

Result<Endpoint> endpoint_of_setting(std::string_view text) {
    struct Scheme {
        std::string_view prefix;
        std::uint32_t port;
    };
    static constexpr std::array kSchemes{Scheme{"http://", 80}, Scheme{"https://", 443}, Scheme{"ws://", 80},
                                         Scheme{"wss://", 443}};
    for (const Scheme& scheme : kSchemes) {
        if (!text.starts_with(scheme.prefix)) continue;
        std::string_view authority = text.substr(scheme.prefix.size());
        authority = authority.substr(0, authority.find_first_of("/?#"));
        // "user@": a URL whose host is not what it looks like, and a place for secrets.
        if (authority.find('@') != std::string_view::npos) return bad(authority);
        return read_authority(authority, scheme.port);
    }
    return parse_endpoint(text);
}

}  // namespace bh::plugins
