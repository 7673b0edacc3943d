// Routes of credentials: resealing what one holds, and whether it is minted.
#pragma once

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"

#include <vector>

namespace bh::daemon {

void add_reseal_routes(Host& host, std::vector<api::Route>& routes);

}  // namespace bh::daemon
