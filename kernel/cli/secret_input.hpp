// What the CLI reads and writes by hand: secrets and sealed bytes come from files or the standard input, never from
// arguments, which every user of the machine can read.
#pragma once

#include "plugin-api/crypto/secp256k1.hpp"

#include <string>

namespace bh::cli {

// The bytes of a file, or with "-" of the standard input; at most 4 KiB. A file that others than its owner may read is
// refused (BH_E_DENIED) when `secret`.
Result<crypto::Secret> read_input(const std::string& path, bool secret);

// The same as bytes: hex of either case with or without 0x, or the bytes as they are where they are no hex. `what` is
// for messages.
Result<crypto::Secret> read_hex(const std::string& path, bool secret, const std::string& what);

// A public key in hex: 33 or 65 bytes.
Result<crypto::PublicKey> public_key(const std::string& hex, const std::string& what);

// Writes a new file of mode 0600 and never over an existing one.
Status write_secret(const std::string& path, crypto::ByteView content);

}  // namespace bh::cli
