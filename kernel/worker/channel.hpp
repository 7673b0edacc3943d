// One end of a channel: whole frames over a stream socket, with descriptors. Used by one thread at a time.
//
// The kernel's end waits with a deadline and never trusts a length; the worker's end waits for ever.
#pragma once

#include "kernel/ipc/fd.hpp"
#include "kernel/worker/wire.hpp"

#include <array>
#include <optional>

namespace bh::worker {

struct Frame {
    Kind kind{};
    std::uint16_t number = 0;
    std::span<const std::uint8_t> payload;  // valid until the next receive() into the same buffer
};

// Received bytes that no frame has used yet.
struct Buffer {
    std::vector<std::uint8_t> data;
    std::size_t begin = 0, end = 0;
};

enum class Got : std::uint8_t { kFrame, kNothingYet, kGone, kGarbage };

class Channel {
public:
    Channel() = default;
    explicit Channel(Fd socket) : socket_{std::move(socket)} {}

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    [[nodiscard]] bool valid() const noexcept { return socket_.valid(); }

    // Sends what `writer` holds. Waits until the other end takes it, at most until the deadline (CLOCK_MONOTONIC, 0 =
    // for ever). False: the end is gone or takes nothing; the channel is of no use any more.
    bool send(Writer& writer, std::span<const int> fds = {}, std::uint64_t deadline_ns = 0);

    // The next frame, if it is there. `wait`: blocks for it. What comes with it is in fds().
    Got receive(Buffer& buffer, Frame& frame, bool wait);

    // Whether there is something to read, or is within a moment (50 us): to be woken costs as long. Then the caller
    // sleeps.
    [[nodiscard]] bool soon() const noexcept;

    // Descriptors that came with the last frame; who takes them empties the vector.
    std::vector<Fd>& fds() noexcept { return fds_; }

private:
    enum class Read : std::uint8_t { kSome, kNothingYet, kGone, kGarbage };
    Read read_more(Buffer& buffer, bool wait);

    Fd socket_;
    std::vector<Fd> fds_;
};

// Two connected sockets: `mine` for the kernel, `theirs` for the worker.
struct SocketPair {
    Fd mine, theirs;
};
std::optional<SocketPair> make_stream_pair();
std::optional<SocketPair> make_packet_pair();

std::uint64_t monotonic_ns() noexcept;
// What poll() takes: milliseconds until then, rounded up; -1 = for ever, if there is no deadline.
int poll_timeout(std::uint64_t deadline_ns) noexcept;

}  // namespace bh::worker
