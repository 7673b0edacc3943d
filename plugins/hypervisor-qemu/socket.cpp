#include "plugins/hypervisor-qemu/socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace hypervisor_qemu {
namespace {

int milliseconds_until(Deadline deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 600000));
}

bh::Failure gone(const char* what, int error) {
    return {BH_E_UNAVAILABLE, "socket",
            std::string{what} + (error != 0 ? std::string{": "} + std::strerror(error) : ""), 1000};
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        std::swap(fd_, other.fd_);
    }
    return *this;
}

void Socket::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

bh::Result<Socket> Socket::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return bh::invalid("socket_path", path + " is longer than 107 bytes");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Socket socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket.open()) return gone("no socket", errno);
    if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return gone(("nobody answers on " + path).c_str(), errno);
    }
    return socket;
}

bh::Status Socket::send(std::string_view data, Deadline deadline) {
    while (!data.empty()) {
        const ssize_t count = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
        if (count > 0) {
            data.remove_prefix(static_cast<std::size_t>(count));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) return gone("the peer went away", errno);
        pollfd fd{fd_, POLLOUT, 0};
        if (::poll(&fd, 1, milliseconds_until(deadline)) == 0) return gone("the peer reads nothing", 0);
    }
    return {};
}

bh::Status Socket::receive(std::string& into, Deadline deadline, int wake) {
    for (;;) {
        std::array<char, 16384> buffer;
        const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (count > 0) {
            into.append(buffer.data(), static_cast<std::size_t>(count));
            return {};
        }
        if (count == 0) return gone("the peer closed", 0);
        if (errno != EAGAIN && errno != EINTR) return gone("the peer went away", errno);
        std::array<pollfd, 2> fds{pollfd{fd_, POLLIN, 0}, pollfd{wake, POLLIN, 0}};
        const int ready = ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
        if (ready == 0) return bh::Failure{BH_E_TIMEOUT, "no_answer", "no answer came in time", 1000};
        if (fds[1].revents != 0) return bh::Failure{BH_E_INTERRUPTED, "interrupted", "the wait was ended"};
    }
}

}  // namespace hypervisor_qemu
