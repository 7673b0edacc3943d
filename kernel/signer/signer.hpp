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

namespace bh::signer {

struct PublicPart {
    Bytes key;            // 65-byte point, or 32 bytes (statement)
    std::string address;  // "" for the statement key
};

struct SignedHash {
    Bytes signature;  // r, s, v: 65 bytes, v 27 or 28
    crypto::Hash256 hash{};
};

class Signer {
public:
    // `now` answers Unix seconds.
    Signer(SignerConfig config, Keyring keys, AuditLog log, std::function<std::int64_t()> now,
           std::vector<Codec> codecs = {});

    [[nodiscard]] Result<PublicPart> public_key(std::string_view key) const;

    // `scheme`: eip1559-tx, eip191, eip712, bh-intent-1, with the key agent; or a codec's, with the key of that name.
    Result<SignedHash> sign(std::string_view caller, std::string_view key, std::string_view scheme,
                            crypto::ByteView payload);
    // The whole text of owner-statement-1.
    Result<std::string> sign_statement(const formats::OwnerStatement& statement);
    Result<SignedHash> sign_attestation(const formats::DeliveryAttestation& attestation);
    Result<crypto::Secret> unseal(std::string_view key, std::string_view format, const seal::RequestContext& context,
                                  crypto::ByteView sealed);

private:
    Result<SignedHash> sign_hash(const crypto::Hash256& hash);
    static Result<SignedHash> sign_with(const Keyring::Point& key, const crypto::Hash256& hash);
    Result<SignedHash> sign_transaction(std::string_view caller, crypto::ByteView payload);
    Result<SignedHash> sign_message(std::string_view caller, crypto::ByteView payload);
    Result<SignedHash> sign_typed_data(std::string_view caller, crypto::ByteView payload);
    Result<SignedHash> sign_intent(std::string_view caller, crypto::ByteView payload);
    Result<SignedHash> sign_decoded(std::string_view caller, const Codec& codec, crypto::ByteView payload);

    const SignerConfig config_;
    const Keyring keys_;
    AuditLog log_;
    const std::function<std::int64_t()> now_;
    const std::vector<Codec> codecs_;
};

}  // namespace bh::signer
