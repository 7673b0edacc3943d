#include "plugins/chain-evm/rpc/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bh::evm {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

bool address_character(char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

// nullopt: no port.
std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

// "host", "host:port", "[address]", "[address]:port" into `url`, whose port is the scheme's own.
bool read_authority(std::string_view text, Url& url) {
    const bool brackets = text.starts_with('[');
    const std::size_t host_end = std::min(brackets ? text.find(']') : text.find(':'), text.size());
    if (brackets && host_end == text.size()) return false;
    const std::string_view host = text.substr(brackets ? 1 : 0, host_end - (brackets ? 1 : 0));
    if (host.empty() || !std::ranges::all_of(host, brackets ? address_character : host_character)) return false;
    url.host = host;
    const std::string_view rest = text.substr(host_end + (brackets ? 1 : 0));
    if (rest.empty()) return true;
    const std::optional<std::uint16_t> port = rest.front() == ':' ? port_of(rest.substr(1)) : std::nullopt;
    if (port) url.port = *port;
    return port.has_value();
}

}  // namespace

std::string Url::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (encrypted ? kHttpsPort : kHttpPort) ? name : name + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
    const auto bad = [] { return invalid("bad_url", "the endpoint must be a URL like https://host:port/path"); };
    const std::size_t scheme_end = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
    if (scheme_end == 0 || text.size() > kMaxUrlBytes) return bad();
    if (std::ranges::any_of(text, [](char c) { return c <= 0x20 || c == 0x7f; })) return bad();
    if (text.find('#') != std::string_view::npos) return bad();
    const std::size_t authority_end = std::min(text.find_first_of("/?", scheme_end), text.size());
    std::string_view authority = text.substr(scheme_end, authority_end - scheme_end);
    Url url;
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        url.user_info = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    url.encrypted = text.starts_with("https");
    url.port = url.encrypted ? kHttpsPort : kHttpPort;
    if (!read_authority(authority, url)) return bad();
    url.origin = std::string{text.substr(0, scheme_end)} + std::string{authority};
    url.path = text.substr(authority_end);
    if (url.path.empty() || url.path.front() != '/') url.path.insert(0, "/");
    return url;
}

}  // namespace bh::evm
