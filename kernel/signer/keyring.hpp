// The signer's three keys. Read once at the start; nothing writes them afterwards, so threads may share it.
#pragma once

#include "kernel/signer/config.hpp"
#include "plugin-api/crypto/ed25519.hpp"

namespace blockhost::signer {

struct Keyring {
    struct Point {
        bh::crypto::Secret secret;
        bh::crypto::PublicKey public_key;
        bh::crypto::Address address;
    };
    Point agent, server;
    bh::crypto::Secret statement_seed;
    bh::crypto::Ed25519PublicKey statement_public{};
};

bh::Result<Keyring> read_keyring(const SignerConfig::Keys& files);

// Makes the key files that are missing; answers their names ("agent", "server", "statement").
bh::Result<std::vector<std::string>> create_missing_keys(const SignerConfig::Keys& files);

}  // namespace blockhost::signer
