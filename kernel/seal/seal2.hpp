// seal-2: plugin-api/formats/seal-2.md. Pure functions but for the random ephemeral key; safe on any thread.
#pragma once

#include "kernel/seal/content.hpp"
#include "kernel/seal/context.hpp"
#include "plugin-api/crypto/secp256k1.hpp"

namespace blockhost::seal {

inline constexpr std::size_t kSeal2RequestSize = 83;

// The recipient key in a request. BH_E_INVALID "does_not_open" when any bit or the context differs.
bh::Result<bh::crypto::PublicKey> open_request2(const bh::crypto::Secret& server_secret, const RequestContext& context,
                                                bh::crypto::ByteView sealed);

// `ephemeral` is a new_secret_key() that is used once.
bh::Result<bh::Bytes> seal_request2(const bh::crypto::PublicKey& server, const RequestContext& context,
                                    const bh::crypto::PublicKey& recipient, const bh::crypto::Secret& ephemeral);

bh::Result<bh::Bytes> seal_credential2(const bh::crypto::PublicKey& recipient, const CredentialContext& context,
                                       const ConnectionDetails& details, const bh::crypto::Secret& ephemeral);

bh::Result<ConnectionDetails> open_credential2(const bh::crypto::Secret& recipient_secret,
                                               const CredentialContext& context, bh::crypto::ByteView sealed);

}  // namespace blockhost::seal
