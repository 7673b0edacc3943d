// For tests: a Unix socket whose other end is a script, and a directory that is gone afterwards.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace hypervisor_qemu::testing {

class Directory {
public:
    Directory() {
        char pattern[] = "/tmp/bh-qemu-XXXXXX";
        path_ = ::mkdtemp(pattern);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// Accepts one connection after the other and gives each to `serve(fd)`, in a thread.
class Peer {
public:
    Peer(const std::string& path, std::function<void(int)> serve) : serve_{std::move(serve)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd_, 8) == 0);
        thread_ = std::thread{[this] {
            for (int client; (client = ::accept(fd_, nullptr, nullptr)) >= 0;) {
                ++connections;
                serve_(client);
                ::close(client);
            }
        }};
    }
    ~Peer() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    std::atomic<int> connections = 0;

private:
    std::function<void(int)> serve_;
    int fd_ = -1;
    std::thread thread_;
};

inline std::string read_some(int fd) {
    char buffer[4096];
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : std::string{};
}

inline void put(int fd, const std::string& text) { (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

}  // namespace hypervisor_qemu::testing
