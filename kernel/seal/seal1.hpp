// seal-1: plugin-api/formats/seal-1.md (formats A and B). Pure functions; safe on any thread.
#pragma once

#include "kernel/seal/content.hpp"
#include "plugin-api/crypto/aead.hpp"
#include "plugin-api/crypto/secp256k1.hpp"

namespace blockhost::seal {

inline constexpr std::size_t kSeal1SignatureSize = 65;

// Format A. The 65 bytes of the buyer's signature. BH_E_INVALID "does_not_open", or "raw_signature" for 65 bytes that
// are not sealed at all.
bh::Result<bh::crypto::Secret> open_request1(const bh::crypto::Secret& server_secret, bh::crypto::ByteView sealed);

// Format A over the signature's text; `ephemeral` and `nonce` are random and used once.
bh::Result<bh::Bytes> seal_request1(const bh::crypto::PublicKey& server, const bh::crypto::Secret& signature,
                                    const bh::crypto::Secret& ephemeral, bh::crypto::ByteView nonce);

// Whether the signature is the buyer's, over the public secret. BH_E_INVALID "not_the_buyer", "bad_signature",
// "high_s".
bh::Status check_signature1(const bh::crypto::Secret& signature, std::string_view public_secret,
                            std::string_view buyer);

// Format B; `nonce` is 12 random bytes, used once.
bh::Result<bh::Bytes> seal_credential1(const bh::crypto::Secret& signature, const ConnectionDetails& details,
                                       bh::crypto::ByteView nonce);
bh::Result<ConnectionDetails> open_credential1(const bh::crypto::Secret& signature, bh::crypto::ByteView sealed);

}  // namespace blockhost::seal
