// The verbs of docs/contracts.md: typed arguments in, Network out, and who may call what.
#pragma once

#include "kernel/ipc/server.hpp"
#include "kernel/net/network.hpp"

#include <sys/types.h>

#include <map>
#include <string>

namespace bh::net {

// `network` must outlive the verbs. tap_open is the launcher's alone, so that a kernel that was taken over can't speak
// as a VM; the rest is the kernel's.
std::map<std::string, ipc::Verb> netd_verbs(Network& network, uid_t kernel_user, uid_t launcher_user);

}  // namespace bh::net
