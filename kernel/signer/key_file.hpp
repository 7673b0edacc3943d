// Key files: 32 bytes raw, or 64 hex digits (with or without 0x, one newline allowed). Mode 0600, of the user that the
// process runs as.
#pragma once

#include "plugin-api/crypto/secret.hpp"

#include <string>

namespace bh::signer {

inline constexpr std::size_t kKeySize = 32;

// Refuses, saying what to do: a file that is missing, no regular file (links are not followed), of another user, open
// to anybody else, or of another form. `name` is its key in signer.yaml.
Result<crypto::Secret> read_key_file(const std::string& path, const std::string& name);

// Writes the key as hex to a new file (0600, fsync, never over an existing one). Nothing half-written stays behind.
Status create_key_file(const std::string& path, const crypto::Secret& key);

}  // namespace bh::signer
