// A TCP server on the loopback interface whose test says what it does with each connection: for what no HTTP server
// does on request.
#pragma once

#include "plugins/chain-evm/rpc/socket.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace bh::evm::test {

// An HTTP head with the empty line that ends it; "" when the peer hangs up before. Blocking, as write_all().
std::string read_head(int socket);
void write_all(int socket, const std::string& text);

class RawServer {
public:
    // `serve` runs on the server's thread, one connection at a time; the connection is closed after it.
    explicit RawServer(std::function<void(int socket)> serve);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int closed() const { return closed_; }  // connections that are over

private:
    Socket listener_;
    std::uint16_t port_ = 0;
    std::function<void(int socket)> serve_;
    std::atomic<int> closed_{0};
    std::atomic<int> current_{-1};
    std::thread thread_;
};

// An HTTP proxy that makes a tunnel to one port of this machine, whatever it is asked for.
class TunnelProxy {
public:
    explicit TunnelProxy(std::uint16_t target);
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    // The head of the last request.
    [[nodiscard]] std::string heard() const;
    // Says this to every later request instead of making a tunnel.
    void answer(std::string text);

private:
    void serve(int socket);

    const std::uint16_t target_;
    mutable std::mutex mutex_;
    std::string heard_, answer_;
    RawServer server_;
};

}  // namespace bh::evm::test
