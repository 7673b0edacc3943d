// The program blockhostd: its command line, its daemon, its end.
#pragma once

#include "kernel/lifecycle/seams.hpp"

namespace bh::daemon {

// Runs until SIGTERM; returns the exit code. `boundaries` outlives the call; tests end the process there, the program
// itself passes a plain Boundaries.
int run_program(int argc, char** argv, life::Boundaries& boundaries);

}  // namespace bh::daemon
