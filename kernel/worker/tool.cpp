// A one-shot program of the system, run for a plugin instance: it may be fed whatever the plugin likes, so it sees what
// the instance's worker sees and no more. No network, no capability, one pid namespace that ends with it.
#include "kernel/worker/sandbox.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace bh::worker {
namespace {

constexpr int kUsage = 2, kNoSandbox = 126, kNotStarted = 127, kSignalled = 128;

bool must(const char* failed_step) {
    if (failed_step == nullptr) return true;
    std::fprintf(stderr, "blockhost-worker: no sandbox for a tool: %s (%s)\n", failed_step, std::strerror(errno));
    return false;
}

[[noreturn]] void be_the_tool(const Plan& plan, char** program) {
    int abi = 0;
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || !must(build_root(plan)) || !must(drop_capabilities()) ||
        !must(restrict_paths(plan, abi)) || !must(restrict_tool_calls()))
        ::_exit(kNoSandbox);
    ::execv(program[0], program);
    std::fprintf(stderr, "blockhost-worker: %s can't be run: %s\n", program[0], std::strerror(errno));
    ::_exit(kNotStarted);
}

}  // namespace

bool add_path(std::string_view word, Plan& plan) {
    if (!word.starts_with("ro:/") && !word.starts_with("rw:/")) return false;
    plan.paths.push_back({std::string{word.substr(3)}, word.starts_with("rw:")});
    return true;
}

int run_tool(int argc, char** argv) {
    Plan plan;
    int next = 2;
    while (next < argc && add_path(argv[next], plan)) ++next;
    if (next + 1 >= argc || std::string_view{argv[next]} != "--") return kUsage;
    if (!must(limit_resources(plan)) || !must(enter_namespaces())) return kNoSandbox;
    const pid_t tool = ::fork();
    if (tool == 0) be_the_tool(plan, argv + next + 1);
    if (tool < 0 || !must(drop_capabilities())) return kNoSandbox;
    int status = 0;
    while (::waitpid(tool, &status, 0) < 0) {
        if (errno != EINTR) return kNoSandbox;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

}  // namespace bh::worker
