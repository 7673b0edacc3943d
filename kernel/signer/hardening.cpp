#include "kernel/signer/hardening.hpp"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bh::signer {

namespace {

Failure cannot(const std::string& what, int error) {
    return {BH_E_DENIED, "privileges", "cannot " + what + ": " + std::strerror(error)};
}

// `owner` null: stays with whoever makes it.
Status make(const OwnDirectory& wanted, const uid_t* owner, gid_t group) {
    const std::string directory = wanted.file.substr(0, wanted.file.rfind('/'));
    if (directory.empty()) return {};
    if (::mkdir(directory.c_str(), wanted.mode) != 0) {
        return errno == EEXIST ? Status{} : cannot("make the directory " + directory, errno);
    }
    if (owner != nullptr && ::chown(directory.c_str(), *owner, group) != 0) {
        return cannot("give " + directory + " to its user", errno);
    }
    if (::chmod(directory.c_str(), wanted.mode) != 0) return cannot("set the mode of " + directory, errno);
    return {};
}

}  // namespace

Status become_user(std::optional<uid_t> user, std::optional<gid_t> group,
                   const std::vector<OwnDirectory>& directories) {
    const bool change = user && ::geteuid() == 0;
    const gid_t main_group = group.value_or(user ? static_cast<gid_t>(*user) : ::getegid());
    for (const OwnDirectory& wanted : directories) {
        if (auto made = make(wanted, change ? &*user : nullptr, main_group); !made) return made.failure();
    }
    if (!change) return {};
    if (::setgroups(1, &main_group) != 0) return cannot("set the groups", errno);
    if (::setresgid(main_group, main_group, main_group) != 0) return cannot("change the group", errno);
    if (::setresuid(*user, *user, *user) != 0) return cannot("become user " + std::to_string(*user), errno);
    return {};
}

Status harden() {
    ::umask(0077);
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return cannot("forbid core files", errno);
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return cannot("make the process not dumpable", errno);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return cannot("give up new privileges", errno);
    return {};
}

}  // namespace bh::signer
