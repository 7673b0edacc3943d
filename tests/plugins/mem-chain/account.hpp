// Addresses, pretended signatures, and what the contract and accounts hold, as documents.
#pragma once

#include "tests/plugins/mem-chain/state.hpp"

namespace bh::mem {

inline constexpr std::string_view kScheme = "mem-sig";

// "0x" and 40 hex digits in any case -> lower case.
Result<std::string> canonical_address(const std::string& text);
// Proves nothing; it only has to be told apart from another signer's or another message's.
Bytes sign(const std::string& address, const Bytes& message);
Result<std::string> signer_of(const std::string& scheme, const Bytes& message, const Bytes& signature);

SubscriptionState state_of(const Ledger& ledger, const std::string& id, const ChainBlock& block);
std::uint64_t held_by(const ChainState& state, const View& view, const std::string& account);

}  // namespace bh::mem
