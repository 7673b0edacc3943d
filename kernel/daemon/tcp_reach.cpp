#include "kernel/daemon/system_ports.hpp"
#include "kernel/ipc/fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>

namespace bh::daemon {
namespace {

constexpr std::uint16_t kSshPort = 22;
// One look is short: a guest that is still booting is asked again, and a slow one must not hold a worker.
constexpr std::chrono::milliseconds kLook{2000};

using Deadline = std::chrono::steady_clock::time_point;

bool wait_for(int fd, short events, Deadline deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd entry{fd, events, 0};
        const int count = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (count < 0 && errno == EINTR) continue;
        return count > 0;
    }
}

class TcpReach final : public life::ReachPort {
public:
    Result<bool> ssh_banner(const std::string& address, std::uint64_t deadline_ns) override {
        sockaddr_in6 target{};
        target.sin6_family = AF_INET6;
        target.sin6_port = htons(kSshPort);
        if (::inet_pton(AF_INET6, address.c_str(), &target.sin6_addr) != 1) {
            return invalid("bad_address", "\"" + address + "\" is no IPv6 address");
        }
        auto deadline = std::chrono::steady_clock::now() + kLook;
        if (deadline_ns != 0) deadline = std::min(deadline, Deadline{std::chrono::nanoseconds{deadline_ns}});

        const Fd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (!fd.valid()) return Failure{BH_E_UNAVAILABLE, "socket", "cannot make an IPv6 socket"};
        const int started = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target);
        if (started != 0 && errno != EINPROGRESS) return false;
        if (!wait_for(fd.get(), POLLOUT, deadline)) return false;
        if (!wait_for(fd.get(), POLLIN, deadline)) return false;
        char banner[4] = {};
        const ssize_t size = ::recv(fd.get(), banner, sizeof banner, 0);
        return size == sizeof banner && std::string_view{banner, sizeof banner} == "SSH-";
    }
};

}  // namespace

std::unique_ptr<life::ReachPort> make_tcp_reach() { return std::make_unique<TcpReach>(); }

}  // namespace bh::daemon
