// Routes of the local API about the host's money. docs/api.md lists them.
#pragma once

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"

#include <vector>

namespace bh::daemon {

void add_funds_routes(Host& host, std::vector<api::Route>& routes);

}  // namespace bh::daemon
