// Calls of the existing BlockhostSubscriptions and AccessCredentialNFT, and what their views return. Pure, safe on any
// thread.
//
// Their mint(address,bytes) takes no subscription: the token's id is the next number. So three words follow the
// arguments of ours, which the contract does not read, and which say forever, in the transaction itself, whom the token
// was minted for: the keccak-256 of "blockhost-legacy-mint-1", the subscription's id, and the purchase's order (16
// bytes, then zeros).
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

namespace bh::evm::legacy {

// Of an order: the purchase's transaction and its id, which stay the same when it is mined again.
Hash order_of(const Hash& purchase_tx, const Uint256& subscription);

struct MintMark {
    std::string subscription;  // decimal
    std::string order;         // as documents give it
    bool operator==(const MintMark&) const = default;
};
Bytes encode_mint(const Address& to, ByteView sealed, const Uint256& subscription, const Hash& order);
// nullopt: the transaction is no mint of ours.
std::optional<MintMark> read_mark(ByteView input);

namespace view {
Bytes subscription(const Uint256& id);
Bytes next_subscription_id();
Bytes owner();
}  // namespace view

struct SubscriptionView {
    bool exists = false;
    std::string plan;
    Address subscriber;
    std::int64_t expires_at = 0;
    bool cancelled = false;
};
Result<SubscriptionView> decode_subscription(ByteView data);

// Times that a document can hold: the contract takes any number of days.
std::int64_t clamped_time(const Uint256& seconds);

}  // namespace bh::evm::legacy
