// `blockhost seal` and `blockhost open`: the seals of plugin-api/formats/seal-1.md and seal-2.md by hand. All but
// `open request`, which needs the server key, work without daemon and configuration.
#pragma once

#include "kernel/cli/commands.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace bh::cli {

// `standalone` is set when one of them was given that needs no host.
void add_seal_commands(CLI::App& app, std::function<int(const Context&)>& chosen, bool& standalone);

}  // namespace bh::cli
