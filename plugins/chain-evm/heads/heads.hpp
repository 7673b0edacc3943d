// Hears of new blocks: one endpoint's WebSocket, on a thread of its own from start() to stop(), connected again for
// ever.
//
// What it hears only makes the kernel poll; what is new, the poll finds out and verifies. Thread-safe.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugins/chain-evm/heads/trust.hpp"
#include "plugins/chain-evm/heads/web_socket.hpp"
#include "plugins/chain-evm/rpc/score.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace bh::evm {

class Heads {
public:
    struct Times {
        std::chrono::milliseconds open{5'000};        // connection, TLS and handshake; stop() waits no longer than that
        std::chrono::milliseconds subscribe{10'000};  // until the node has said yes
        std::chrono::milliseconds first_pause{500};   // before it is tried again; doubles
        std::chrono::milliseconds longest_pause{60'000};
        std::chrono::milliseconds proven{
            60'000};  // a connection that lasted so long: the next pause is the first again
    };
    static constexpr std::uint32_t kBurst = 64, kPerSecond = 50;  // messages; what comes faster waits at the node

    // `authorization`: the header's value, empty: none; wiped at the end. `on_head`: for each block it tells of, on
    // this thread.
    Heads(std::unique_ptr<Route> route, std::string authorization, std::uint64_t chain_id, Clocks clocks,
          std::function<void()> on_head, WebSocketLimits limits, Times times);
    Heads(const Heads&) = delete;
    Heads& operator=(const Heads&) = delete;
    ~Heads();

    void start();
    void stop();
    void ask_to_stop();  // stop() without the wait

    // One connection up to the subscription, instead of start(): whether the endpoint is of use.
    Status probe();

    // A poll found `height` to be the newest block. Whether the next poll may wait until this one tells of a block.
    bool polled(std::uint64_t height);

    [[nodiscard]] ChainEndpoint::Heads view() const;

private:
    void run();
    // One connection from beginning to end: why it ended.
    Failure follow();
    Result<std::unique_ptr<WebSocket>> open();
    // The id of the subscription, once the node has said yes and that it serves the chain.
    Result<std::string> subscribe(WebSocket& socket);
    Failure listen(WebSocket& socket, const std::string& subscription);
    Status pace();
    // False: it is to stop.
    bool pause(std::chrono::nanoseconds span);
    void set_state(const char* state);

    const std::unique_ptr<Route> route_;
    std::string authorization_;
    const std::uint64_t chain_id_;
    const Clocks clocks_;
    const std::function<void()> on_head_;
    const WebSocketLimits limits_;
    const Times times_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    WebSocket* socket_ = nullptr;  // while it is open
    HeadsTrust trust_;
    ChainEndpoint::Heads facts_;
    std::int64_t subscribed_ms_ = 0;
    std::chrono::steady_clock::time_point full_at_{};  // of pace(); the thread's own
    std::thread thread_;
};

}  // namespace bh::evm
