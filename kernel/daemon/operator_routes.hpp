// Routes of operators' commands, and how every command of the local API is given: with its nonce, once.
#pragma once

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"

#include <functional>
#include <vector>

namespace bh::daemon {

// Each command from the local socket is a new one; over a network nonce and time come with the command: "nonce" (text)
// and "issued_ms" (number) of the body. The answer is {"done": true}.
Result<life::Command> command_of(const api::Query& query);
Result<nlohmann::json> run_command(const api::Query& query, const std::function<Status(const life::Command&)>& run);

void add_operator_routes(Host& host, std::vector<api::Route>& routes);

}  // namespace bh::daemon
