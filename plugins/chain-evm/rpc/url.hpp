// The parts of an endpoint's URL. Pure.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <cstdint>

namespace bh::evm {

struct Url {
    std::string origin;      // "https://host:port": what may be shown
    bool encrypted = false;  // https
    std::string host;        // a name or an address, an IPv6 address without its brackets
    std::uint16_t port = 0;  // the scheme's own where the URL has none
    std::string path;        // "/..." with the query; may hold a key
    std::string user_info;   // "user:password" or empty

    // The authority of requests: "host", with the port unless it is the scheme's own.
    [[nodiscard]] std::string authority() const;
};

// BH_E_INVALID "bad_url"; the message never repeats the text, which may hold a key.
Result<Url> parse_url(std::string_view text);

}  // namespace bh::evm
