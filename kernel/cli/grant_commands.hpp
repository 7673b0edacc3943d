// `blockhost vm create|granted|extend|credential|destroy`: VMs that the operator gives away without a purchase.
#pragma once

#include "kernel/cli/commands.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace bh::cli {

// To the group `vm`, which must be there.
void add_grant_commands(CLI::App& app, std::function<int(const Context&)>& chosen);

}  // namespace bh::cli
