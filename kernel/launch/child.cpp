#include "kernel/launch/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace bh::launch {
namespace {

constexpr mode_t kToolUmask = 0007;
constexpr int kNotStarted = 127;
const std::array<const char*, 3> kEnvironment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", nullptr};

// What the child needs, as plain memory.
struct Prepared {
    std::vector<char*> argv;
    std::vector<Fd> sources;  // above every target, so that dup2() never overwrites one that is still needed
    std::vector<int> doors;
    bool drop_to;
    bool dies_with_thread;
    uid_t uid;
    gid_t gid;
};

bool drop(const Prepared& prepared) {
    const rlimit no_core{0, 0};
    return ::setrlimit(RLIMIT_CORE, &no_core) == 0 && ::setgroups(0, nullptr) == 0 &&
           ::setresgid(prepared.gid, prepared.gid, prepared.gid) == 0 &&
           ::setresuid(prepared.uid, prepared.uid, prepared.uid) == 0 &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           (!prepared.dies_with_thread || ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
}

[[noreturn]] void become(const Prepared& prepared) {
    for (const int door : prepared.doors) {
        if (::write(door, "0", 1) != 1) ::_exit(kNotStarted);
    }
    int next = 0;
    for (const Fd& source : prepared.sources) {
        if (::dup2(source.get(), next++) < 0) ::_exit(kNotStarted);
    }
    if (::syscall(SYS_close_range, next, ~0U, 0) != 0) ::_exit(kNotStarted);
    ::setsid();
    ::umask(kToolUmask);
    if (prepared.drop_to && !drop(prepared)) ::_exit(kNotStarted);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::chdir("/") != 0) ::_exit(kNotStarted);
    ::execve(prepared.argv[0], prepared.argv.data(), const_cast<char* const*>(kEnvironment.data()));
    ::_exit(kNotStarted);
}

}  // namespace

Result<pid_t> start_child(const Child& child) {
    Prepared prepared{{}, {}, child.doors, child.drop_to, child.dies_with_thread, child.uid, child.gid};
    prepared.argv.push_back(const_cast<char*>(child.program.c_str()));
    for (const auto& arg : child.args) prepared.argv.push_back(const_cast<char*>(arg.c_str()));
    prepared.argv.push_back(nullptr);
    const Fd nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    for (const int fd : child.fds) {
        const int low = static_cast<int>(child.fds.size());
        Fd source{::fcntl(fd < 0 ? nothing.get() : fd, F_DUPFD_CLOEXEC, low)};
        if (!source.valid())
            return Failure{BH_E_UNAVAILABLE, "descriptors", std::string{"no descriptor left: "} + std::strerror(errno)};
        prepared.sources.push_back(std::move(source));
    }
    const pid_t pid = ::fork();
    if (pid == 0) become(prepared);
    if (pid < 0)
        return Failure{BH_E_UNAVAILABLE, "fork", std::string{"cannot start a process: "} + std::strerror(errno), 1000};
    return pid;
}

}  // namespace bh::launch
