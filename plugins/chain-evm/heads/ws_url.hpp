// The parts of a WebSocket's URL. Pure.
#pragma once

#include "plugins/chain-evm/rpc/url.hpp"

namespace bh::evm {

// "ws://..." or "wss://...": the parts, of which `origin` is what may be shown. BH_E_INVALID "bad_url"; the message
// never repeats the text.
Result<Url> parse_ws_url(std::string_view text);

}  // namespace bh::evm
