// The client of blockhost-signer: its verbs, typed. What each does is in docs/contracts.md section 2. Thread-safe.
//
// BH_E_DENIED: against the policy or not granted; the sentence names the key of signer.yaml. BH_E_INVALID: does not
// decode, or does not open. BH_E_UNAVAILABLE: the signer is not there, or can't write its log.
#pragma once

#include "kernel/ipc/client.hpp"
#include "kernel/seal/context.hpp"
#include "kernel/signer/anchors.hpp"
#include "plugin-api/crypto/secret.hpp"
#include "plugin-api/formats/delivery_attestation.hpp"
#include "plugin-api/formats/owner_statement.hpp"

#include <string>
#include <string_view>

namespace bh::signer {

class SignerClient {
public:
    explicit SignerClient(std::string socket_path) : client_{std::move(socket_path), "blockhost-signer"} {}

    struct PublicKey {
        Bytes key;            // 65-byte point (agent, server), or 32 bytes (statement)
        std::string address;  // agent, server
    };
    Result<PublicKey> public_key(std::string_view key);

    struct Signature {
        Bytes signature;  // r, s, v: 65 bytes, v 27 or 28
        Bytes hash;       // 32 bytes, what was signed
    };
    Result<Signature> sign(std::string_view caller, std::string_view key, std::string_view scheme,
                           crypto::ByteView payload);

    // The bytes of the statement with its signature, as the guest takes them.
    Result<Bytes> sign_statement(const formats::OwnerStatement& statement);

    // `hash` goes on the chain.
    Result<Signature> sign_attestation(const formats::DeliveryAttestation& attestation);

    // What the request held (kernel/seal/seal.hpp open_request); hand it to seal::seal_credential.
    Result<crypto::Secret> unseal(std::string_view format, const seal::RequestContext& context,
                                  crypto::ByteView sealed);

    // Anchors of the kernel's audit log (kernel/signer/anchors.hpp). BH_E_CONFLICT: anchored further on, or otherwise.
    Status anchor_put(const std::string& journal, std::int64_t row, const std::string& hash);
    // Of this journal; "" = the one that was anchored last. Nothing: it never was.
    Result<std::optional<Anchor>> anchor_newest(const std::string& journal);
    Result<std::vector<Anchor>> anchor_list(const std::string& journal, std::int64_t after);

private:
    ipc::Client client_;
};

}  // namespace bh::signer
