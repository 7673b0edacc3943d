// seal-1: plugin-api/formats/seal-1.md (formats A and B). Pure functions; safe on any thread.
#pragma once

#include "kernel/seal/content.hpp"
#include "plugin-api/crypto/aead.hpp"
#include "plugin-api/crypto/secp256k1.hpp"

namespace bh::seal {

inline constexpr std::size_t kSeal1SignatureSize = 65;

// Format A. The 65 bytes of the buyer's signature. BH_E_INVALID "does_not_open", or "raw_signature" for 65 bytes that
// are not sealed at all.
Result<crypto::Secret> open_request1(const crypto::Secret& server_secret, crypto::ByteView sealed);

// Format A over the signature's text; `ephemeral` and `nonce` are random and used once.
Result<Bytes> seal_request1(const crypto::PublicKey& server, const crypto::Secret& signature,
                            const crypto::Secret& ephemeral, crypto::ByteView nonce);

// Whether the signature is the buyer's, over the public secret. BH_E_INVALID "not_the_buyer", "bad_signature",
// "high_s".
Status check_signature1(const crypto::Secret& signature, std::string_view public_secret, std::string_view buyer);

// Format B; `nonce` is 12 random bytes, used once.
Result<Bytes> seal_credential1(const crypto::Secret& signature, const ConnectionDetails& details,
                               crypto::ByteView nonce);
Result<ConnectionDetails> open_credential1(const crypto::Secret& signature, crypto::ByteView sealed);

}  // namespace bh::seal
