// The CLI's commands. Each prints and returns an exit code (docs/cli.md):
//   0 done   1 refused or failed   2 wrong use   3 the daemon does not answer   4 no such thing   5 a check
//   found an error
#pragma once

#include "kernel/cli/client.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bh::cli {

enum Exit : int { kDone = 0, kFailed = 1, kUsage = 2, kNoDaemon = 3, kNotFound = 4, kFindings = 5 };

struct Context {
    ApiClient& api;
    bool json = false;   // print the API's answer as it is
    std::string config;  // kernel.yaml, for what runs without the daemon
    std::string plugins, images, libexec, control_socket;
    std::string records;  // plugins.d; "" = beside the configuration
    std::string state;    // the daemon's, for what is done while it is stopped
};

// Prints the failure as one sentence (or as JSON) and returns its exit code.
int report(const Context& context, const Failure& failure);

int status(const Context& context);
int subscription_list(const Context& context, const std::string& state, std::int64_t after, std::int64_t limit);
int subscription_show(const Context& context, const std::string& id, const std::string& chain);
int subscription_undo(const Context& context, const std::string& id, const std::string& chain);
int vm_list(const Context& context);
int vm_show(const Context& context, const std::string& name);
int vm_console(const Context& context, const std::string& name);
int event_list(const Context& context, std::int64_t before, std::int64_t limit);
int job_list(const Context& context, const std::string& state, std::int64_t limit);
int job_show(const Context& context, std::int64_t number);
int job_retry(const Context& context, std::int64_t number);
int job_abandon(const Context& context, std::int64_t number, bool gone);
int plan_list(const Context& context);
int chain_status(const Context& context);
int doctor(const Context& context);

// Programs beside the kernel: a chain plugin's own operator tool (`operator` in its folder), and the image builder.
struct ChainTool {
    std::string chain;   // the instance whose plugin it is; empty: the only one
    std::string plugin;  // the plugin's id: then no daemon is asked, as before the first contract there is none
};
int chain_operator(const Context& context, const std::string& command, const ChainTool& tool,
                   const std::vector<std::string>& arguments);
// Runs a program with our terminal and returns its exit code. `as_nobody`: root gives its rights up first.
int run_program(const Context& context, const std::string& program, const std::vector<std::string>& arguments,
                bool as_nobody = false);
int image_build(const Context& context, const std::string& name, const std::vector<std::string>& arguments);
int image_list(const Context& context);

}  // namespace bh::cli
