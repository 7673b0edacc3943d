// The signer's three keys, and one for each codec. Read once at the start; nothing writes them afterwards, so threads
// may share it.
#pragma once

#include "kernel/signer/config.hpp"
#include "plugin-api/crypto/ed25519.hpp"

namespace bh::signer {

struct Keyring {
    struct Point {
        crypto::Secret secret;
        crypto::PublicKey public_key;
        crypto::Address address;
    };
    Point agent, server;
    crypto::Secret statement_seed;
    crypto::Ed25519PublicKey statement_public{};
    std::map<std::string, Point, std::less<>> codecs = {};  // by scheme
};

Result<Keyring> read_keyring(const SignerConfig::Keys& files);

// Makes the key files that are missing; answers their names ("agent", "server", "statement", a scheme).
Result<std::vector<std::string>> create_missing_keys(const SignerConfig::Keys& files);

}  // namespace bh::signer
