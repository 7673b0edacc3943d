// Keccak-256 with the original padding (not SHA3-256). Safe on any thread.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <initializer_list>

namespace bh::crypto {

Hash256 keccak256(ByteView data);
// Of the parts one after the other.
Hash256 keccak256(std::initializer_list<ByteView> parts);

// The digest that `personal_sign` signs (EIP-191 version 0x45):
// keccak256(0x19 "Ethereum Signed Message:" 0x0a, decimal length, message).
Hash256 eip191_hash(ByteView message);

}  // namespace bh::crypto
