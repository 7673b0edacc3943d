#include "plugin-api/check/quiet.hpp"

#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace bh::check {
namespace {

Shared* g_page = nullptr;  // a signal handler gets no argument

void on_call(int, siginfo_t* info, void*) {
    g_page->forbidden_call = info->si_syscall;
    ::_exit(77);
}

constexpr const char* kEffects[] = {
    "creat",        "mkdir",     "mkdirat", "mknod",   "mknodat",      "unlink",    "unlinkat", "rmdir",     "rename",
    "renameat",     "renameat2", "link",    "linkat",  "symlink",      "symlinkat", "truncate", "chmod",     "fchmodat",
    "chown",        "fchownat",  "socket",  "connect", "bind",         "fork",      "vfork",    "clone",     "clone3",
    "execve",       "execveat",  "kill",    "tgkill",  "chdir",        "fchdir",    "umask",    "setrlimit", "ptrace",
    "timer_create", "setitimer", "sendto",  "sendmsg", "memfd_create", "setpgid",   "setsid"};
constexpr const char* kBlocking[] = {
    "open",     "openat",     "read",        "pread64",   "readv",           "poll",     "ppoll",   "select",
    "pselect6", "epoll_wait", "epoll_pwait", "nanosleep", "clock_nanosleep", "recvfrom", "recvmsg", "accept",
    "accept4",  "flock",      "fsync",       "fdatasync", "wait4",           "waitid",   "pause"};

void trap(scmp_filter_ctx filter, const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) seccomp_rule_add(filter, SCMP_ACT_TRAP, number, 0);
}

}  // namespace

void be_quiet(Quiet how, Shared& shared) {
    g_page = &shared;
    struct sigaction action{};
    action.sa_sigaction = on_call;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSYS, &action, nullptr);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == nullptr) throw std::runtime_error{"no seccomp filter"};
    for (const char* name : kEffects) trap(filter, name);
    // Opening to read is how libraries are found; everything else is an effect.
    for (const auto& [name, flags] : {std::pair{"open", 1u}, std::pair{"openat", 2u}})
        for (const int bits : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC})
            seccomp_rule_add(filter, SCMP_ACT_TRAP, seccomp_syscall_resolve_name(name), 1,
                             scmp_arg_cmp{flags, SCMP_CMP_MASKED_EQ, static_cast<scmp_datum_t>(bits),
                                          static_cast<scmp_datum_t>(bits)});
    seccomp_rule_add(filter, SCMP_ACT_TRAP, seccomp_syscall_resolve_name("write"), 1,
                     scmp_arg_cmp{0, SCMP_CMP_NE, static_cast<scmp_datum_t>(shared.answer_to), 0});
    if (how == Quiet::no_block)
        for (const char* name : kBlocking) trap(filter, name);
    const int loaded = seccomp_load(filter);
    seccomp_release(filter);
    if (loaded != 0) throw std::runtime_error{"the kernel refuses a seccomp filter"};
}

std::string call_name(int number) {
    char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    const std::string text = name != nullptr ? name : std::to_string(number);
    std::free(name);
    return text;
}

}  // namespace bh::check
