// seal-2: plugin-api/formats/seal-2.md. Pure functions but for the random ephemeral key; safe on any thread.
#pragma once

#include "kernel/seal/content.hpp"
#include "kernel/seal/context.hpp"
#include "plugin-api/crypto/secp256k1.hpp"

namespace bh::seal {

inline constexpr std::size_t kSeal2RequestSize = 83;

// The recipient key in a request. BH_E_INVALID "does_not_open" when any bit or the context differs.
Result<crypto::PublicKey> open_request2(const crypto::Secret& server_secret, const RequestContext& context,
                                        crypto::ByteView sealed);

// `ephemeral` is a new_secret_key() that is used once.
Result<Bytes> seal_request2(const crypto::PublicKey& server, const RequestContext& context,
                            const crypto::PublicKey& recipient, const crypto::Secret& ephemeral);

Result<Bytes> seal_credential2(const crypto::PublicKey& recipient, const CredentialContext& context,
                               const ConnectionDetails& details, const crypto::Secret& ephemeral);

Result<ConnectionDetails> open_credential2(const crypto::Secret& recipient_secret, const CredentialContext& context,
                                           crypto::ByteView sealed);

}  // namespace bh::seal
