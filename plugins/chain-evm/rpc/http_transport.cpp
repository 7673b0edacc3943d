// HTTP by Boost.Beast over a Route: one connection per request in flight, a few kept for the next ones.
#include "plugin-api/crypto/secret.hpp"
#include "plugins/chain-evm/rpc/answer.hpp"
#include "plugins/chain-evm/rpc/route.hpp"
#include "plugins/chain-evm/rpc/sigpipe.hpp"
#include "plugins/chain-evm/rpc/transport.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <vector>

namespace bh::evm {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kIdleConnections = 4;
constexpr std::string_view kProxyScheme = "http://";
constexpr std::uint32_t kMaxHeadBytes = 32768;
constexpr std::size_t kReadBytes = 65536;

// Retry-After: seconds or a date (RFC 9110, section 10.2.3); in milliseconds, 0 if there is none.
std::uint32_t pause_of(const std::string& text) {
    constexpr std::int64_t kMaxPauseSeconds = 600;  // an endpoint's word alone must not keep it away for longer
    std::int64_t seconds = 0;
    const char* const end = text.data() + text.size();
    if (const auto parsed = std::from_chars(text.data(), end, seconds); parsed.ec != std::errc{} || parsed.ptr != end) {
        std::tm when{};
        const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when);
        if (rest == nullptr || *rest != '\0') return 0;
        seconds = ::timegm(&when) - std::time(nullptr);
    }
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kMaxPauseSeconds) * 1000);
}

struct Connection {
    std::unique_ptr<Stream> stream;
    boost::beast::flat_buffer buffer;
};

class HttpTransport final : public Transport {
public:
    HttpTransport(Url url, std::optional<Url> proxy, HttpOptions options)
        : options_{std::move(options)},
          route_{std::move(url), std::move(proxy), options_.ca_file, options_.dial},
          label_{route_.url().origin} {
        if (!options_.bearer.empty()) {
            authorization_ = "Bearer " + options_.bearer;
        } else if (!route_.url().user_info.empty()) {
            authorization_ = basic_authorization(route_.url().user_info);
        }
    }
    ~HttpTransport() override {
        crypto::wipe(options_.bearer);
        crypto::wipe(authorization_);
    }
    HttpTransport(const HttpTransport&) = delete;
    HttpTransport& operator=(const HttpTransport&) = delete;

    Result<std::string> post(const std::string& body, std::size_t max_answer_bytes) override {
        const SigpipeGuard guard;
        const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
        Result<Connection> taken = take(deadline);
        if (!taken) return failure_of(taken.failure());
        Connection connection = *std::move(taken);
        std::optional<InFlight> in_flight{std::in_place, *this, *connection.stream};
        if (in_flight->too_late()) return ended();
        connection.stream->set_deadline(deadline);
        boost::system::error_code error;
        http::response_parser<http::string_body> parser;
        parser.header_limit(kMaxHeadBytes);
        const std::size_t most = options_.max_answer_bytes;
        parser.body_limit(max_answer_bytes > 0 ? std::min(most, max_answer_bytes) : most);
        const http::request<http::string_body> request = request_of(body);
        http::write(*connection.stream, request, error);
        if (!error) http::read_header(*connection.stream, connection.buffer, parser, error);
        if (!error) {
            // Once, with what its reader wants behind it: a string that grows is copied. The limit was kept by now.
            if (const auto size = parser.content_length()) parser.get().body().reserve(*size + kAnswerPadding);
            connection.buffer.reserve(kReadBytes);  // Beast reads what fits; at first that is 512 bytes
            http::read(*connection.stream, connection.buffer, parser, error);
        }
        if (error) return failure_of(error);
        http::response<http::string_body> response = parser.release();
        const std::uint32_t pause = pause_of(std::string{response[http::field::retry_after]});
        const unsigned status = response.result_int();
        if (status == 429) return down("rate_limited", "says that it was asked too often (HTTP 429)", pause);
        // Some nodes put their JSON error into a 4xx; whether it is one, the caller sees.
        std::string answer = std::move(response.body());
        const bool json = answer.find_first_of("{[") == answer.find_first_not_of(" \t\r\n") && !answer.empty();
        if (status != 200 && !json) {
            return down("endpoint_refused",
                        "answered with HTTP status " + std::to_string(status) + "; check its URL and its key", pause);
        }
        in_flight.reset();  // the next request may be on its way with it before this function ends
        if (response.keep_alive()) give_back(std::move(connection));
        return answer;
    }

    void interrupt() override {
        const std::lock_guard lock{mutex_};
        interrupted_ = true;
        for (Stream* stream : in_flight_) stream->cut();
    }

