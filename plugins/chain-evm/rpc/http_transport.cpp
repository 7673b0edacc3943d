// The only file that knows the HTTP client.
#include "plugins/chain-evm/rpc/transport.hpp"

#include "plugins/chain-evm/rpc/sigpipe.hpp"
#include "plugins/chain-evm/rpc/url.hpp"

#include <httplib.h>

#include <mutex>
#include <vector>

namespace bh::evm {
namespace {

constexpr std::size_t kIdleConnections = 4;
constexpr auto kConnectTimeout = std::chrono::seconds{5};

class HttpTransport final : public Transport {
public:
    HttpTransport(Url url, HttpLimits limits) : url_{std::move(url)}, limits_{limits} {}

    Result<std::string> post(const std::string& body) override {
        std::unique_ptr<httplib::Client> client = take();
        if (!client->is_valid()) return down("endpoint_down", "can't be used: its name or scheme is not supported");
        const SigpipeGuard guard;
        const auto deadline = std::chrono::steady_clock::now() + limits_.timeout;
        std::string answer;
        bool too_large = false;
        bool late = false;
        httplib::Request request;
        request.method = "POST";
        request.path = url_.path;
        request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
        request.body = body;
        request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
            too_large = answer.size() + size > limits_.max_answer_bytes;
            late = std::chrono::steady_clock::now() > deadline;
            if (too_large || late) return false;
            answer.append(data, size);
            return true;
        };
        const httplib::Result result = client->send(request);
        if (too_large) return down("answer_too_large", "gave an answer larger than the limit");
        if (late) return down("endpoint_timeout", "did not finish its answer in time");
        if (!result) return failure_of(result.error());
        if (result->status == 429) return down("rate_limited", "says that it was asked too often (HTTP 429)");
        // Some nodes put their JSON error into a 4xx; whether it is one, the caller sees.
        const bool json = answer.find_first_of("{[") == answer.find_first_not_of(" \t\r\n") && !answer.empty();
        if (result->status != 200 && !json) {
            return down("endpoint_refused",
                        "answered with HTTP status " + std::to_string(result->status) + "; check its URL and its key");
        }
        give_back(std::move(client));
        return answer;
    }

    [[nodiscard]] const std::string& label() const override { return url_.origin; }

private:
    Failure down(std::string reason, const std::string& what) const {
        return {BH_E_UNAVAILABLE, std::move(reason), "the endpoint " + url_.origin + " " + what, 0};
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

    // One connection per request in flight; a few stay open for the next ones.
    std::unique_ptr<httplib::Client> take() {
        {
            const std::lock_guard lock{mutex_};
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
        client->set_connection_timeout(std::min<std::chrono::milliseconds>(kConnectTimeout, limits_.timeout));
        client->set_read_timeout(limits_.timeout);
        client->set_write_timeout(limits_.timeout);
        if (const std::size_t colon = url_.user_info.find(':'); colon != std::string::npos) {
            client->set_basic_auth(url_.user_info.substr(0, colon), url_.user_info.substr(colon + 1));
        }
        return client;
    }

    void give_back(std::unique_ptr<httplib::Client> client) {
        const std::lock_guard lock{mutex_};
        if (idle_.size() < kIdleConnections) idle_.push_back(std::move(client));
    }

    const Url url_;
    const HttpLimits limits_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<httplib::Client>> idle_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_http_transport(const std::string& url, HttpLimits limits) {
    Result<Url> parts = parse_url(url);
    if (!parts) return parts.failure();
    return std::unique_ptr<Transport>{std::make_unique<HttpTransport>(std::move(*parts), limits)};
}

}  // namespace bh::evm
