// One WebSocket connection as a client (RFC 6455): whole text messages, capped; pings by itself. One thread at a time,
// but cut() from any.
#pragma once

#include "plugins/chain-evm/rpc/route.hpp"

#include <memory>
#include <string>

namespace bh::evm {

struct WebSocketLimits {
    std::size_t message_bytes = std::size_t{64} << 10;
    std::uint32_t pieces = 64;  // frames of one message
    std::uint32_t control_frames_per_minute = 120;
    std::chrono::milliseconds quiet{20'000};  // without a byte: a ping; twice: dead
    std::chrono::milliseconds send{10'000};
};

class WebSocket {
public:
    using Time = Stream::Time;
    virtual ~WebSocket() = default;

    // BH_E_UNAVAILABLE, in words without path, query and user. `authorization`: the header's value; empty: none.
    static Result<std::unique_ptr<WebSocket>> open(Route& route, const std::string& authorization, Time deadline,
                                                   WebSocketLimits limits = {});

    virtual Status send(const std::string& text) = 0;
    // The next message, by `deadline` at the latest; Time::max(): as long as it takes. BH_E_TIMEOUT or
    // BH_E_UNAVAILABLE: it is of no use any more.
    virtual Result<std::string> receive(Time deadline) = 0;
    // Whoever waits in receive() or send() sees the end at once.
    virtual void cut() noexcept = 0;
};

}  // namespace bh::evm
