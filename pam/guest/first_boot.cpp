#include "pam/guest/first_boot.hpp"

#include "plugin-api/formats/rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace bh::guest {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

Failure bad(const std::string& what) { return invalid("bad_first_boot", "first-boot data: " + what); }

// Takes the first line off `text`.
std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

// `  key: "value"`
std::optional<std::pair<std::string_view, std::string_view>> parse_entry(std::string_view line) {
    line.remove_prefix(2);
    const auto colon = line.find(": \"");
    if (colon == std::string_view::npos || colon == 0 || colon > 32) return std::nullopt;
    const std::string_view key = line.substr(0, colon);
    std::string_view value = line.substr(colon + 3);
    if (value.empty() || value.back() != '"' || value.size() > 257) return std::nullopt;
    value.remove_suffix(1);
    const bool good_key = std::ranges::all_of(key, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    const bool good_value =
        std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\'; });
    if (!good_key || !good_value) return std::nullopt;
    return std::pair{key, value};
}

Result<Map> parse_map(std::string_view text) {
    Map map;
    int line_number = 0, maps = 0;
    bool inside = false;
    while (!text.empty()) {
        const std::string_view line = next_line(text);
        ++line_number;
        if (line == "blockhost:") {
            if (++maps > 1) return bad("user-data has a second \"blockhost:\" in line " + std::to_string(line_number));
            inside = true;
            continue;
        }
        inside = inside && line.starts_with("  ");
        if (!inside) continue;
        const auto entry = parse_entry(line);
        if (!entry)
            return bad("line " + std::to_string(line_number) + " of user-data must be two spaces, key: \"value\"");
        if (!map.emplace(entry->first, entry->second).second)
            return bad("\"" + std::string{entry->first} + "\" occurs twice");
    }
    if (maps == 0) return bad("user-data has no line \"blockhost:\"");
    return map;
}

bool is_address(std::string_view text, int family) {
    std::array<unsigned char, 16> bytes{};
    return ::inet_pton(family, std::string{text}.c_str(), bytes.data()) == 1;
}

bool is_mac(std::string_view text) {
    if (text.size() != 17) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (i % 3 == 2 ? text[i] != ':' : !hex) return false;
    }
    return true;
}

bool are_resolvers(std::string_view text) {
    while (!text.empty()) {
        const auto space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        if (!is_address(word, AF_INET6) && !is_address(word, AF_INET)) return false;
        if (space == std::string_view::npos) return true;
        text.remove_prefix(space + 1);
        if (text.empty()) return false;
    }
    return true;
}

bool is_login_user(std::string_view text) { return formats::is_user_name(text) && text != "root"; }
bool is_instance_id(std::string_view text) {
    return formats::is_word(text, 128) && text.find_first_of("\"\\") == std::string_view::npos;
}
bool is_word(std::string_view text) { return formats::is_word(text, 128); }
bool is_ipv6(std::string_view text) { return is_address(text, AF_INET6); }
bool is_chain(std::string_view text) { return formats::eip155_chain_id(text).ok(); }

// Reads typed values out of the map; after the first failure nothing else.
class Reader {
public:
    explicit Reader(const Map& map) : map_{map} {}

    void required(const char* key, std::string& out, bool (*fits)(std::string_view), const char* must_be) {
        if (failure) return;
        const auto found = map_.find(key);
        if (found == map_.end()) return fail(key, "is missing");
        if (!fits(found->second)) return fail(key, must_be);
        out = found->second;
    }
    void optional(const char* key, std::string& out) {
        if (const auto found = map_.find(key); found != map_.end()) out = found->second;
    }
    void flag(const char* key, bool& out) {
        const auto found = map_.find(key);
        if (failure || found == map_.end()) return;
        if (found->second != "yes" && found->second != "no") return fail(key, "must be yes or no");
        out = found->second == "yes";
    }
    void fail(const char* key, const std::string& what) { failure = bad("\"" + std::string{key} + "\" " + what); }

    std::optional<Failure> failure;

private:
    const Map& map_;
};

