// A connection's bytes, plain or under TLS, with a deadline for whatever is done to it: what Boost.Beast calls a
// SyncStream. One thread at a time, but cut() from any.
#pragma once

#include "plugins/chain-evm/rpc/socket.hpp"
#include "plugins/chain-evm/rpc/tls.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <chrono>
#include <optional>

namespace bh::evm {

class Stream {
public:
    using Time = std::chrono::steady_clock::time_point;
    using ErrorCode = boost::system::error_code;

    // `socket`: connected and non-blocking.
    explicit Stream(Socket socket) noexcept : socket_{std::move(socket)} {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Of everything that follows: boost::asio::error::timed_out.
    void set_deadline(Time deadline) noexcept { deadline_ = deadline; }

    // TLS from here on. The peer's certificate must be trusted and for `host`. BH_E_UNAVAILABLE "tls",
    // "connect_timeout" or "no_tls"; the stream can't be used then.
    Status start_tls(const TlsContext& context, const std::string& host);

    // At least one byte, or an error; boost::asio::error::eof where the peer ended it in order.
    template <class MutableBuffers>
    std::size_t read_some(const MutableBuffers& buffers, ErrorCode& error) {
        error.clear();
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
            const boost::asio::mutable_buffer buffer{*at};
            if (buffer.size() > 0) return read(buffer.data(), buffer.size(), error);
        }
        return 0;
    }
    // Of several buffers as many as fit into one packet: a request's head and body leave together.
    template <class ConstBuffers>
    std::size_t write_some(const ConstBuffers& buffers, ErrorCode& error) {
        error.clear();
        const std::size_t size = boost::asio::buffer_copy(boost::asio::buffer(packet_), buffers);
        return size == 0 ? 0 : write(packet_.data(), size, error);
    }
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
        ErrorCode error;
        const std::size_t count = read_some(buffers, error);
        if (error) throw boost::system::system_error{error};
        return count;
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
        ErrorCode error;
        const std::size_t count = write_some(buffers, error);
        if (error) throw boost::system::system_error{error};
        return count;
    }

    // Between an answer and the next request: the peer has neither said anything nor hung up.
    [[nodiscard]] bool quiet() noexcept;

    // Whoever waits here sees the end at once, and everybody later, too.
    void cut() noexcept;

private:
    std::size_t read(void* to, std::size_t size, ErrorCode& error);
    std::size_t write(const void* from, std::size_t size, ErrorCode& error);
    // Until the socket is ready or the deadline: false with `error`.
    bool wait(short events, ErrorCode& error) const;
    bool wait(TlsSession::Step step, ErrorCode& error) const;

    const Socket socket_;
    Time deadline_{};
    std::optional<TlsSession> tls_;
    std::array<char, 16384> packet_;  // the largest record of TLS
};

}  // namespace bh::evm
