// What a credential says: the content of plugin-api/formats/seal-1.md and seal-2.md. Plain values; safe on any thread.
#pragma once

#include "plugin-api/crypto/secret.hpp"

#include <cstdint>
#include <string>

namespace bh::seal {

inline constexpr std::size_t kMaxSealed = 1024;

struct ConnectionDetails {
    std::string hostname;  // address without brackets, or name
    std::uint16_t port = 22;
    std::string username;  // empty: the admin credential
    std::string host_key;  // "ssh-ed25519 AAAA...", without comment; empty: not said (seal-1)
    bool operator==(const ConnectionDetails&) const = default;
};

// The JSON text, written in the formats' one way. BH_E_INVALID "bad_details" naming the field.
Result<crypto::Secret> write_details(const ConnectionDetails& details);
// Takes any JSON object with the right members; ignores others.
Result<ConnectionDetails> parse_details(crypto::ByteView json);

}  // namespace bh::seal
