// The JSON of requests and replies; shared by server and client. docs/contracts.md section 2.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bh::ipc {

struct ParsedRequest {
    std::uint64_t id = 0;
    std::string verb;
    nlohmann::json args;
};

Result<ParsedRequest> parse_request(std::string_view body);
std::string write_request(std::uint64_t id, std::string_view verb, const nlohmann::json& args);
std::string write_ok(std::uint64_t id, const nlohmann::json& ok);
std::string write_failure(std::uint64_t id, const Failure& failure);
// The "ok" object of a reply, or the failure it carries.
Result<nlohmann::json> parse_reply(std::string_view body, std::uint64_t id);

// At most 64 characters of `text`, everything but letters, digits and "._-/" shown as "?": safe in a log or a message.
std::string printable(std::string_view text);

}  // namespace bh::ipc
