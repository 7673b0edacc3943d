// The parts of an endpoint's URL. Pure.
#pragma once

#include "plugin-api/documents/result.hpp"

namespace bh::evm {

struct Url {
    std::string origin;     // "https://host:port", as the HTTP client takes it
    std::string path;       // "/..." with the query; may hold a key
    std::string user_info;  // "user:password" or empty
};

// BH_E_INVALID "bad_url"; the message never repeats the text, which may hold a key.
Result<Url> parse_url(std::string_view text);

}  // namespace bh::evm
