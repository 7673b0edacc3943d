// netd.yaml, typed. README.md describes each key; unknown keys are errors.
#pragma once

#include "kernel/net/network.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace bh::net {

struct NetdConfig {
    std::string socket;           // absolute
    uid_t kernel_user = 0;        // may use every verb but tap_open
    uid_t launcher_user = 0;      // may use tap_open only
    std::optional<uid_t> run_as;  // whom to become when started as root
    std::optional<gid_t> group;   // of the socket and its directory: the kernel's group
    NetworkOptions network;
};

Result<NetdConfig> read_netd_config(const std::string& path);

}  // namespace bh::net
