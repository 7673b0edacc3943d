// The lifecycle's network port over blockhost-netd.
#pragma once

#include "kernel/lifecycle/seams.hpp"

#include <memory>
#include <string>

namespace bh::daemon {

std::unique_ptr<life::NetworkPort> make_network_port(std::string netd_socket);

}  // namespace bh::daemon
