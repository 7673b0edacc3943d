#include "plugins/chain-evm/rpc/url.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::size_t kMaxUrlBytes = 2048;

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '[' || c == ']';
}

}  // namespace

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
    if (authority.empty() || !std::ranges::all_of(authority, host_character)) return bad();
    url.origin = std::string{text.substr(0, scheme_end)} + std::string{authority};
    url.path = text.substr(authority_end);
    if (url.path.empty() || url.path.front() != '/') url.path.insert(0, "/");
    return url;
}

}  // namespace bh::evm
