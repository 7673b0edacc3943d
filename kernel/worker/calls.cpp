#include "kernel/worker/attempts.hpp"

#include <asm/ioctls.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <initializer_list>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace bh::worker {
namespace {

// What programs with threads do to memory, files that they may reach, time and themselves. Not here: making processes
// and programs, sockets, mounts, tracing, keys, modules, and every newer interface that nobody has looked at.
constexpr std::array kAllowed = {"read",
                                 "write",
                                 "readv",
                                 "writev",
                                 "pread64",
                                 "pwrite64",
                                 "preadv",
                                 "pwritev",
                                 "preadv2",
                                 "pwritev2",
                                 "lseek",
                                 "close",
                                 "close_range",
                                 "dup",
                                 "dup2",
                                 "dup3",
                                 "fcntl",
                                 "flock",
                                 "ftruncate",
                                 "truncate",
                                 "fallocate",
                                 "fadvise64",
                                 "fsync",
                                 "fdatasync",
                                 "sync_file_range",
                                 "copy_file_range",
                                 "sendfile",
                                 "splice",
                                 "tee",
                                 "open",
                                 "openat",
                                 "openat2",
                                 "creat",
                                 "stat",
                                 "lstat",
                                 "fstat",
                                 "newfstatat",
                                 "statx",
                                 "statfs",
                                 "fstatfs",
                                 "access",
                                 "faccessat",
                                 "faccessat2",
                                 "readlink",
                                 "readlinkat",
                                 "getdents64",
                                 "getcwd",
                                 "chdir",
                                 "fchdir",
                                 "umask",
                                 "mkdir",
                                 "mkdirat",
                                 "rmdir",
                                 "unlink",
                                 "unlinkat",
                                 "rename",
                                 "renameat",
                                 "renameat2",
                                 "link",
                                 "linkat",
                                 "symlink",
                                 "symlinkat",
                                 "chmod",
                                 "fchmod",
                                 "fchmodat",
                                 "utimensat",
                                 "inotify_init1",
                                 "inotify_add_watch",
                                 "inotify_rm_watch",
                                 "brk",
                                 "munmap",
                                 "mprotect",
                                 "mremap",
                                 "madvise",
                                 "msync",
                                 "mincore",
                                 "membarrier",
                                 "futex",
                                 "futex_waitv",
                                 "get_robust_list",
                                 "set_robust_list",
                                 "rseq",
                                 "set_tid_address",
                                 "sched_yield",
                                 "sched_getaffinity",
                                 "getcpu",
                                 "arch_prctl",
                                 "exit",
                                 "exit_group",
                                 "restart_syscall",
                                 "getpid",
                                 "getppid",
                                 "gettid",
                                 "getuid",
                                 "geteuid",
                                 "getgid",
                                 "getegid",
                                 "getgroups",
                                 "getresuid",
                                 "getresgid",
                                 "getpgrp",
                                 "getpgid",
                                 "getsid",
                                 "uname",
                                 "sysinfo",
                                 "getrusage",
                                 "getrlimit",
                                 "times",
                                 "getpriority",
                                 "capget",
                                 "clock_gettime",
                                 "clock_getres",
                                 "clock_nanosleep",
                                 "nanosleep",
                                 "gettimeofday",
                                 "time",
                                 "getrandom",
                                 "timer_create",
                                 "timer_settime",
                                 "timer_gettime",
                                 "timer_delete",
                                 "timerfd_create",
                                 "timerfd_settime",
                                 "timerfd_gettime",
                                 "setitimer",
                                 "getitimer",
                                 "alarm",
                                 "rt_sigaction",
                                 "rt_sigprocmask",
                                 "rt_sigreturn",
                                 "rt_sigpending",
                                 "rt_sigtimedwait",
                                 "rt_sigsuspend",
                                 "sigaltstack",
                                 "kill",
                                 "tkill",
                                 "tgkill",
                                 "signalfd4",
                                 "pause",
                                 "poll",
                                 "ppoll",
                                 "select",
                                 "pselect6",
                                 "epoll_create1",
                                 "epoll_ctl",
                                 "epoll_wait",
                                 "epoll_pwait",
                                 "epoll_pwait2",
                                 "eventfd2",
                                 "pipe",
                                 "pipe2",
                                 "recvfrom",
                                 "recvmsg",
                                 "recvmmsg",
                                 "shutdown",
                                 "getsockname",
                                 "getpeername",
                                 "getsockopt"};

constexpr int kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
// setsockopt() of a socket that the kernel handed over: what a client tunes, and nothing of routing or filters.
constexpr int kTcpLevel = 6;

// The library's macros for this are C.
scmp_arg_cmp argument(unsigned number, scmp_compare how, scmp_datum_t first, scmp_datum_t second = 0) {
    return {number, how, first, second};
}

// What leads out of a sandbox, or into the parts of Linux where the holes were. A program of the system needs none.
constexpr std::array kNoTool = {"ptrace",
                                "process_vm_readv",
                                "process_vm_writev",
                                "pidfd_getfd",
                                "kcmp",
                                "mount",
                                "umount2",
                                "pivot_root",
                                "chroot",
                                "move_mount",
                                "open_tree",
                                "fsopen",
                                "fsconfig",
                                "fsmount",
                                "fspick",
                                "mount_setattr",
                                "unshare",
                                "setns",
                                "bpf",
                                "perf_event_open",
                                "userfaultfd",
                                "io_uring_setup",
                                "io_uring_enter",
                                "io_uring_register",
                                "keyctl",
                                "add_key",
                                "request_key",
                                "open_by_handle_at",
                                "init_module",
                                "finit_module",
                                "delete_module",
                                "kexec_load",
                                "kexec_file_load",
                                "quotactl",
                                "acct",
                                "swapon",
                                "swapoff",
                                "reboot"};

class Filter {
public:
    explicit Filter(std::uint32_t otherwise) : context_{seccomp_init(otherwise)} {}
    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;
    ~Filter() {
        if (context_ != nullptr) seccomp_release(context_);
    }

