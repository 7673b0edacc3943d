// What the launcher keeps of root. Call once, before any thread is started.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

namespace bh::launch {

// Keeps CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_KILL, for itself and for whatever it starts, and joins the kernel's
// group instead of all others. Permissions of files are not overridden from then on, not even by user 0.
Status drop_privileges(gid_t kernel_gid);

}  // namespace bh::launch
