#include "kernel/launch/privileges.hpp"

#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace bh::launch {
namespace {

constexpr cap_value_t kKept[] = {CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_KILL};

bool is_kept(cap_value_t cap) {
    for (const cap_value_t kept : kKept) {
        if (cap == kept) return true;
    }
    return false;
}

Failure failed(const char* what) {
    return {BH_E_DENIED, "privileges",
            std::string{"cannot "} + what + " (" + std::strerror(errno) +
                "): start blockhost-launch as root with CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_KILL and CAP_SETPCAP"};
}

}  // namespace

Status drop_privileges(gid_t kernel_gid) {
    if (::geteuid() != 0) return failed("work as another user than root");
    if (::setgroups(1, &kernel_gid) != 0) return failed("join the kernel's group");
    for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; ++cap) {
        if (!is_kept(cap) && ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 &&
            ::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
            return failed("drop capabilities for good");
        }
    }
    const std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)> caps{::cap_init(), &::cap_free};
    if (!caps || ::cap_set_flag(caps.get(), CAP_PERMITTED, std::size(kKept), kKept, CAP_SET) != 0 ||
        ::cap_set_flag(caps.get(), CAP_EFFECTIVE, std::size(kKept), kKept, CAP_SET) != 0 ||
        ::cap_set_proc(caps.get()) != 0) {
        return failed("keep only the capabilities that are needed");
    }
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return {};
}

}  // namespace bh::launch
