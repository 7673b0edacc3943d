// The command line of blockhost-plugin-check, for a program that knows the modes in which a plugin can be brought up.
#pragma once

#include "plugin-api/check/runner.hpp"

namespace bh::check {

// Exit code: 0 the plugin passed, 1 it did not, 2 bad usage.
int run_cli(int argc, char** argv, const std::vector<Mode>& modes);

}  // namespace bh::check
