// An endpoint that a test controls: it answers by itself, or passes requests on to a real node and changes what it
// likes. For what no real node does on request: garbage, errors of other clients, rate limits, a node behind.
#pragma once

#include "plugin-api/documents/json.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace bh::evm::test {

struct HttpAnswer {
    int status = 200;
    std::string body;
    std::string type = "application/json";
    std::map<std::string, std::string> headers = {};
    bool cut = false;  // hangs up in the middle of it
};

class Endpoint {
public:
    // For one call {"method", "params", ...}: its whole reply but the id, {"result": ...} or {"error": ...}, or null to
    // pass it on to `upstream`, or {"forward": another call} to pass that on instead.
    using Script = std::function<nlohmann::json(const nlohmann::json& call)>;

    // Changes the reply that `upstream` gave to a call.
    using Change = std::function<void(const nlohmann::json& call, nlohmann::json& reply)>;

    explicit Endpoint(std::string upstream = {});
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    [[nodiscard]] std::string url() const;

    void script(Script script);
    void change(Change change);
    // Answers every request with this instead, whatever it asks.
    void answer_all(HttpAnswer answer);
    // Takes requests and leaves them without an answer until it is off again.
    void hang(bool on);
    // Without any of the above.
    void honest();
    void refuse_batches(bool on);
    [[nodiscard]] int requests() const;  // HTTP requests so far

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bh::evm::test
