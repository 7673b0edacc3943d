#include "kernel/ipc/wire.hpp"

namespace bh::ipc {
namespace {

Failure protocol(std::string_view what) {
    return invalid("protocol", "not a message of our protocol: " + std::string{what});
}

std::string dump(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<ParsedRequest> parse_request(std::string_view body) {
    auto message = nlohmann::json::parse(body, nullptr, false);
    if (!message.is_object()) return protocol("no JSON object");
    for (const auto& [name, value] : message.items()) {
        if (name != "id" && name != "verb" && name != "args")
            return protocol("unknown field \"" + printable(name) + "\"");
    }
    const auto id = message.find("id");
    const auto verb = message.find("verb");
    const auto args = message.find("args");
    if (id == message.end() || !id->is_number_unsigned()) return protocol("\"id\" must be a whole number");
    if (verb == message.end() || !verb->is_string()) return protocol("\"verb\" must be a string");
    if (args == message.end() || !args->is_object()) return protocol("\"args\" must be an object");
    return ParsedRequest{id->get<std::uint64_t>(), verb->get<std::string>(), std::move(*args)};
}

std::string write_request(std::uint64_t id, std::string_view verb, const nlohmann::json& args) {
    return dump({{"id", id}, {"verb", verb}, {"args", args}});
}

std::string write_ok(std::uint64_t id, const nlohmann::json& ok) { return dump({{"id", id}, {"ok", ok}}); }

std::string write_failure(std::uint64_t id, const Failure& failure) {
    return dump({{"id", id},
                 {"error",
                  {{"code", failure.code},
                   {"reason", failure.reason},
                   {"message", failure.message},
                   {"retry_after_ms", failure.retry_after_ms}}}});
}

Result<nlohmann::json> parse_reply(std::string_view body, std::uint64_t id) {
    auto message = nlohmann::json::parse(body, nullptr, false);
    if (!message.is_object()) return protocol("no JSON object");
    if (const auto error = message.find("error"); error != message.end() && error->is_object()) {
        // A failure with id 0 is about the connection, not about a request.
        Failure failure{error->value("code", BH_E_INTERNAL), error->value("reason", "unknown"),
                        error->value("message", ""), error->value("retry_after_ms", 0U)};
        if (failure.code == BH_OK) return protocol("an error without a code");
        return failure;
    }
    const auto ok = message.find("ok");
    if (ok == message.end() || message.value("id", std::uint64_t{0}) != id)
        return protocol("an answer to something else");
    return std::move(*ok);
}

std::string printable(std::string_view text) {
    std::string shown{text.substr(0, 64)};
    for (char& c : shown) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '_' || c == '-' || c == '/';
        if (!plain) c = '?';
    }
    return shown;
}

}  // namespace bh::ipc
