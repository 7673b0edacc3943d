// From an endpoint's settings to the Heads that listens there.
#pragma once

#include "plugins/chain-evm/chain/config.hpp"
#include "plugins/chain-evm/heads/heads.hpp"
#include "plugins/chain-evm/services/services.hpp"

namespace bh::evm {

// Not started; nullptr: the endpoint has no WebSocket. Its URL, key and proxy come from the secrets if they are there.
// Each block that it tells of wakes the kernel.
Result<std::unique_ptr<Heads>> attach_heads(const Config& config, std::size_t endpoint, const Services& services);

}  // namespace bh::evm
