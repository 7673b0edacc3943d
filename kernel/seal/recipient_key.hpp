// The recipient key of seal-2 that a wallet's signature gives: plugin-api/formats/seal-2.md section 6. Pure functions;
// safe on any thread.
#pragma once

#include "plugin-api/crypto/secp256k1.hpp"

#include <string>

namespace bh::seal {

// What the wallet signs for.
struct KeyContext {
    std::string chain;         // CAIP-2, "eip155:N"
    std::string contract;      // the subscription contract, 20 bytes in hex
    std::string wallet;        // who signs, 20 bytes in hex
    crypto::PublicKey server;  // the server key at the time of the purchase
};

// The EIP-712 digest. BH_E_INVALID naming the field.
Result<crypto::Hash256> recipient_key_digest(const KeyContext& context);

// The key that the wallet's signature of that digest makes: 65 bytes, or 64 without v, which wallets write in different
// ways and which is not used; a high s counts as the low one. BH_E_INVALID "bad_signature", "not_the_wallet".
Result<crypto::Secret> recipient_key(const KeyContext& context, const crypto::Secret& signature);

}  // namespace bh::seal
