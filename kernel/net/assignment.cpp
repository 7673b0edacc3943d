#include "kernel/net/assignment.hpp"

#include "kernel/ipc/wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace bh::net {
namespace {

constexpr std::string_view kFormat = "blockhost-vm/1";
constexpr std::size_t kMaxOwner = 64;

bool owner_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

std::string_view mode_text(Mode mode) { return mode == Mode::routed ? "routed" : "on-link"; }

Result<Mode> parse_mode(std::string_view text, std::string_view field) {
    if (text == mode_text(Mode::routed)) return Mode::routed;
    if (text == mode_text(Mode::on_link)) return Mode::on_link;
    return invalid("bad_value", "\"" + std::string{field} + "\": \"" + ipc::printable(text) +
                                    "\" must be \"routed\" or \"on-link\"");
}

Result<std::string> parse_owner(std::string_view text, std::string_view field) {
    if (text.empty() || text.size() > kMaxOwner || !std::all_of(text.begin(), text.end(), owner_character)) {
        return invalid("bad_value", "\"" + std::string{field} + "\": \"" + ipc::printable(text) +
                                        "\" is no op_id; it is 1 to 64 of a-z, 0-9 and -");
    }
    return std::string{text};
}

std::string alias_of(const Assignment& a) {
    std::string text{kFormat};
    for (const std::string& word : {a.owner, a.address.text(), a.mac.text(), std::string{mode_text(a.mode)},
                                    a.uplink.text(), std::to_string(a.uid)}) {
        text += " " + word;
    }
    return text + (a.blocked ? " blocked" : " open");
}

std::optional<Assignment> parse_alias(const InterfaceName& tap, std::string_view alias) {
    std::array<std::string_view, 8> words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto space = alias.find(' ');
        if ((space == std::string_view::npos) != (i + 1 == words.size())) return std::nullopt;
        words[i] = alias.substr(0, space);
        alias.remove_prefix(space == std::string_view::npos ? alias.size() : space + 1);
    }
    if (words[0] != kFormat) return std::nullopt;
    auto owner = parse_owner(words[1], "owner");
    auto address = Ipv6Address::parse(words[2], "address");
    auto mac = MacAddress::parse(words[3], "mac");
    auto mode = parse_mode(words[4], "mode");
    auto uplink = InterfaceName::parse(words[5], "uplink");
    std::uint32_t uid = 0;
    const auto [end, error] = std::from_chars(words[6].data(), words[6].data() + words[6].size(), uid);
    const bool uid_ok = error == std::errc{} && end == words[6].data() + words[6].size();
    if (!owner || !address || !mac || !mode || !uplink || !uid_ok || (words[7] != "open" && words[7] != "blocked")) {
        return std::nullopt;
    }
    return Assignment{tap, *owner, *address, *mac, *mode, *uplink, uid, words[7] == "blocked"};
}

}  // namespace bh::net
