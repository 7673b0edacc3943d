#include "tests/net/testbed.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace bh::nettest {
namespace {

sockaddr_in6 endpoint(const std::string& address, std::uint16_t port) {
    sockaddr_in6 end{};
    end.sin6_family = AF_INET6;
    end.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, address.c_str(), &end.sin6_addr) != 1) throw std::runtime_error{"bad address in a test"};
    return end;
}

const sockaddr* generic(const sockaddr_in6& end) { return reinterpret_cast<const sockaddr*>(&end); }

Fd listening(int type, std::uint16_t port) {
    Fd fd{::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto end = endpoint("::", port);
    if (!fd.valid() || ::bind(fd.get(), generic(end), sizeof end) != 0 ||
        (type == SOCK_STREAM && ::listen(fd.get(), 16) != 0))
        throw std::runtime_error{std::string{"no service in a test: "} + std::strerror(errno)};
    return fd;
}

bool send(const Fd& fd, const std::string& address, std::uint16_t port, const std::string& text) {
    const auto end = endpoint(address, port);
    return ::sendto(fd.get(), text.data(), text.size(), 0, generic(end), sizeof end) ==
           static_cast<ssize_t>(text.size());
}

}  // namespace

Services::Services(const Space& space, std::uint16_t port) : stop_{::eventfd(0, EFD_CLOEXEC)} {
    space.inside([&] {
        udp_ = listening(SOCK_DGRAM, port);
        tcp_ = listening(SOCK_STREAM, port);
    });
    thread_ = std::thread{[this] { serve(); }};
}

Services::~Services() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
}

void Services::serve() {
    std::array<pollfd, 3> fds{pollfd{stop_.get(), POLLIN, 0}, pollfd{udp_.get(), POLLIN, 0},
                              pollfd{tcp_.get(), POLLIN, 0}};
    for (;;) {
        if (::poll(fds.data(), fds.size(), -1) < 0) continue;
        if (fds[0].revents != 0) return;
        if (fds[2].revents != 0) const Fd connection{::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
        if (fds[1].revents == 0) continue;
        std::array<char, 8192> buffer{};
        sockaddr_in6 from{};
        socklen_t size = sizeof from;
        const auto n =
            ::recvfrom(udp_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (n < 0) continue;
        (void)::sendto(udp_.get(), buffer.data(), static_cast<std::size_t>(n), 0, generic(from), size);
        const std::scoped_lock lock{mutex_};
        heard_.emplace_back(buffer.data(), static_cast<std::size_t>(n));
        more_.notify_all();
    }
}

bool Services::heard_until(const std::string& last) {
    std::unique_lock lock{mutex_};
    return more_.wait_for(lock, std::chrono::seconds{10},
                          [&] { return std::find(heard_.begin(), heard_.end(), last) != heard_.end(); });
}

std::vector<std::string> Services::heard() {
    const std::scoped_lock lock{mutex_};
    return heard_;
}

namespace {

// Sends up to `tries` times, and waits `patience` each time.
bool echoed(const Space& space, const std::string& address, std::uint16_t port, const std::string& text, int tries,
            std::chrono::milliseconds patience) {
    bool back = false;
    space.inside([&] {
        const Fd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        for (int i = 0; i < tries && !back; ++i) {
            if (!send(fd, address, port, text)) return;
            pollfd readable{fd.get(), POLLIN, 0};
            if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) continue;
            std::array<char, 8192> buffer{};
            const auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
            back = n > 0 && std::string(buffer.data(), static_cast<std::size_t>(n)) == text;
        }
    });
    return back;
}

}  // namespace

bool echoes(const Space& space, const std::string& address, std::uint16_t port, const std::string& text) {
    return echoed(space, address, port, text, 20, std::chrono::milliseconds{500});
}

bool echoes_at_once(const Space& space, const std::string& address, std::uint16_t port, const std::string& text) {
    return echoed(space, address, port, text, 1, std::chrono::seconds{5});
}

void send_text(const Space& space, const std::string& address, std::uint16_t port, const std::string& text) {
    space.inside([&] {
        const Fd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        if (!send(fd, address, port, text)) throw std::runtime_error{std::string{"not sent: "} + std::strerror(errno)};
    });
}

Attempt::Attempt(const Space& space, const std::string& address, std::uint16_t port) {
    space.inside([&] {
        socket_ = Fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        const auto end = endpoint(address, port);
        if (::connect(socket_.get(), generic(end), sizeof end) != 0 && errno != EINPROGRESS)
            throw std::runtime_error{std::string{"connect: "} + std::strerror(errno)};
    });
}

bool Attempt::succeeds() {
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (::poll(&writable, 1, 10000) != 1) return false;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

bool Attempt::unanswered() const {
    pollfd writable{socket_.get(), POLLOUT, 0};
    return ::poll(&writable, 1, 0) == 0;
}

}  // namespace bh::nettest
