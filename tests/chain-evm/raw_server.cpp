#include "tests/chain-evm/raw_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>

namespace bh::evm::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

// Both ways, until either end hangs up.
void pump(int a, int b) {
    for (;;) {
        pollfd fds[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0) return;
        for (int i = 0; i < 2; ++i) {
            if (fds[i].revents == 0) continue;
            char buffer[4096];
            const ssize_t size = ::recv(fds[i].fd, buffer, sizeof buffer, 0);
            if (size <= 0) return;
            write_all(fds[1 - i].fd, {buffer, static_cast<std::size_t>(size)});
        }
    }
}

}  // namespace

std::string read_head(int socket) {
    std::string text;
    char byte = 0;
    while (!text.ends_with("\r\n\r\n")) {
        if (::recv(socket, &byte, 1, 0) != 1) return "";
        text.push_back(byte);
    }
    return text;
}

void write_all(int socket, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t size = ::send(socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (size <= 0) return;
        sent += static_cast<std::size_t>(size);
    }
}

RawServer::RawServer(std::function<void(int)> serve)
    : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, serve_{std::move(serve)} {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"no port to listen on"};
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] {
        for (;;) {
            const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            {
                const Socket connection{fd};
                current_ = fd;
                serve_(fd);
                current_ = -1;
            }
            ++closed_;
        }
    }};
}

RawServer::~RawServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (const int fd = current_; fd >= 0) ::shutdown(fd, SHUT_RDWR);
    thread_.join();
}

TunnelProxy::TunnelProxy(std::uint16_t target) : target_{target}, server_{[this](int socket) { serve(socket); }} {}

std::string TunnelProxy::heard() const {
    const std::lock_guard lock{mutex_};
    return heard_;
}

void TunnelProxy::answer(std::string text) {
    const std::lock_guard lock{mutex_};
    answer_ = std::move(text);
}

void TunnelProxy::serve(int socket) {
    const std::string head = read_head(socket);
    std::string said;
    {
        const std::lock_guard lock{mutex_};
        heard_ = head;
        said = answer_;
    }
    if (!said.empty()) return write_all(socket, said);
    const Socket onward{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const sockaddr_in address = loopback(target_);
    if (::connect(onward.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    write_all(socket, "HTTP/1.1 200 Connection established\r\n\r\n");
    pump(socket, onward.get());
}

}  // namespace bh::evm::test
