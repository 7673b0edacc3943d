// AES-256-GCM with a 12-byte nonce and a 16-byte tag behind the ciphertext. Safe on any thread.
#pragma once

#include "plugin-api/crypto/secret.hpp"

namespace bh::crypto {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadNonceSize = 12;
inline constexpr std::size_t kAeadTagSize = 16;

// ciphertext and tag. The key is 32 bytes and the nonce 12, else this is a bug and throws std::invalid_argument.
Bytes aes256gcm_seal(ByteView key, ByteView nonce, ByteView plaintext, ByteView aad);

// BH_E_INVALID "does_not_open" unless every bit is what aes256gcm_seal made with the same key, nonce and aad.
Result<Secret> aes256gcm_open(ByteView key, ByteView nonce, ByteView sealed, ByteView aad);

}  // namespace bh::crypto
