// A client's end of a Unix stream socket with deadlines. Move-only; one thread at a time.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace hypervisor_qemu {

using Deadline = std::chrono::steady_clock::time_point;

class Socket {
public:
    Socket() = default;
    // BH_E_UNAVAILABLE: nobody listens there, or it is not accepted at once.
    static bh::Result<Socket> connect(const std::string& path);

    Socket(Socket&& other) noexcept : fd_{other.fd_} { other.fd_ = -1; }
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }

    [[nodiscard]] bool open() const { return fd_ >= 0; }
    void close();

    // All of `data`, or BH_E_UNAVAILABLE.
    bh::Status send(std::string_view data, Deadline deadline);
    // At least one byte, appended to `into`. `wake` becoming readable ends the wait (BH_E_INTERRUPTED); -1 = none.
    // BH_E_TIMEOUT at the deadline, BH_E_UNAVAILABLE when the peer has closed.
    bh::Status receive(std::string& into, Deadline deadline, int wake = -1);

private:
    explicit Socket(int fd) : fd_{fd} {}
    int fd_ = -1;
};

}  // namespace hypervisor_qemu
