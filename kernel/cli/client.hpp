// The daemon's local API, for the CLI. The only place on the client's side that knows cpp-httplib.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <string>

namespace bh::cli {

class ApiClient {
public:
    explicit ApiClient(std::string socket) : socket_{std::move(socket)} {}

    // BH_E_UNAVAILABLE: the daemon does not answer. Otherwise the API's own failure.
    // `patience`: how long an answer may take.
    Result<nlohmann::json> get(const std::string& path, std::chrono::seconds patience = std::chrono::seconds{60});
    Result<nlohmann::json> post(const std::string& path, const nlohmann::json& body);

private:
    std::string socket_;
};

// A value of a path or query, percent-encoded.
std::string encoded(const std::string& text);

}  // namespace bh::cli
