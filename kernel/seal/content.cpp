#include "kernel/seal/content.hpp"

#include "plugin-api/documents/json.hpp"

#include <algorithm>
#include <string_view>

namespace bh::seal {

namespace {

using crypto::Secret;

constexpr std::size_t kMaxHostname = 253;
constexpr std::size_t kMaxUsername = 32;
constexpr std::size_t kMaxHostKey = 760;

Failure bad(std::string_view field, std::string_view rule) {
    return invalid("bad_details", "connection details: " + std::string{field} + " " + std::string{rule});
}

// Printable ASCII that needs no escape in JSON.
bool plain(std::string_view text, std::size_t max) {
    return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) {
        return c >= 0x21 && c <= 0x7e && c != '"' && c != '\\';
    });
}

bool is_host_key(std::string_view text) {
    const std::size_t space = text.find(' ');
    return text.size() <= kMaxHostKey && space != std::string_view::npos && plain(text.substr(0, space), kMaxHostKey) &&
           plain(text.substr(space + 1), kMaxHostKey);
}

Status check(const ConnectionDetails& details) {
    if (!plain(details.hostname, kMaxHostname))
        return bad("hostname", "must be an address or name of 1 to 253 characters");
    if (details.port == 0) return bad("port", "must be 1 to 65535");
    if (!details.username.empty() && !plain(details.username, kMaxUsername)) {
        return bad("username", "must be 1 to 32 printable characters");
    }
    if (!details.host_key.empty() && !is_host_key(details.host_key)) {
        return bad("host_key", "must be type, space and base64 of an SSH public key, without comment");
    }
    return {};
}

std::string text_of(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace

Result<Secret> write_details(const ConnectionDetails& details) {
    if (const Status fine = check(details); !fine) return fine.failure();
    std::string text = R"({"hostname":")" + details.hostname + R"(","port":)" + std::to_string(details.port);
    if (details.username.empty()) {
        text += R"(,"type":"admin"})";
    } else {
        text += R"(,"username":")" + details.username + '"';
        if (!details.host_key.empty()) text += R"(,"host_key":")" + details.host_key + '"';
        text += '}';
    }
    Secret json = Secret::copy_of(crypto::bytes_of(text));
    crypto::wipe(text);
    return json;
}

Result<ConnectionDetails> parse_details(crypto::ByteView json) {
    if (json.size() > kMaxSealed) return bad("the text", "is longer than 1,024 bytes");
    const auto object = nlohmann::json::parse(json.begin(), json.end(), nullptr, false);
    if (!object.is_object()) return bad("the text", "is not a JSON object");
    ConnectionDetails details;
    details.hostname = text_of(object, "hostname");
    details.username = text_of(object, "username");
    details.host_key = text_of(object, "host_key");
    const auto port = object.find("port");
    if (port == object.end() || !port->is_number_unsigned() || port->get<std::uint64_t>() > 65535) {
        return bad("port", "must be 1 to 65535");
    }
    details.port = port->get<std::uint16_t>();
    if (details.username.empty() && text_of(object, "type") != "admin") return bad("username", "is missing");
    if (const Status fine = check(details); !fine) return fine.failure();
    return details;
}

}  // namespace bh::seal
