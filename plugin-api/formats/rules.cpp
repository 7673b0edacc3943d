#include "plugin-api/formats/rules.hpp"

#include <algorithm>
#include <charconv>

namespace bh::formats {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }

template <class Allowed>
bool made_of(std::string_view text, std::size_t max, Allowed allowed) {
    return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

bool is_word(std::string_view text, std::size_t max) {
    return made_of(text, max, [](char c) { return c >= 0x21 && c <= 0x7e; });
}

bool is_vm_name(std::string_view text) {
    return made_of(text, 63, [](char c) { return lower(c) || digit(c) || c == '-'; });
}

bool is_user_name(std::string_view text) {
    return made_of(text, 32, [](char c) { return lower(c) || digit(c) || c == '_' || c == '-'; }) &&
           (lower(text[0]) || text[0] == '_');
}

bool is_key_fingerprint(std::string_view text) {
    return text.size() == 50 && text.starts_with("SHA256:") &&
           made_of(text.substr(7), 43, [](char c) { return lower(c) || upper(c) || digit(c) || c == '+' || c == '/'; });
}

bool is_decimal(std::string_view text) { return made_of(text, 78, digit) && (text == "0" || text[0] != '0'); }

std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max) {
    if (!is_decimal(text)) return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number > max) return std::nullopt;
    return number;
}

Result<std::uint64_t> eip155_chain_id(std::string_view chain) {
    constexpr std::string_view kPrefix = "eip155:";
    const auto number =
        chain.starts_with(kPrefix) ? parse_decimal(chain.substr(kPrefix.size())) : std::optional<std::uint64_t>{};
    if (!number) return invalid("bad_chain", "chain is not eip155: and a decimal chain id");
    return *number;
}

}  // namespace bh::formats