    [[nodiscard]] const std::string& label() const override { return label_; }

private:
    // So that interrupt() finds the connection of a request.
    class InFlight {
    public:
        InFlight(HttpTransport& transport, Stream& stream) : transport_{transport}, stream_{&stream} {
            const std::lock_guard lock{transport_.mutex_};
            too_late_ = transport_.interrupted_;
            transport_.in_flight_.push_back(stream_);
        }
        ~InFlight() {
            const std::lock_guard lock{transport_.mutex_};
            std::erase(transport_.in_flight_, stream_);
        }
        InFlight(const InFlight&) = delete;
        InFlight& operator=(const InFlight&) = delete;
        [[nodiscard]] bool too_late() const { return too_late_; }

    private:
        HttpTransport& transport_;
        Stream* const stream_;
        bool too_late_ = false;
    };

    Failure down(std::string reason, const std::string& what, std::uint32_t pause_ms = 0) const {
        return {BH_E_UNAVAILABLE, std::move(reason), "the endpoint " + label_ + " " + what, pause_ms};
    }
    Failure ended() const { return down("endpoint_down", "is not asked any more: the instance ends"); }

    // Of the way there.
    Failure failure_of(const Failure& way) const {
        if (way.reason == "interrupted") return ended();
        if (way.reason == "connect_timeout")
            return down("endpoint_timeout", "did not accept the connection in time: " + way.message);
        if (way.reason == "tls") return down("endpoint_down", "failed the TLS handshake: " + way.message);
        return down("endpoint_down", "can't be reached: " + way.message);
    }

    // Of a request.
    Failure failure_of(boost::system::error_code error) const {
        if (error == http::error::body_limit) return down("answer_too_large", "gave an answer larger than the limit");
        if (error == boost::asio::error::timed_out)
            return down("endpoint_timeout", "did not finish its answer in time");
        if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message) {
            return down("endpoint_down", "does not speak HTTP: " + error.message());
        }
        return down("endpoint_timeout", "hung up before its answer was complete");
    }

    // A kept connection that is still good, or a new one. "interrupted".
    Result<Connection> take(Stream::Time deadline) {
        for (;;) {
            Connection kept;
            {
                const std::lock_guard lock{mutex_};
                if (interrupted_) return Failure{BH_E_UNAVAILABLE, "interrupted", "", 0};
                if (idle_.empty()) break;
                kept = std::move(idle_.back());
                idle_.pop_back();
            }
            if (kept.buffer.size() == 0 && kept.stream->quiet()) return kept;
        }
        Result<std::unique_ptr<Stream>> stream = route_.open(deadline);
        if (!stream) return stream.failure();
        return Connection{*std::move(stream), {}};
    }

    void give_back(Connection connection) {
        const std::lock_guard lock{mutex_};
        if (!interrupted_ && idle_.size() < kIdleConnections) idle_.push_back(std::move(connection));
    }

    http::request<http::string_body> request_of(const std::string& body) const {
        const Url& url = route_.url();
        // To a proxy without TLS: RFC 9112, section 3.2.2.
        http::request<http::string_body> request{
            http::verb::post, route_.asks_proxy() ? "http://" + url.authority() + url.path : url.path, 11};
        request.set(http::field::host, url.authority());
        request.set(http::field::user_agent, "blockhost-chain-evm");
        request.set(http::field::content_type, "application/json");
        request.set(http::field::accept, "application/json");
        request.set(http::field::accept_encoding, "identity");
        if (!authorization_.empty()) request.set(http::field::authorization, authorization_);
        if (route_.asks_proxy() && !route_.proxy_authorization().empty()) {
            request.set(http::field::proxy_authorization, route_.proxy_authorization());
        }
        request.body() = body;
        request.prepare_payload();
        return request;
    }

    HttpOptions options_;
    Route route_;
    const std::string label_;
    std::string authorization_;  // the header's value; empty: none
    std::mutex mutex_;
    bool interrupted_ = false;
    std::vector<Stream*> in_flight_;
    std::vector<Connection> idle_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(const std::string& url, HttpOptions options) {
    Result<Url> parts = parse_url(url);
    if (!parts) return parts.failure();
    std::optional<Url> proxy;
    if (!options.proxy.empty()) {
        Result<Url> parsed = parse_url(options.proxy);
        const bool usable = parsed.ok() && parsed->origin.starts_with(kProxyScheme) &&
                            parsed->origin.find(':', kProxyScheme.size()) != std::string::npos;
        if (!usable) return invalid("bad_proxy", "the proxy must be a URL like http://host:port");
        proxy = std::move(*parsed);
        crypto::wipe(options.proxy);
        options.proxy.clear();
    }
    return std::unique_ptr<Transport>{
        std::make_unique<HttpTransport>(std::move(*parts), std::move(proxy), std::move(options))};
}

}  // namespace bh::evm
