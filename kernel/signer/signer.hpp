// The signer without its socket: decides by the policy, records, signs. Thread-safe.
//
// There is no way in that takes a digest: every hash is made here, from something that was decoded.
#pragma once

#include "kernel/seal/context.hpp"
#include "kernel/signer/audit_log.hpp"
#include "kernel/signer/config.hpp"
#include "kernel/signer/keyring.hpp"
#include "plugin-api/formats/delivery_attestation.hpp"
#include "plugin-api/formats/owner_statement.hpp"

#include <cstdint>
#include <functional>

namespace blockhost::signer {

struct PublicPart {
    bh::Bytes key;        // 65-byte point, or 32 bytes (statement)
    std::string address;  // "" for the statement key
};

struct SignedHash {
    bh::Bytes signature;  // r, s, v: 65 bytes, v 27 or 28
    bh::crypto::Hash256 hash{};
};

class Signer {
public:
    // `now` answers Unix seconds.
    Signer(SignerConfig config, Keyring keys, AuditLog log, std::function<std::int64_t()> now);

    [[nodiscard]] bh::Result<PublicPart> public_key(std::string_view key) const;

    // `scheme`: eip1559-tx, eip191, eip712; `key`: agent.
    bh::Result<SignedHash> sign(std::string_view caller, std::string_view key, std::string_view scheme,
                                bh::crypto::ByteView payload);
    // The whole text of owner-statement-1.
    bh::Result<std::string> sign_statement(const bh::formats::OwnerStatement& statement);
    bh::Result<SignedHash> sign_attestation(const bh::formats::DeliveryAttestation& attestation);
    bh::Result<bh::crypto::Secret> unseal(std::string_view key, std::string_view format,
                                          const seal::RequestContext& context, bh::crypto::ByteView sealed);

private:
    bh::Result<SignedHash> sign_hash(const bh::crypto::Hash256& hash);
    bh::Result<SignedHash> sign_transaction(std::string_view caller, bh::crypto::ByteView payload);
    bh::Result<SignedHash> sign_message(std::string_view caller, bh::crypto::ByteView payload);
    bh::Result<SignedHash> sign_typed_data(std::string_view caller, bh::crypto::ByteView payload);

    const SignerConfig config_;
    const Keyring keys_;
    AuditLog log_;
    const std::function<std::int64_t()> now_;
};

}  // namespace blockhost::signer
