// Calls of BlockHostSubscription and AccessCredentialNFT (contracts/INTERFACE.md): an intent to calldata, and the views
// that this plugin asks. Pure, safe on any thread.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm {

inline constexpr std::size_t kMaxSealedBytes = 1024;
inline constexpr std::size_t kMaxReasonBytes = 64;
inline constexpr std::size_t kMaxWithdrawIds = 256;
inline constexpr std::size_t kOrderBytes = 16;  // what the contract keeps and compares of an order's hash

// Every action that submit() knows, as describe() lists them.
const std::vector<std::string>& intent_actions();

// BH_E_INVALID, naming the field of the intent; BH_E_UNSUPPORTED for an unknown action. "release" is a call of the
// RevenueSplit, all others are calls of the subscription contract.
Result<Bytes> encode_intent(const Intent& intent);
inline constexpr std::string_view kRelease = "release";

// A decimal id of at most 256 bits; BH_E_INVALID names `field`.
Result<Uint256> parse_id(std::string_view text, std::string_view field);

// An order as documents give it: "0x" and the 16 bytes that the contract keeps; the whole hash is accepted, too.
Result<Hash> parse_order(std::string_view text);
std::string order_text(const Hash& order);

namespace view {
Bytes subscription(const Uint256& id);
Bytes plan(const Uint256& id);
Bytes resources(const Uint256& plan);
Bytes money(const Address& token);
Bytes treasury();
Bytes shares(const Address& token);  // of a RevenueSplit
Bytes credential();
Bytes subscriptions();  // of the credential contract
Bytes owner_of(const Uint256& token);
Bytes user_of(const Uint256& token);
Bytes last_plan_id();
Bytes balance_of(const Address& holder);
Bytes sealed_of(const Uint256& token);  // getUserEncrypted
}  // namespace view

}  // namespace bh::evm
