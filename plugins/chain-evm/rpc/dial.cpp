#include "plugins/chain-evm/rpc/dial.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace bh::evm {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the kernel's deadlines

std::string place(const std::string& host, std::uint16_t port) {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Failure too_late(const std::string& host, std::uint16_t port) {
    return {BH_E_TIMEOUT, "connect_timeout", "no connection to " + place(host, port) + " in time", 0};
}

void without_delay(const Socket& socket) {
    const int on = 1;  // requests are small, and each waits for its answer
    (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// 0, or the errno of the attempt.
int finish_connecting(int fd, Clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return ETIMEDOUT;
        pollfd ready{fd, POLLOUT, 0};
        const int count = ::poll(&ready, 1, static_cast<int>(left));
        if (count < 0 && errno != EINTR) return errno;
        if (count <= 0) continue;
        int error = 0;
        socklen_t size = sizeof error;
        return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
    }
}

// 0 with `out` connected, or an errno.
int attempt(const addrinfo& address, Clock::time_point until, Socket& out) {
    Socket socket{::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket.valid()) return errno;
    if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
        const int error = errno == EINPROGRESS ? finish_connecting(socket.get(), until) : errno;
        if (error != 0) return error;
    }
    out = std::move(socket);
    return 0;
}

// EPERM is what a sandbox says to a new socket, whatever the address.
Failure failed(const std::string& host, std::uint16_t port, int error) {
    if (error != EPERM) {
        return {BH_E_UNAVAILABLE, "connect_failed",
                "can't connect to " + place(host, port) + ": " + std::strerror(error), 0};
    }
    return {BH_E_DENIED, "no_network",
            "the plugin may not open connections by itself; add " BH_SVC_CONNECT " to grants.services and " +
                place(host, port) + " to grants.connect of its file in plugins.d",
            0};
}

}  // namespace

Result<Socket> dial_directly(const std::string& host, std::uint16_t port, Clock::time_point deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    // "localhost" is the loopback addresses (RFC 6761, 6.3); a bare system has no /etc/hosts that says so.
    const char* name = host == "localhost" ? nullptr : host.c_str();
    const int unknown = ::getaddrinfo(name, std::to_string(port).c_str(), &hints, &found);
    if (unknown != 0) {
        return Failure{BH_E_UNAVAILABLE, "connect_failed",
                       "can't connect to " + place(host, port) + ": " + ::gai_strerror(unknown), 0};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list{found, &::freeaddrinfo};
    int addresses = 0;
    for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) ++addresses;
    int error = EHOSTUNREACH;
    Socket socket;
    for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next, --addresses) {
        const Clock::time_point now = Clock::now();
        if (now >= deadline) return too_late(host, port);
        error = attempt(*at, now + (deadline - now) / addresses, socket);
        if (error == 0) {
            without_delay(socket);
            return socket;
        }
    }
    if (error == ETIMEDOUT || Clock::now() >= deadline) return too_late(host, port);
    return failed(host, port, error);
}

Dial make_dial(const sdk::Kernel& kernel) {
    if (kernel.c().service(&kernel.c(), BH_SVC_CONNECT) == nullptr) return dial_directly;
    return [connect = kernel.connect()](const std::string& host, std::uint16_t port,
                                        Clock::time_point deadline) -> Result<Socket> {
        // 0 would be no deadline at all.
        const auto until = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
        if (until <= 0) return too_late(host, port);
        const Result<int> fd = connect.tcp(host, port, static_cast<std::uint64_t>(until));
        if (!fd) return fd.failure();
        Socket socket{*fd};
        without_delay(socket);
        return socket;
    };
}

}  // namespace bh::evm
