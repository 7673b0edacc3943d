#include "kernel/worker/sandbox.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bh::worker {
namespace {

constexpr rlim_t kMaxFiles = 256;
constexpr std::size_t kThreadStack = std::size_t{2} << 20;

bool limit(__rlimit_resource resource, rlim_t value) {
    const rlimit both{value, value};
    return ::setrlimit(resource, &both) == 0;
}

bool put(const char* path, const std::string& text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    return done;
}

}  // namespace

const char* limit_resources(const Plan& plan) {
    if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, kMaxFiles) || !limit(RLIMIT_MEMLOCK, 0) ||
        !limit(RLIMIT_MSGQUEUE, 0))
        return "limits";
    // Of the threads that are made later: eight megabytes each would count against a memory limit by rlimits.
    pthread_attr_t stack;
    if (::pthread_attr_init(&stack) != 0 || ::pthread_attr_setstacksize(&stack, kThreadStack) != 0 ||
        ::pthread_setattr_default_np(&stack) != 0)
        return "limit of the stack";
    if (!plan.rlimits) return nullptr;
    if (plan.memory_bytes != 0 && !limit(RLIMIT_DATA, plan.memory_bytes)) return "limit of memory";
    // Counted per user, and the two processes of a worker are the only ones of theirs.
    if (plan.max_threads != 0 && !limit(RLIMIT_NPROC, plan.max_threads + 2)) return "limit of threads";
    return nullptr;
}

const char* enter_namespaces() {
    const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER) != 0)
        return "user namespace (is user.max_user_namespaces 0, or is this a chroot, in which none can be made?)";
    if (!put("/proc/self/setgroups", "deny") || !put("/proc/self/uid_map", uid + " " + uid + " 1") ||
        !put("/proc/self/gid_map", gid + " " + gid + " 1"))
        return "user namespace: its map";
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) != 0)
        return "namespaces";
    return nullptr;
}

const char* end_first() { return put("/proc/self/oom_score_adj", "500") ? nullptr : "choice of who ends first"; }

const char* drop_capabilities() {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return "capabilities";
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    if (::syscall(SYS_capset, &header, none) != 0) return "capabilities";
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return "capabilities";
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? nullptr : "no_new_privs";
}

}  // namespace bh::worker
