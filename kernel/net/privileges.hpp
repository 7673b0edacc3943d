// Gives up everything but CAP_NET_ADMIN. libcap is used here only. Call before the first thread is started.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace bh::net {

// Started as root: makes the socket's directory (0750, of that user and group) and becomes `user`, when one is given.
// Started as a user of its own: needs CAP_NET_ADMIN from whoever starts it. In both cases CAP_NET_ADMIN is the only
// capability that is left, nothing can be gained any more, and `group` is the only supplementary group.
Status drop_privileges(std::optional<uid_t> user, std::optional<gid_t> group, const std::string& socket_path);

}  // namespace bh::net
