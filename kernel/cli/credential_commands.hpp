// `blockhost credential reseal|list|mint`.
#pragma once

#include "kernel/cli/commands.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace bh::cli {

void add_credential_commands(CLI::App& app, std::function<int(const Context&)>& chosen);

}  // namespace bh::cli
