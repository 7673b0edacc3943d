// Runs until the process is told to stop; meanwhile feeds systemd's watchdog. The only place that knows Boost.Asio.
#pragma once

#include <functional>

namespace bh::daemon {

// Blocks until `stop` (a descriptor) becomes readable. `alive` is asked before each WATCHDOG=1 (interval: half of
// WATCHDOG_USEC); without WATCHDOG_USEC it is never called.
void run_until_stopped(int stop, const std::function<bool()>& alive);

}  // namespace bh::daemon
