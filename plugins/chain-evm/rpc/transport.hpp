// The seam to an endpoint: one HTTP POST of a JSON text, one JSON text back.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace bh::evm {

class Transport {
public:
    virtual ~Transport() = default;

    // Safe on any thread. BH_E_UNAVAILABLE with reason "endpoint_down", "endpoint_timeout", "endpoint_refused" (an HTTP
    // status that is no answer), "rate_limited" or "answer_too_large". Messages name the endpoint by label() only.
    virtual Result<std::string> post(const std::string& body) = 0;

    // Scheme, host and port: what may be logged. Never a path, query or user, which may hold a key.
    [[nodiscard]] virtual const std::string& label() const = 0;
};

struct HttpLimits {
    std::chrono::milliseconds timeout{10'000};  // of the whole request
    std::size_t max_answer_bytes = std::size_t{32} << 20;
};

// BH_E_INVALID "bad_url": not http(s)://host[:port][/path].
Result<std::unique_ptr<Transport>> make_http_transport(const std::string& url, HttpLimits limits);

}  // namespace bh::evm
