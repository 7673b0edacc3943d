// The SSH host key of this machine. Pure functions over the public key's line.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>
#include <string_view>

namespace bh::guest {

// "ssh-ed25519 AAAA... comment\n" -> "ssh-ed25519 AAAA...". BH_E_INVALID "bad_host_key".
Result<std::string> host_key_line(std::string_view public_key_file);
// "SHA256:..." as OpenSSH shows it.
Result<std::string> host_key_fingerprint(std::string_view line);

}  // namespace bh::guest
