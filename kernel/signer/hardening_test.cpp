// A core is written when the kernel's do_coredump() finds the process dumpable (1, or 2 for root's eyes); RLIMIT_CORE 0
// stops a core *file* only, for where core_pattern is a pipe (systemd-coredump, apport) the limit does not count. So
// PR_GET_DUMPABLE must say 0, whatever the machine's core_pattern and fs.suid_dumpable are: neither is changed here.
#include "kernel/signer/hardening.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

using namespace bh;
using namespace bh::signer;

namespace {

constexpr uid_t kUser = 64777;
constexpr int kFailed = 100;

// What `body` answers in a child that can dump to begin with.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) ::_exit(kFailed);
        ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int dumpable() { return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace

TEST_CASE("a hardened process is not dumpable at all, so that a core_pattern with a pipe gets nothing either") {
    CHECK(in_child([] { return dumpable(); }) == 1);
    CHECK(in_child([] { return harden() ? dumpable() : kFailed; }) == 0);
    if (::geteuid() != 0) return;
    // As main does it: the change of user sets what fs.suid_dumpable says, 2 where systemd-coredump is installed.
    CHECK(in_child([] {
              if (!become_user(kUser, std::nullopt, {})) return kFailed;
              return harden() ? dumpable() : kFailed;
          }) == 0);
}

TEST_CASE("a hardened process has no limit left for a core file, and can't raise it again") {
    CHECK(in_child([] {
              if (::geteuid() == 0 && !become_user(kUser, std::nullopt, {})) return kFailed;
              if (!harden()) return kFailed;
              rlimit core{1, 1};
              if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) return 1;
              core = {4096, 4096};
              return ::setrlimit(RLIMIT_CORE, &core) == 0 ? 2 : 0;
          }) == 0);
}
