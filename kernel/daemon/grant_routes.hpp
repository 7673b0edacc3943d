// Routes of granted VMs (kernel/grants) and of seals that are opened by hand.
#pragma once

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"

#include <vector>

namespace bh::daemon {

// The nonce that makes a command run once however often it is sent; a new one where the body has none.
Result<std::string> nonce_of(Host& host, const nlohmann::json& body);
// "request" of the body, sealed to the server key, or one made here for the public key "recipient".
Result<Bytes> request_of(Host& host, const nlohmann::json& body, const life::RequestContext& context);

void add_grant_routes(Host& host, std::vector<api::Route>& routes);

}  // namespace bh::daemon
