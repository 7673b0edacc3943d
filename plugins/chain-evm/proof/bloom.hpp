// The 2,048-bit bloom filter of logs in receipts and headers (yellow paper, section 4.3.1). Pure.
#pragma once

#include "plugins/chain-evm/contract/events.hpp"

namespace bh::evm {

using Bloom = std::array<std::uint8_t, 256>;

void add_to(Bloom& bloom, const Log& log);
// False: no log of that address is in it.
bool may_hold(const Bloom& bloom, const Address& address);

}  // namespace bh::evm
