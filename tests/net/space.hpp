// Network namespaces for tests. A Space is held by a child process that dies with the test, and the kernel removes the
// namespace with everything in it: nothing is left behind however the test ends. The test itself stays where it is.
#pragma once

#include "kernel/ipc/fd.hpp"

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace bh::nettest {

class Space {
public:
    Space();
    Space(const Space&) = delete;
    Space& operator=(const Space&) = delete;
    ~Space();

    [[nodiscard]] pid_t holder() const noexcept { return holder_; }

    // Runs `body` on a thread inside the namespace; sockets that it makes belong there. Exceptions come back.
    void inside(const std::function<void()>& body) const;

    // Runs a program inside and returns what it printed; throws when it fails.
    [[nodiscard]] std::string output(const std::vector<std::string>& command) const;
    void run(const std::vector<std::string>& command) const { (void)output(command); }
    // "ip -6 route add ..." split at blanks.
    void ip(const std::string& arguments) const;

    // Starts a program inside that ends with this process; its stdout is `out`.
    pid_t start(const std::vector<std::string>& command, int out) const;

private:
    pid_t holder_ = -1;
    Fd handle_;
};

// Runs `body` on a thread whose user and group are these (for SO_PEERCRED); the process stays what it is.
void as_user(uid_t user, gid_t group, const std::function<void()>& body);

// Waits until `condition` holds, at most ten seconds. False: it never did.
bool eventually(const std::function<bool()>& condition);

}  // namespace bh::nettest
