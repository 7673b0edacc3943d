// A node's WebSocket under a test's control: a real server, and whatever a script says for each connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bh::evm::test {

class WsPeer {
public:
    // One connection after the handshake. Functions return false once the other end is gone.
    class Session {
    public:
        virtual ~Session() = default;
        [[nodiscard]] virtual std::string header(std::string_view name) const = 0;  // of the request; "" = none
        virtual bool hear(std::string& text) = 0;                                   // answers pings
        virtual bool say(const std::string& text) = 0;
        virtual bool raw(std::string_view bytes) = 0;  // past the protocol
        virtual bool ping() = 0;

        // Answers the two questions that come first.
        bool accept(std::uint64_t chain_id = 31337, const std::string& subscription = "0xfeed");
        bool head(std::uint64_t height, const std::string& subscription = "0xfeed");
        // Until the other end is gone.
        void wait();
    };
    using Script = std::function<void(Session&)>;

    // Each connection runs `script` on a thread of its own and ends with it.
    explicit WsPeer(Script script);
    // Answers this HTTP status instead of the handshake.
    explicit WsPeer(unsigned status);
    // Under TLS, with a certificate of its own for 127.0.0.1.
    struct Tls {};
    WsPeer(Tls tls, Script script);
    ~WsPeer();
    WsPeer(const WsPeer&) = delete;
    WsPeer& operator=(const WsPeer&) = delete;

    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::string ca_file() const;  // what trusts its certificate
    [[nodiscard]] int connections() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bh::evm::test
