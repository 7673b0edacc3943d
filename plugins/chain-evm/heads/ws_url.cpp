#include "plugins/chain-evm/heads/ws_url.hpp"

#include "plugin-api/crypto/secret.hpp"

namespace bh::evm {

Result<Url> parse_ws_url(std::string_view text) {
    constexpr std::size_t kWs = 2;
    Result<Url> url = invalid("bad_url", "the WebSocket must be a URL like wss://host:port/path");
    if (!text.starts_with("ws://") && !text.starts_with("wss://")) return url;
    // The same but for the scheme's name: RFC 6455, section 3.
    std::string http = "http" + std::string{text.substr(kWs)};
    if (auto parsed = parse_url(http)) {
        parsed->origin = "ws" + parsed->origin.substr(std::string_view{"http"}.size());
        url = std::move(parsed);
    }
    crypto::wipe(http);
    return url;
}

}  // namespace bh::evm
