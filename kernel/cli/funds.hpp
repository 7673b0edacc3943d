// blockhost funds: the host's money; and subscription credit, outages.
#pragma once

#include "kernel/cli/commands.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace bh::cli {

// The command that was given ends up in `chosen`.
void add_funds_commands(CLI::App& app, std::function<int(const Context&)>& chosen);

}  // namespace bh::cli
