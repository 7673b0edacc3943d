// The way to an endpoint: by the dialer, through an HTTP proxy if there is one, under TLS if its URL says so. What is
// spoken then is the caller's business. Immutable but for the certificates, which are read once they are needed; safe
// on any thread.
#pragma once

#include "plugins/chain-evm/rpc/dial.hpp"
#include "plugins/chain-evm/rpc/stream.hpp"
#include "plugins/chain-evm/rpc/url.hpp"

#include <memory>
#include <mutex>

namespace bh::evm {

class Route {
public:
    // `proxy`: an http URL. `ca_file`: as TlsContext::make() takes it. Without a `dial`: directly.
    Route(Url url, std::optional<Url> proxy, std::string ca_file, Dial dial);
    ~Route();
    Route(const Route&) = delete;
    Route& operator=(const Route&) = delete;

    // Connected by the deadline, which stays set. BH_E_UNAVAILABLE, the message without path, query and user:
    // "connect_timeout", "connect_failed" (nobody answers, or it is not granted), "proxy_refused", "bad_ca_file",
    // "tls", "no_tls".
    Result<std::unique_ptr<Stream>> open(Stream::Time deadline);

    [[nodiscard]] const Url& url() const { return url_; }
    // Requests without TLS go to the proxy itself, which wants the whole URL, and its own password with each.
    [[nodiscard]] bool asks_proxy() const { return proxy_ && !url_.encrypted; }
    [[nodiscard]] const std::string& proxy_authorization() const { return proxy_authorization_; }

private:
    Status ask_for_tunnel(Stream& stream) const;
    Result<std::shared_ptr<const TlsContext>> trust();

    const Url url_;
    const std::optional<Url> proxy_;
    std::string proxy_authorization_;  // the header's value; empty: none
    const std::string ca_file_;
    const Dial dial_;
    std::mutex mutex_;
    std::shared_ptr<const TlsContext> trust_;
};

// The value of a header "Authorization" for "user:password" (RFC 7617).
std::string basic_authorization(const std::string& user_info);

}  // namespace bh::evm
