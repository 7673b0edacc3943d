// Signatures of manifests: the one place that knows ssh-keygen (https://man.openbsd.org/ssh-keygen, "-Y verify", and
// PROTOCOL.sshsig of OpenSSH). Any thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <string>

namespace bh::trust {

// A publisher signs with `ssh-keygen -Y sign -n blockhost-plugin -f KEY plugin.json`, which makes plugin.json.sig.
inline constexpr const char* kNamespace = "blockhost-plugin";

// Whom the operator trusts, as texts.
struct TrustedKeys {
    std::string signers;    // ALLOWED SIGNERS of ssh-keygen(1): principal, options, key
    std::string revoked;    // a key revocation list, or public keys one per line; empty: none is revoked
    std::string directory;  // where these are kept, for messages
};

struct Signer {
    std::string publisher;  // the principal of the line in `signers`
    std::string key;        // "SHA256:..." of the public key
};

// Who signed `text`. Failures, all BH_E_DENIED, say what is wrong and what to do: "bad_signature" (damaged, of another
// text, or for another purpose), "wrong_key_type" (not Ed25519), "untrusted_key", "revoked_key", "bad_revocations" (the
// list can't be read: then nothing is trusted). BH_E_UNAVAILABLE: ssh-keygen can't be run.
Result<Signer> verify_signature(const std::string& text, const std::string& signature, const TrustedKeys& trusted);

}  // namespace bh::trust
