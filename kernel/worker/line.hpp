// The kernel's end of one channel: sends a call, serves what the plugin asks for meanwhile, and waits for the reply.
//
// Nothing that a worker sends can harm the kernel: what is not as agreed ends the conversation. One thread at a time.
#pragma once

#include "kernel/worker/exchange.hpp"
#include "kernel/worker/pace.hpp"

#include <string>

namespace bh::worker {

// What a conversation may last. Both CLOCK_MONOTONIC.
struct Deadlines {
    std::uint64_t soft_ns = 0;  // the worker is told to stop; 0 = never
    std::uint64_t hard_ns = 0;  // given up
};

enum class End : std::uint8_t {
    kReply,
    kRefused,  // nothing was sent
    kGone,     // the worker ended
    kOverdue,
    kGarbage,  // the worker said something that is not as agreed
};

class Line {
public:
    // `stop` is the packet socket for Stop, invalid for a channel without.
    Line(Channel channel, Fd stop, const bh_kernel* services)
        : channel_{std::move(channel)}, stop_{std::move(stop)}, services_{services} {}

    // One verb. The outcome counts only with kReply.
    End call(const Exchange& exchange, Deadlines deadlines, Outcome& outcome);

    // The first words: `out` holds kStart; the answer is a status without outputs.
    End start(Writer& out, std::span<const int> fds, std::uint64_t hard_ns, bh_error* err, bh_status& status);

    // Opens a channel in the worker over this one.
    bool send(Writer& out, std::span<const int> fds, std::uint64_t hard_ns) { return channel_.send(out, fds, hard_ns); }

    // Serves what is there now without waiting: requests that belong to no verb.
    End serve_pending();

    [[nodiscard]] int fd() const noexcept { return channel_.fd(); }
    // Makes whoever waits here see the end. Any thread.
    void cut() noexcept;

private:
    End converse(Kind end, std::uint16_t number, const bh_call* call, Deadlines deadlines, Frame& frame);
    End wait(const bh_call* call, Deadlines deadlines, bool& told);
    void tell_to_stop(std::uint32_t reason) noexcept;
    bool serve(const Frame& frame, const bh_call* call, std::uint64_t hard_ns);

    Channel channel_;
    Fd stop_;
    const bh_kernel* services_;
    Buffer buffer_;
    Pace pace_;
    Writer out_, answer_;
    std::uint32_t calls_ = 0;
};

// What the worker's own mouth may put into logs and views: one line of printable UTF-8.
std::string clean(std::string_view text);

}  // namespace bh::worker
