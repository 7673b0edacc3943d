// Routes of granted VMs (kernel/grants) and of seals that are opened by hand.
#pragma once

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"

#include <vector>

namespace bh::daemon {

void add_grant_routes(Host& host, std::vector<api::Route>& routes);

}  // namespace bh::daemon
