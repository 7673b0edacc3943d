// Commands for an operator who has to decide: the audit log, what would be taken away, recovery, a deep reorganisation.
#pragma once

#include "kernel/cli/commands.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace bh::cli {

// Adds them to `app`; the one that was given ends up in `chosen`, which outlives the parse.
void add_operator_commands(CLI::App& app, std::function<int(const Context&)>& chosen);

}  // namespace bh::cli
