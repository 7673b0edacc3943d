// Copies a file and computes its sha256 on the way. Any thread.
#pragma once

#include "plugin-api/sdk/cpp/call.hpp"

namespace storage_dir {

// Writes `to` (replaced if it exists; blocks of zeroes become holes), durable and with mode 0644, and returns the
// lower-case hex digest. On failure, and when the call is to stop, nothing stays of `to`.
bh::Result<std::string> copy_with_digest(const bh::sdk::Call& call, const std::string& from, const std::string& to);

}  // namespace storage_dir
