// Socket: owns one socket descriptor. Movable, not copyable. Thread-compatible.
#pragma once

#include <utility>

#include <unistd.h>

namespace bh::evm {

class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) noexcept : fd_{fd} {}
    Socket(Socket&& other) noexcept : fd_{other.release()} {}
    Socket& operator=(Socket&& other) noexcept {
        if (this != &other) {
            close();
            fd_ = other.release();
        }
        return *this;
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    // The caller closes it.
    int release() noexcept { return std::exchange(fd_, -1); }

private:
    void close() noexcept {
        if (valid()) ::close(release());
    }
    int fd_ = -1;
};

}  // namespace bh::evm