Result<FirstBoot> read_map(const Map& map, std::string instance_id) {
    if (!is_instance_id(instance_id)) return bad("meta-data has no line \"instance-id: ID\" with 1 to 128 characters");
    FirstBoot out;
    out.instance_id = std::move(instance_id);
    Reader reader{map};
    std::string format, key;
    reader.required(
        "format", format, [](std::string_view v) { return v == "1"; }, "must be 1: this guest is older than its host");
    reader.required("vm", out.vm, formats::is_vm_name, "must be 1 to 63 of a-z, 0-9 and -");
    reader.required("hostname", out.hostname, formats::is_vm_name, "must be 1 to 63 of a-z, 0-9 and -");
    reader.required("login_user", out.login_user, is_login_user, "must be 1 to 32 of a-z, 0-9, _ and -, and not root");
    reader.required("chain", out.chain, is_chain, "must be eip155:N");
    reader.required("contract", out.contract, is_word, "must be an address");
    reader.required("token", out.token, formats::is_decimal, "must be a decimal number");
    reader.required("statement_key", key, is_word, "must be 0x and 64 hex digits");
    reader.required("mac", out.mac, is_mac, "must be like 52:54:00:12:34:56, in lower case");
    reader.required("address", out.address, is_ipv6, "must be an IPv6 address");
    reader.required("gateway", out.gateway, is_ipv6, "must be an IPv6 address");
    reader.optional("credential", out.credential);
    reader.optional("seal_text", out.seal_text);
    reader.optional("resolvers", out.resolvers);
    reader.flag("sudo", out.sudo);
    reader.flag("cloud_init", out.cloud_init);
    if (!reader.failure) {
        const Result<Bytes> bytes = crypto::parse_hex(key);
        if (!bytes || bytes->size() != out.statement_key.size()) {
            reader.fail("statement_key", "must be 0x and 64 hex digits");
        } else {
            std::ranges::copy(*bytes, out.statement_key.begin());
        }
    }
    if (!reader.failure && !are_resolvers(out.resolvers))
        reader.fail("resolvers", "must be IP addresses with one space between them");
    if (reader.failure) return *reader.failure;
    return out;
}

}  // namespace

Result<FirstBoot> parse_first_boot(std::string_view user_data, std::string_view meta_data) {
    if (user_data.size() > kMaxUserData) return bad("user-data is over 64 KiB");
    const Result<Map> map = parse_map(user_data);
    if (!map) return map.failure();
    constexpr std::string_view kInstanceId = "instance-id: ";
    std::string instance_id;
    while (!meta_data.empty()) {
        const std::string_view line = next_line(meta_data);
        if (line.starts_with(kInstanceId)) instance_id = line.substr(kInstanceId.size());
    }
    return read_map(*map, std::move(instance_id));
}

std::string stored_first_boot(const FirstBoot& first_boot) {
    std::string out = "blockhost:\n";
    const auto add = [&out](std::string_view key, std::string_view value) {
        out.append("  ").append(key).append(": \"").append(value).append("\"\n");
    };
    add("format", "1");
    add("instance_id", first_boot.instance_id);
    add("vm", first_boot.vm);
    add("hostname", first_boot.hostname);
    add("login_user", first_boot.login_user);
    add("chain", first_boot.chain);
    add("contract", first_boot.contract);
    add("token", first_boot.token);
    add("statement_key", crypto::hex0x(first_boot.statement_key));
    add("mac", first_boot.mac);
    add("address", first_boot.address);
    add("gateway", first_boot.gateway);
    add("credential", first_boot.credential);
    add("seal_text", first_boot.seal_text);
    add("resolvers", first_boot.resolvers);
    add("sudo", first_boot.sudo ? "yes" : "no");
    add("cloud_init", first_boot.cloud_init ? "yes" : "no");
    return out;
}

Result<FirstBoot> parse_stored_first_boot(std::string_view text) {
    const Result<Map> map = parse_map(text);
    if (!map) return map.failure();
    const auto id = map->find("instance_id");
    return read_map(*map, id == map->end() ? "" : id->second);
}

}  // namespace bh::guest
