// The operator's key on a devnet: a file that nobody else can read.
#pragma once

#include "plugin-api/crypto/secret.hpp"

namespace bh::evm {

// A file of 64 hex digits, with or without 0x and a newline, that belongs to the caller and has no permission for group
// or others. BH_E_DENIED or BH_E_INVALID: the message names the file and the remedy, never its content.
Result<crypto::Secret> read_key_file(const std::string& path);

}  // namespace bh::evm
