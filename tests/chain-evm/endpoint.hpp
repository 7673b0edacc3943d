// An endpoint that a test controls: it answers by itself, or passes requests on to a real node and changes what it
// likes. For what no real node does on request: garbage, errors of other clients, rate limits, a node behind.
#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>

namespace bh::evm::test {

struct HttpAnswer {
    int status = 200;
    std::string body;
    std::string type = "application/json";
};

class Endpoint {
public:
    // For one call {"method", "params", ...}: its whole reply but the id, {"result": ...} or {"error": ...}, or null to
    // pass it on to `upstream`.
    using Script = std::function<nlohmann::json(const nlohmann::json& call)>;

    explicit Endpoint(std::string upstream = {});
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    [[nodiscard]] std::string url() const;

    void script(Script script);
    // Answers every request with this instead, whatever it asks.
    void answer_all(HttpAnswer answer);
    void refuse_batches(bool on);
    [[nodiscard]] int requests() const;  // HTTP requests so far

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bh::evm::test
