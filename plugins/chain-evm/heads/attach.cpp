#include "plugins/chain-evm/heads/attach.hpp"

#include "plugin-api/crypto/secret.hpp"
#include "plugins/chain-evm/heads/ws_url.hpp"

namespace bh::evm {
namespace {

// What was asked for is wiped, whatever comes of it.
struct Texts {
    std::string url, bearer, proxy;
    ~Texts() {
        for (std::string* text : {&url, &bearer, &proxy}) crypto::wipe(*text);
    }
};

}  // namespace

Result<std::unique_ptr<Heads>> attach_heads(const Config& config, std::size_t endpoint, const Services& services) {
    const EndpointConfig& from = config.endpoints[endpoint];
    if (from.ws.empty() && from.ws_secret.empty()) return std::unique_ptr<Heads>{};
    const std::string place = "/endpoints/" + std::to_string(endpoint);
    Texts texts{from.ws, {}, from.proxy};
    const auto fetch = [&](const std::string& name, const char* member, std::string& out) -> Status {
        if (name.empty()) return {};
        Result<std::string> secret = services.secret(name);
        if (!secret) return secret.failure().within(place + "/" + member);
        out = *std::move(secret);
        return {};
    };
    if (const Status status = fetch(from.ws_secret, "ws_secret", texts.url); !status) return status.failure();
    if (const Status status = fetch(from.bearer, "bearer", texts.bearer); !status) return status.failure();
    if (const Status status = fetch(from.proxy_secret, "proxy_secret", texts.proxy); !status) return status.failure();
    Result<Url> url = parse_ws_url(texts.url);
    if (!url) return url.failure().within(place + (from.ws.empty() ? "/ws_secret" : "/ws"));
    std::optional<Url> proxy;
    if (!texts.proxy.empty()) {
        if (!url->encrypted) {
            return invalid("bad_config", place +
                                             "/ws: must be wss:// where there is a proxy: an HTTP proxy lets "
                                             "WebSocket through under TLS only");
        }
        Result<Url> parsed = parse_url(texts.proxy);
        if (!parsed || parsed->encrypted) return invalid("bad_proxy", "the proxy must be a URL like http://host:port");
        proxy = *std::move(parsed);
    }
    std::string authorization = !texts.bearer.empty()     ? "Bearer " + texts.bearer
                                : !url->user_info.empty() ? basic_authorization(url->user_info)
                                                          : std::string{};
    auto route = std::make_unique<Route>(*std::move(url), std::move(proxy), from.ca_file, services.dial());
    return std::make_unique<Heads>(
        std::move(route), std::move(authorization), config.profile.chain_id, system_clocks(),
        [services] { services.wake(); }, WebSocketLimits{}, Heads::Times{});
}

}  // namespace bh::evm