    [[nodiscard]] bool made() const { return context_ != nullptr; }
    // A call that this architecture does not have is none to allow.
    void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR || number < 0) return;
        good_ = good_ && seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(conditions.size()),
                                                conditions.begin()) == 0;
    }
    void allow(const char* name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
        add(SCMP_ACT_ALLOW, name, conditions);
    }
    const char* load() {
        if (!good_ || seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) return "seccomp: its rules";
        if (const int error = seccomp_load(context_); error != 0) {
            errno = -error;
            return "seccomp";
        }
        return nullptr;
    }
    const char* load(int& listener) {
        if (const char* failed = load(); failed != nullptr) return failed;
        listener = seccomp_notify_fd(context_);
        return listener >= 0 ? nullptr : "seccomp: its listener";
    }

private:
    scmp_filter_ctx context_;
    bool good_ = true;
};

}  // namespace

const char* restrict_calls(const Plan& plan, int& listener) {
    // What is not allowed asks the watching process, which refuses and remembers it.
    Filter filter{SCMP_ACT_NOTIFY};
    if (!filter.made()) return "seccomp";
    for (const auto* name : kAllowed) {
        if (!plan.tell_files || !opens_file(seccomp_syscall_resolve_name(name))) filter.allow(name);
    }
    if (plan.rlimits) {
        // An rlimit counts private memory alone: no memory then that is no mapping, or shared and of no file.
        filter.allow("mmap", {argument(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0)});
        filter.allow("mmap", {argument(3, SCMP_CMP_MASKED_EQ, MAP_TYPE, MAP_PRIVATE)});
    } else {
        filter.allow("mmap");
        filter.allow("memfd_create");
    }
    // Threads, not processes. clone3 hides its flags behind a pointer: "not there" makes the C library use clone.
    filter.allow("clone", {argument(0, SCMP_CMP_MASKED_EQ, kThread, kThread)});
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
    for (const scmp_datum_t request :
         {scmp_datum_t{FIONREAD}, scmp_datum_t{FIONBIO}, scmp_datum_t{FIOCLEX}, scmp_datum_t{FIONCLEX},
          scmp_datum_t{TCGETS}, scmp_datum_t{FICLONE}, scmp_datum_t{FICLONERANGE}}) {
        filter.allow("ioctl", {argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffU, request)});
    }
    for (const auto option : {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA}) {
        filter.allow("prctl", {argument(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(option))});
    }
    filter.allow("prlimit64", {argument(2, SCMP_CMP_EQ, 0)});  // to look
    filter.allow("socketpair", {argument(0, SCMP_CMP_EQ, AF_UNIX)});
    // A flag that connects would lead a socket from the kernel elsewhere.
    filter.allow("sendto", {argument(3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)});
    filter.allow("sendmsg", {argument(2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)});
    filter.allow("sendmmsg", {argument(3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)});
    for (const int level : {SOL_SOCKET, kTcpLevel}) {
        filter.allow("setsockopt", {argument(1, SCMP_CMP_EQ, static_cast<scmp_datum_t>(level))});
    }
    if (plan.local_sockets) {
        filter.allow("socket", {argument(0, SCMP_CMP_EQ, AF_UNIX)});
        filter.allow("connect");
    }
    return filter.load(listener);
}

const char* restrict_tool_calls() {
    Filter filter{SCMP_ACT_ALLOW};
    if (!filter.made()) return "seccomp";
    for (const auto* name : kNoTool) filter.add(SCMP_ACT_ERRNO(EPERM), name);
    constexpr scmp_datum_t kNamespaces =
        CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    for (scmp_datum_t flag = 1; flag <= kNamespaces; flag <<= 1U) {
        if ((kNamespaces & flag) != 0)
            filter.add(SCMP_ACT_ERRNO(EPERM), "clone", {argument(0, SCMP_CMP_MASKED_EQ, flag, flag)});
    }
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
    filter.add(SCMP_ACT_ERRNO(EPERM), "socket", {argument(0, SCMP_CMP_NE, AF_UNIX)});
    return filter.load();
}

}  // namespace bh::worker
