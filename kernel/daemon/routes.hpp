// The routes of the local API over a Host. docs/api.md lists them.
#pragma once

#include "kernel/api/server.hpp"
#include "kernel/daemon/host.hpp"

#include <vector>

namespace bh::daemon {

// The host must outlive the server that gets these.
std::vector<api::Route> routes_of(Host& host);

// What is wrong with this host: {"findings":[{subject, severity, message, remedy}]}.
Result<nlohmann::json> doctor_view(Host& host);

// Verbs of the control socket: `console_open` answers with the console's connected descriptor.
Result<Fd> open_console(Host& host, const std::string& vm);

}  // namespace bh::daemon
