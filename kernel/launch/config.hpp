// launch.yaml: everything the launcher trusts. README.md describes each key. Plain values, read once.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace bh::launch {

// A one-shot program: each command is a list of patterns, one per argument.
struct Tool {
    std::string path;
    std::vector<std::vector<std::regex>> commands;
};

// The sandbox of an instance that runs in a process of its own (kernel/worker), and of its tools.
struct WorkerConfig {
    uid_t uid = 0;  // its own: no unit's, no other worker's, not the kernel's
    std::uint64_t memory_bytes = std::uint64_t{256} << 20;
    std::uint32_t threads = 64;
    std::uint32_t tool_tasks = 0;          // of its tools, which run under the same user, side by side with it
    bool local_sockets = false;            // may connect to Unix sockets in its paths
    std::vector<std::string> read, write;  // canonical
};

struct InstanceConfig {
    std::map<std::string, std::string> programs;  // of units: name -> absolute path
    std::map<std::string, Tool> tools;
    std::vector<std::string> directories;  // what the units' paths must be below; canonical
    std::optional<WorkerConfig> worker;
};

struct LaunchConfig {
    std::string socket;       // RUN/launch/launch.sock
    std::string state;        // directory of the launcher alone
    std::string netd_socket;  // "" = no taps
    std::string cgroup;       // name of the parent of the units' cgroups
    uid_t kernel_uid = 0;
    gid_t kernel_gid = 0;
    uid_t first_uid = 0;
    std::uint32_t uid_count = 0;
    std::map<std::string, InstanceConfig> instances;
};

// BH_E_INVALID names file, key and remedy.
Result<LaunchConfig> read_launch_config(const std::string& path);

// Whether the worker may write to `path`.
bool writes(const WorkerConfig& worker, const std::string& path);

// Whether one of the tool's commands allows exactly these arguments.
bool allows(const Tool& tool, const std::vector<std::string>& args);

}  // namespace bh::launch
