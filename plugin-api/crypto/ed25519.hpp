// Ed25519 (RFC 8032, pure) by OpenSSL. Safe on any thread.
#pragma once

#include "plugin-api/crypto/secret.hpp"

namespace bh::crypto {

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

inline constexpr std::size_t kEd25519SeedSize = 32;

Result<Ed25519PublicKey> ed25519_public_key(const Secret& seed);
Result<Ed25519Signature> ed25519_sign(const Secret& seed, ByteView message);
[[nodiscard]] bool ed25519_verify(const Ed25519PublicKey& key, ByteView message, ByteView signature);

}  // namespace bh::crypto
