// The only file that knows the HTTP client.
#include "plugins/chain-evm/rpc/transport.hpp"

#include "plugin-api/crypto/secret.hpp"
#include "plugins/chain-evm/rpc/sigpipe.hpp"
#include "plugins/chain-evm/rpc/url.hpp"

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <mutex>
#include <vector>

namespace bh::evm {
namespace {

constexpr std::size_t kIdleConnections = 4;
constexpr std::string_view kProxyScheme = "http://";
constexpr auto kConnectTimeout = std::chrono::seconds{5};

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

class HttpTransport final : public Transport {
public:
    HttpTransport(Url url, std::optional<Url> proxy, HttpOptions options)
        : url_{std::move(url)}, proxy_{std::move(proxy)}, options_{std::move(options)} {}
    ~HttpTransport() override { crypto::wipe(options_.bearer); }
    HttpTransport(const HttpTransport&) = delete;
    HttpTransport& operator=(const HttpTransport&) = delete;

    Result<std::string> post(const std::string& body) override {
        std::unique_ptr<httplib::Client> client = take();
        if (!client) return down("endpoint_down", "is not asked any more: the instance ends");
        const InFlight in_flight{*this, *client};
        if (!client->is_valid()) return down("endpoint_down", "can't be used: its name or scheme is not supported");
        const SigpipeGuard guard;
        const auto deadline = std::chrono::steady_clock::now() + options_.timeout;
        std::string answer;
        bool too_large = false;
        bool late = false;
        httplib::Request request;
        request.method = "POST";
        request.path = url_.path;
        request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
        request.body = body;
        request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
            too_large = answer.size() + size > options_.max_answer_bytes;
            late = std::chrono::steady_clock::now() > deadline;
            if (too_large || late) return false;
            answer.append(data, size);
            return true;
        };
        const httplib::Result result = client->send(request);
        if (too_large) return down("answer_too_large", "gave an answer larger than the limit");
        if (late) return down("endpoint_timeout", "did not finish its answer in time");
        if (!result) return failure_of(result.error());
        const std::uint32_t pause = pause_of(result->get_header_value("Retry-After"));
        if (result->status == 429) return down("rate_limited", "says that it was asked too often (HTTP 429)", pause);
        // Some nodes put their JSON error into a 4xx; whether it is one, the caller sees.
        const bool json = answer.find_first_of("{[") == answer.find_first_not_of(" \t\r\n") && !answer.empty();
        if (result->status != 200 && !json) {
            return down("endpoint_refused",
                        "answered with HTTP status " + std::to_string(result->status) + "; check its URL and its key",
                        pause);
        }
        give_back(std::move(client));
        return answer;
    }

    void interrupt() override {
        const std::lock_guard lock{mutex_};
        interrupted_ = true;
        for (httplib::Client* client : in_flight_) client->stop();
    }

    [[nodiscard]] const std::string& label() const override { return url_.origin; }

private:
    // So that interrupt() finds the client of a request.
    class InFlight {
    public:
        InFlight(HttpTransport& transport, httplib::Client& client) : transport_{transport}, client_{&client} {
            const std::lock_guard lock{transport_.mutex_};
            transport_.in_flight_.push_back(client_);
        }
        ~InFlight() {
            const std::lock_guard lock{transport_.mutex_};
            std::erase(transport_.in_flight_, client_);
        }
        InFlight(const InFlight&) = delete;
        InFlight& operator=(const InFlight&) = delete;

    private:
        HttpTransport& transport_;
        httplib::Client* const client_;
    };

    Failure down(std::string reason, const std::string& what, std::uint32_t pause_ms = 0) const {
        return {BH_E_UNAVAILABLE, std::move(reason), "the endpoint " + url_.origin + " " + what, pause_ms};
    }

    Failure failure_of(httplib::Error error) const {
        switch (error) {
            case httplib::Error::Connection:
                return down("endpoint_down", "refuses connections; is it running?");
            case httplib::Error::ConnectionTimeout:
                return down("endpoint_timeout", "did not accept the connection in time");
            case httplib::Error::SSLConnection:
            case httplib::Error::SSLLoadingCerts:
            case httplib::Error::SSLServerVerification:
                return down("endpoint_down", "failed the TLS handshake: " + httplib::to_string(error));
            case httplib::Error::Read:
                return down("endpoint_timeout", "did not answer in time or hung up");
            default:
                return down("endpoint_down", "failed: " + httplib::to_string(error));
        }
    }

    // One connection per request in flight; a few stay open for the next ones. nullptr: interrupted.
    std::unique_ptr<httplib::Client> take() {
        {
            const std::lock_guard lock{mutex_};
            if (interrupted_) return nullptr;
            if (!idle_.empty()) {
                std::unique_ptr<httplib::Client> client = std::move(idle_.back());
                idle_.pop_back();
                return client;
            }
        }
        auto client = std::make_unique<httplib::Client>(url_.origin);
        client->set_keep_alive(true);
        client->set_follow_location(false);
        client->set_tcp_nodelay(true);
        client->set_connection_timeout(std::min<std::chrono::milliseconds>(kConnectTimeout, options_.timeout));
        client->set_read_timeout(options_.timeout);
        client->set_write_timeout(options_.timeout);
        if (const std::size_t colon = url_.user_info.find(':'); colon != std::string::npos) {
            client->set_basic_auth(url_.user_info.substr(0, colon), url_.user_info.substr(colon + 1));
        }
        if (!options_.bearer.empty()) client->set_bearer_token_auth(options_.bearer);
        if (!options_.ca_file.empty()) client->set_ca_cert_path(options_.ca_file);
        if (proxy_) use_proxy(*client);
        return client;
    }

    void use_proxy(httplib::Client& client) const {
        const std::string authority = proxy_->origin.substr(kProxyScheme.size());
        const std::size_t colon = authority.rfind(':');
        int port = 0;
        std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), port);
        client.set_proxy(authority.substr(0, colon), port);
        if (const std::size_t split = proxy_->user_info.find(':'); split != std::string::npos) {
            client.set_proxy_basic_auth(proxy_->user_info.substr(0, split), proxy_->user_info.substr(split + 1));
        }
    }

    void give_back(std::unique_ptr<httplib::Client> client) {
        const std::lock_guard lock{mutex_};
        if (idle_.size() < kIdleConnections) idle_.push_back(std::move(client));
    }

    const Url url_;
    const std::optional<Url> proxy_;
    HttpOptions options_;
    std::mutex mutex_;
    bool interrupted_ = false;
    std::vector<httplib::Client*> in_flight_;
    std::vector<std::unique_ptr<httplib::Client>> idle_;
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
