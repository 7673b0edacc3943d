// The seam to an endpoint: one HTTP POST of a JSON text, one JSON text back.
#pragma once

#include "plugins/chain-evm/rpc/dial.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace bh::evm {

class Transport {
public:
    virtual ~Transport() = default;

    // Safe on any thread. BH_E_UNAVAILABLE with reason "endpoint_down", "endpoint_timeout", "endpoint_refused" (an HTTP
    // status that is no answer), "answer_too_large" or "rate_limited", whose retry_after_ms is the server's
    // Retry-After. Messages name the endpoint by label() only.
    // `max_answer_bytes` above 0 lowers the limit of this answer. The answer's capacity has room for kAnswerPadding
    // more (rpc/answer.hpp) where its size was known before.
    virtual Result<std::string> post(const std::string& body, std::size_t max_answer_bytes) = 0;

    // Ends requests that are running on other threads, and all later ones, with "endpoint_down".
    virtual void interrupt() = 0;

    // Scheme, host and port: what may be logged. Never a path, query or user, which may hold a key.
    [[nodiscard]] virtual const std::string& label() const = 0;
};

struct HttpOptions {
    std::chrono::milliseconds timeout{10'000};  // of the whole request
    std::size_t max_answer_bytes = std::size_t{32} << 20;
    std::string bearer;   // sent as Authorization: Bearer; empty: none
    std::string proxy;    // URL of an HTTP proxy, a user and password may be in it; empty: none
    std::string ca_file;  // certificates to trust instead of the system's; empty: the system's
    Dial dial;            // how connections are opened, to the proxy if there is one; empty: directly
};

// BH_E_INVALID "bad_url": not http(s)://host[:port][/path]; "bad_proxy": not http://host:port.
Result<std::unique_ptr<Transport>> make_http_transport(const std::string& url, HttpOptions options);

}  // namespace bh::evm
