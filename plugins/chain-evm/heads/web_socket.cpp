// The only file that knows Boost.Beast's WebSocket, which is slow to compile.
#include "plugins/chain-evm/heads/web_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

namespace bh::evm {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using ErrorCode = Stream::ErrorCode;

// The connection below WebSocket. When nothing has come for a while it sends a ping by itself: between two frames,
// which is the only time that the layer above asks for bytes and gets none. A second silence of that length is the end.
class Patient {
public:
    using executor_type = boost::asio::io_context::executor_type;

    Patient(std::unique_ptr<Stream> stream, WebSocketLimits limits) : stream_{std::move(stream)}, limits_{limits} {}

    // Beast wants one for its asynchronous half, which is not used.
    executor_type get_executor() noexcept { return unused_.get_executor(); }

    void established() { established_ = true; }
    void set_deadline(Stream::Time deadline) { deadline_ = deadline; }
    void cut() noexcept { stream_->cut(); }

    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, ErrorCode& error) {
        for (;;) {
            const auto patience = std::min(deadline_, std::chrono::steady_clock::now() + limits_.quiet);
            stream_->set_deadline(established_ ? patience : deadline_);
            const std::size_t count = stream_->read_some(buffers, error);
            if (error != boost::asio::error::timed_out) {
                pinged_ = false;
                return count;
            }
            if (!established_ || pinged_ || std::chrono::steady_clock::now() >= deadline_) return 0;
            if (ping(error); error) return 0;
        }
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, ErrorCode& error) {
        const auto now = std::chrono::steady_clock::now();
        stream_->set_deadline(established_ ? now + limits_.send : deadline_);
        return stream_->write_some(buffers, error);
    }
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
        return thrown([&](ErrorCode& error) { return read_some(buffers, error); });
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
        return thrown([&](ErrorCode& error) { return write_some(buffers, error); });
    }

private:
    template <class F>
    static std::size_t thrown(F&& body) {
        ErrorCode error;
        const std::size_t count = body(error);
        if (error) throw boost::system::system_error{error};
        return count;
    }
    // RFC 6455, section 5.5.2: FIN and ping; masked, as all of a client's, with nothing in it that a mask could hide.
    void ping(ErrorCode& error) {
        static constexpr std::array<std::uint8_t, 6> kPing{0x89, 0x80, 0, 0, 0, 0};
        std::size_t sent = 0;
        error.clear();
        while (sent < kPing.size() && !error) sent += write_some(boost::asio::buffer(kPing) + sent, error);
        pinged_ = true;
    }

    std::unique_ptr<Stream> stream_;
    const WebSocketLimits limits_;
    boost::asio::io_context unused_{1};
    Stream::Time deadline_{};
    bool established_ = false, pinged_ = false;
};

// Found by Beast: the end of the connection below.
void teardown(beast::role_type, Patient& stream, ErrorCode& error) {
    stream.cut();
    error.clear();
}

class BeastSocket final : public WebSocket {
public:
    BeastSocket(std::unique_ptr<Stream> stream, WebSocketLimits limits)
        : limits_{limits}, socket_{std::move(stream), limits} {
        socket_.read_message_max(limits.message_bytes);
        socket_.auto_fragment(false);
        socket_.text(true);
        socket_.control_callback([this](websocket::frame_type, beast::string_view) { count_control_frame(); });
    }

    Status shake_hands(Route& route, const std::string& authorization, Time deadline) {
        socket_.next_layer().set_deadline(deadline);
        socket_.set_option(websocket::stream_base::decorator{[&](websocket::request_type& request) {
            if (!authorization.empty()) request.set(beast::http::field::authorization, authorization);
        }});
        ErrorCode error;
        websocket::response_type response;
        socket_.handshake(response, route.url().authority(), route.url().path, error);
        if (error == websocket::error::upgrade_declined) {
            return down("refused", "answered with HTTP status " + std::to_string(response.result_int()) +
                                       " instead of a WebSocket; check its URL and its key");
        }
        if (error) return down("handshake", "made no WebSocket: " + error.message());
        socket_.next_layer().established();
        return {};
    }

    Status send(const std::string& text) override {
        ErrorCode error;
        socket_.write(boost::asio::buffer(text), error);
        if (error) return down("ended", "took nothing: " + error.message());
        return {};
    }

    Result<std::string> receive(Time deadline) override {
        socket_.next_layer().set_deadline(deadline);
        beast::flat_buffer buffer{limits_.message_bytes};
        for (std::uint32_t pieces = 0;; ++pieces) {
            ErrorCode error;
            socket_.read_some(buffer, limits_.message_bytes - buffer.size(), error);
            if (noisy_) return down("noise", "sent more control frames than anybody needs");
            if (error == boost::asio::error::timed_out) {
                return Failure{BH_E_TIMEOUT, "silence", "neither said a word nor answered a ping", 0};
            }
            if (error) return down("ended", "ended it: " + error.message());
            if (socket_.is_message_done()) break;
            if (pieces == limits_.pieces || buffer.size() == limits_.message_bytes) {
                return down("too_large", "sent a message larger than the limit, or in too many pieces");
            }
        }
        return std::string{static_cast<const char*>(buffer.data().data()), buffer.size()};
    }

    void cut() noexcept override { socket_.next_layer().cut(); }

private:
    static Failure down(const char* reason, std::string what) { return {BH_E_UNAVAILABLE, reason, std::move(what), 0}; }

    void count_control_frame() {
        const auto now = std::chrono::steady_clock::now();
        if (now - minute_began_ > std::chrono::minutes{1}) minute_began_ = now, control_frames_ = 0;
        if (++control_frames_ <= limits_.control_frames_per_minute) return;
        noisy_ = true;
        cut();
    }

    const WebSocketLimits limits_;
    websocket::stream<Patient, false> socket_;
    Time minute_began_{};
    std::uint32_t control_frames_ = 0;
    bool noisy_ = false;
};

}  // namespace

Result<std::unique_ptr<WebSocket>> WebSocket::open(Route& route, const std::string& authorization, Time deadline,
                                                   WebSocketLimits limits) {
    Result<std::unique_ptr<Stream>> stream = route.open(deadline);
    if (!stream) return stream.failure();
    auto socket = std::make_unique<BeastSocket>(*std::move(stream), limits);
    if (const Status open = socket->shake_hands(route, authorization, deadline); !open) return open.failure();
    return std::unique_ptr<WebSocket>{std::move(socket)};
}

}  // namespace bh::evm
