// Makes the process keep its secrets: no core, no ptrace, no way to more privileges. Call from main, before any key is
// read and before the first thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace bh::signer {

struct OwnDirectory {
    std::string file;  // a path in it
    mode_t mode = 0700;
};

// Makes the directories that are missing (one level). Started as root with `user`: gives those to that user, and
// becomes it, with `group` as the only group.
Status become_user(std::optional<uid_t> user, std::optional<gid_t> group, const std::vector<OwnDirectory>& directories);

// PR_SET_DUMPABLE 0 (no core even where core_pattern is a pipe; /proc/PID belongs to root), RLIMIT_CORE 0,
// no_new_privs, umask 077.
Status harden();

}  // namespace bh::signer
