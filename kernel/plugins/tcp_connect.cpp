#include "kernel/plugins/tcp_connect.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string_view>
#include <thread>

namespace bh::plugins {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
using Time = Clock::time_point;

constexpr int kLookups = 16;
constexpr std::size_t kMostAddresses = 8;

constexpr std::string_view kLocalhost = "localhost";

Time time_of(std::uint64_t deadline_ns) {
    return Time{std::chrono::duration_cast<Clock::duration>(std::chrono::nanoseconds{deadline_ns})};
}
std::uint64_t ns_of(Time time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

Failure too_late(const Endpoint& endpoint) {
    return {BH_E_TIMEOUT, "connect_timeout", "no connection to " + endpoint.text() + " within the deadline", 0};
}
Failure unreachable(const Endpoint& endpoint, const std::string& why) {
    constexpr std::uint32_t kPauseMs = 1000;
    return {BH_E_UNAVAILABLE, "connect_failed", "can't connect to " + endpoint.text() + ": " + why, kPauseMs};
}

std::vector<SocketAddress> addresses_of(const addrinfo* list) {
    std::vector<SocketAddress> found;
    for (; list != nullptr && found.size() < kMostAddresses; list = list->ai_next) {
        if (list->ai_addrlen > sizeof(sockaddr_storage)) continue;
        SocketAddress address;
        std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
        address.size = list->ai_addrlen;
        found.push_back(address);
    }
    return found;
}

// What getaddrinfo() says; an error of it as its text.
struct Answer {
    std::vector<SocketAddress> addresses;
    std::string error;
};
Answer look_up(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    // "localhost" is the loopback addresses, whoever says what else (RFC 6761, 6.3); a bare system has no /etc/hosts.
    const bool loopback = endpoint.host == kLocalhost;
    hints.ai_flags = AI_NUMERICSERV | (endpoint.is_address ? AI_NUMERICHOST : loopback ? 0 : AI_ADDRCONFIG);
    addrinfo* list = nullptr;
    const int error =
        ::getaddrinfo(loopback ? nullptr : endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
    if (error != 0) return {{}, ::gai_strerror(error)};
    Answer answer{addresses_of(list), {}};
    ::freeaddrinfo(list);
    return answer;
}

// Outlives whoever waits for it.
struct Lookup {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    Answer answer;
};

// A name that leads to this machine would open its own services to the plugin; who wants that grants the address.
bool is_this_machine(const SocketAddress& address) {
    if (address.storage.ss_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &address.storage, sizeof four);
        const std::uint32_t bits = ntohl(four.sin_addr.s_addr);
        return bits >> 24 == 127 || bits == 0;
    }
    sockaddr_in6 six{};
    std::memcpy(&six, &address.storage, sizeof six);
    const in6_addr& bits = six.sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&bits)) return bits.s6_addr[12] == 127 || bits.s6_addr[12] == 0;
    return IN6_IS_ADDR_LOOPBACK(&bits) || IN6_IS_ADDR_UNSPECIFIED(&bits);
}

// 0, or the errno of the attempt; ETIMEDOUT at `until`.
int wait_connected(int fd, Time until) {
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

class TcpConnect final : public ConnectBackend {
public:
    TcpConnect(Resolve resolve, std::chrono::milliseconds longest) : resolve_{std::move(resolve)}, longest_{longest} {}

    Result<Fd> tcp(const Endpoint& endpoint, std::uint64_t deadline_ns) override {
        Time deadline = Clock::now() + longest_;
        if (deadline_ns != 0) deadline = std::min(deadline, time_of(deadline_ns));
        if (deadline <= Clock::now()) return too_late(endpoint);
        const auto addresses = resolve_(endpoint, ns_of(deadline));
        if (!addresses) return addresses.failure();
        std::string why = "the name has no address";
        for (const SocketAddress& address : *addresses) {
            if (!endpoint.is_address && endpoint.host != kLocalhost && is_this_machine(address)) {
                return Failure{BH_E_DENIED, "name_is_local",
                               "the name " + endpoint.host +
                                   " leads to this machine itself; if that is meant, grant "
                                   "the address"};
            }
        }
        for (std::size_t i = 0; i < addresses->size(); ++i) {
            const Time now = Clock::now();
            if (now >= deadline) return too_late(endpoint);
            // An address that does not answer leaves the others their time.
            const Time until = now + (deadline - now) / static_cast<int>(addresses->size() - i);
            auto fd = attempt((*addresses)[i], until);
            if (fd) return fd;
            why = fd.failure().message;
        }
        if (Clock::now() >= deadline) return too_late(endpoint);
        return unreachable(endpoint, why);
    }

private:
    static Result<Fd> attempt(const SocketAddress& address, Time until) {
        Fd fd{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        int error = fd.valid() ? 0 : errno;
        if (error == 0 && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
            error = errno == EINPROGRESS ? wait_connected(fd.get(), until) : errno;
        }
        if (error == 0) return fd;
        return Failure{BH_E_UNAVAILABLE, "connect_failed", std::strerror(error)};
    }
    const Resolve resolve_;
    const std::chrono::milliseconds longest_;
};

}  // namespace

Resolve system_resolver() {
    auto running = std::make_shared<std::atomic<int>>(0);
    return [running](const Endpoint& endpoint, std::uint64_t deadline_ns) -> Result<std::vector<SocketAddress>> {
        if (endpoint.is_address) return look_up(endpoint).addresses;
        if (running->fetch_add(1) >= kLookups) {
            running->fetch_sub(1);
            return unreachable(endpoint, "too many names are being looked up at once");
        }
        auto lookup = std::make_shared<Lookup>();
        std::thread{[lookup, running, endpoint] {
            Answer answer = look_up(endpoint);
            running->fetch_sub(1);
            const std::scoped_lock lock{lookup->mutex};
            lookup->answer = std::move(answer);
            lookup->done = true;
            lookup->changed.notify_all();
        }}.detach();
        std::unique_lock lock{lookup->mutex};
        if (!lookup->changed.wait_until(lock, time_of(deadline_ns), [&] { return lookup->done; }))
            return too_late(endpoint);
        if (!lookup->answer.error.empty()) return unreachable(endpoint, lookup->answer.error);
        return lookup->answer.addresses;
    };
}

std::unique_ptr<ConnectBackend> make_connect_backend(Resolve resolve, std::chrono::milliseconds longest) {
    return std::make_unique<TcpConnect>(std::move(resolve), longest);
}

}  // namespace bh::plugins
