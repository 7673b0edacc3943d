#include "plugins/chain-evm/rpc/route.hpp"

#include "plugin-api/crypto/secret.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <openssl/evp.h>

#include <vector>

namespace bh::evm {
namespace {

namespace http = boost::beast::http;

constexpr auto kConnectTimeout = std::chrono::seconds{5};
constexpr std::uint32_t kMaxHeadBytes = 32768;

std::string with_port(const Url& url) {
    return (url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]") + ":" + std::to_string(url.port);
}

}  // namespace

std::string basic_authorization(const std::string& user_info) {
    std::vector<unsigned char> encoded(4 * ((user_info.size() + 2) / 3) + 1);
    const int size = EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(user_info.data()),
                                     static_cast<int>(user_info.size()));
    return "Basic " + std::string{encoded.begin(), encoded.begin() + size};
}

Route::Route(Url url, std::optional<Url> proxy, std::string ca_file, Dial dial)
    : url_{std::move(url)},
      proxy_{std::move(proxy)},
      ca_file_{std::move(ca_file)},
      dial_{dial ? std::move(dial) : Dial{dial_directly}} {
    if (proxy_ && !proxy_->user_info.empty()) proxy_authorization_ = basic_authorization(proxy_->user_info);
}

Route::~Route() { crypto::wipe(proxy_authorization_); }

Result<std::unique_ptr<Stream>> Route::open(Stream::Time deadline) {
    const Url& next = proxy_ ? *proxy_ : url_;
    const auto now = std::chrono::steady_clock::now();
    Result<Socket> socket = dial_(next.host, next.port, std::min(deadline, now + kConnectTimeout));
    if (!socket) {
        const bool late = socket.failure().code == BH_E_TIMEOUT;
        return Failure{BH_E_UNAVAILABLE, late ? "connect_timeout" : "connect_failed", socket.failure().message, 0};
    }
    auto stream = std::make_unique<Stream>(*std::move(socket));
    stream->set_deadline(deadline);
    if (!url_.encrypted) return stream;
    if (proxy_) {
        if (const Status open = ask_for_tunnel(*stream); !open) return open.failure();
    }
    const Result<std::shared_ptr<const TlsContext>> trusted = trust();
    if (!trusted) return trusted.failure();
    if (const Status secured = stream->start_tls(**trusted, url_.host); !secured) return secured.failure();
    return stream;
}

// RFC 9110, section 9.3.6.
Status Route::ask_for_tunnel(Stream& stream) const {
    http::request<http::empty_body> request{http::verb::connect, with_port(url_), 11};
    request.set(http::field::host, with_port(url_));
    if (!proxy_authorization_.empty()) request.set(http::field::proxy_authorization, proxy_authorization_);
    boost::system::error_code error;
    http::write(stream, request, error);
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kMaxHeadBytes);
    parser.skip(true);
    boost::beast::flat_buffer buffer;
    if (!error) http::read_header(stream, buffer, parser, error);
    if (error == boost::asio::error::timed_out) {
        return Failure{BH_E_UNAVAILABLE, "connect_timeout", "its proxy made no connection in time", 0};
    }
    const bool accepted = !error && parser.get().result_int() / 100 == 2;
    // Whoever waits for our first word has none of his own.
    if (error || (accepted && buffer.size() > 0)) {
        return Failure{BH_E_UNAVAILABLE, "proxy_refused", "its proxy does not answer as an HTTP proxy does", 0};
    }
    if (accepted) return {};
    return Failure{BH_E_UNAVAILABLE, "proxy_refused",
                   "its proxy answered with HTTP status " + std::to_string(parser.get().result_int()) +
                       "; check the proxy and its password",
                   0};
}

Result<std::shared_ptr<const TlsContext>> Route::trust() {
    const std::lock_guard lock{mutex_};
    if (!trust_) {
        auto made = TlsContext::make(ca_file_);
        if (!made) return made.failure();
        trust_ = *std::move(made);
    }
    return trust_;
}

}  // namespace bh::evm
