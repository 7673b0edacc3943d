// The SSH fingerprint of a public key line. Pure.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>

namespace bh::life {

// "ssh-ed25519 AAAA... [comment]" -> "SHA256:<base64 without padding>", as ssh-keygen -l prints it.
Result<std::string> ssh_fingerprint(const std::string& public_key_line);

}  // namespace bh::life
