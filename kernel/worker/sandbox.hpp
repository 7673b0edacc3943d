// The sandbox of a worker and of its tools, in the steps in which it closes. README.md says what is left inside.
//
// Each step returns the name of what failed (with errno set), or null. Single-threaded until the last step is done; no
// code of the plugin has run before it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bh::worker {

struct Plan {
    bool rlimits = false;  // memory and processes by rlimits, because no cgroup limits them
    std::uint64_t memory_bytes = 0;
    std::uint32_t max_threads = 0;
    // connect() to Unix sockets in granted paths. Never together with sockets from the kernel, which it could
    // reconnect.
    bool local_sockets = false;
    // The listener is asked about each file that is opened, too, and lets it through (attempts.hpp).
    bool tell_files = false;
    struct Path {
        std::string path;
        bool write = false;
    };
    std::vector<Path> paths;
};

inline constexpr std::uint64_t kScratchBytes = std::uint64_t{64} << 20;  // of the one writable tmpfs, /tmp

const char* limit_resources(const Plan& plan);
// User, mount, network, process, IPC, host name and cgroup namespaces. The caller's children are in the new pid
// namespace, it is not itself.
const char* enter_namespaces();
// A root of its own: /usr and what belongs to it read-only, granted paths, /tmp, four devices, /proc/self and the id of
// the machine's boot. A granted device may be missing; if it is there, it is there to be seen, not to be opened.
const char* build_root(const Plan& plan);
// `abi` becomes the kernel's Landlock version, 0 = has none.
const char* restrict_paths(const Plan& plan, int& abi);
const char* drop_capabilities();
// When memory runs out, the calling process is ended rather than the one that watches over it and tells why.
const char* end_first();
// Refuses every system call that a plugin has no business with; `listener` hears of each refusal.
const char* restrict_calls(const Plan& plan, int& listener);
// The same for a tool, which is a program of the system: refuses what opens the way out of a sandbox.
const char* restrict_tool_calls();

// "ro:PATH" or "rw:PATH"; false for anything else.
bool add_path(std::string_view word, Plan& plan);

// blockhost-worker tool ...: runs one program in the sandbox; its exit code (tool.cpp).
int run_tool(int argc, char** argv);

}  // namespace bh::worker
