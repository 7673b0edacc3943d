#include "kernel/net/privileges.hpp"

#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace bh::net {
namespace {

Failure cannot(const std::string& what, int error) {
    return {BH_E_DENIED, "privileges", "cannot " + what + ": " + std::strerror(error)};
}

Status make_directory(const std::string& socket_path, uid_t user, std::optional<gid_t> group) {
    const std::string directory = socket_path.substr(0, socket_path.rfind('/'));
    if (::mkdir(directory.c_str(), 0750) != 0) {
        if (errno == EEXIST) return {};
        return cannot("make " + directory + ", the directory of \"socket\"", errno);
    }
    if (::chown(directory.c_str(), user, group.value_or(static_cast<gid_t>(-1))) != 0)
        return cannot("give " + directory + " to user " + std::to_string(user), errno);
    return {};
}

Status become(uid_t user, std::optional<gid_t> group) {
    const gid_t main_group = group.value_or(::getgid());
    if (::setgroups(1, &main_group) != 0) return cannot("set the groups", errno);
    if (user == 0) return {};
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return cannot("keep CAP_NET_ADMIN", errno);
    if (::setresgid(main_group, main_group, main_group) != 0) return cannot("change the group", errno);
    if (::setresuid(user, user, user) != 0) return cannot("become user " + std::to_string(user), errno);
    return {};
}

// What could be gained by an exec. Needs CAP_SETPCAP, which only root has; a user of its own has nothing to gain.
void empty_bounding_set() {
    for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
        if (capability != CAP_NET_ADMIN) (void)::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
}

Status keep_net_admin_only() {
    using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)>;
    const Capabilities wanted{::cap_init(), ::cap_free};
    constexpr cap_value_t kKept[] = {CAP_NET_ADMIN};
    if (!wanted || ::cap_set_flag(wanted.get(), CAP_PERMITTED, 1, kKept, CAP_SET) != 0 ||
        ::cap_set_flag(wanted.get(), CAP_EFFECTIVE, 1, kKept, CAP_SET) != 0) {
        return cannot("name the capabilities", errno);
    }
    if (::cap_set_proc(wanted.get()) != 0) {
        return Failure{BH_E_DENIED, "no_net_admin",
                       "netd needs CAP_NET_ADMIN: start it as root, or with AmbientCapabilities=CAP_NET_ADMIN"};
    }
    (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return cannot("give up new privileges", errno);
    return {};
}

}  // namespace

Status drop_privileges(std::optional<uid_t> user, std::optional<gid_t> group, const std::string& socket_path) {
    if (::geteuid() == 0) {
        if (auto made = make_directory(socket_path, user.value_or(0), group); !made) return made.failure();
        empty_bounding_set();
        if (auto done = become(user.value_or(0), group); !done) return done.failure();
    }
    return keep_net_admin_only();
}

}  // namespace bh::net
