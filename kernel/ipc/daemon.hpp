// What every one of our daemons does around its server: signals, `ready`, sd_notify. Call from main, once.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <string_view>

namespace bh::ipc {

// Blocks SIGTERM and SIGINT for the whole process and ignores SIGPIPE; the returned descriptor becomes readable (and
// stays so) when one arrives. Call before any thread is started. Lives as long as the process.
Result<int> stop_on_signals();

// Tells whoever started us that we listen: "ready" on stdout, and READY=1 to NOTIFY_SOCKET where there is one.
void announce_ready();

// One message to NOTIFY_SOCKET ("WATCHDOG=1"); nothing happens where there is none.
void notify_supervisor(std::string_view message);

// A user or group by name or by number. `field` names the configuration key for the message.
Result<uid_t> user_id(std::string_view text, std::string_view field);
Result<gid_t> group_id(std::string_view text, std::string_view field);

}  // namespace bh::ipc
