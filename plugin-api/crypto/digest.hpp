// SHA-256, HKDF-SHA256 (RFC 5869) and random bytes, by OpenSSL. Safe on any thread. A failure of the library itself
// (no memory, no entropy) throws std::runtime_error: nothing that can be caught up with.
#pragma once

#include "plugin-api/crypto/secret.hpp"

namespace bh::crypto {

Hash256 sha256(ByteView data);

// `length` bytes, 1 to 8160. An empty salt is 32 zero bytes, as the RFC says.
Secret hkdf_sha256(ByteView key_material, ByteView salt, ByteView info, std::size_t length);

Bytes random_bytes(std::size_t size);
Secret random_secret(std::size_t size);

}  // namespace bh::crypto
