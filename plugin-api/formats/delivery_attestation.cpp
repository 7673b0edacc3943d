#include "plugin-api/formats/delivery_attestation.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/formats/eip712.hpp"
#include "plugin-api/formats/rules.hpp"

namespace bh::formats {

namespace {

constexpr std::string_view kType =
    "DeliveryAttestation(uint256 subscription,string vm,bytes32 imageDigest,string hostKeyFingerprint,"
    "uint64 mined,uint64 seen,uint64 finalized,uint64 volume,uint64 started,uint64 reachable)";

Failure bad(std::string_view field, std::string_view rule) {
    return invalid("bad_attestation", "delivery attestation: " + std::string{field} + " " + std::string{rule});
}

}  // namespace

Result<crypto::Hash256> delivery_attestation_digest(const DeliveryAttestation& a) {
    const auto chain_id = eip155_chain_id(a.chain);
    if (!chain_id) return bad("chain", "must be eip155: and a decimal chain id");
    const auto contract = crypto::Address::parse(a.contract);
    if (!contract) return bad("contract", "must be an address");
    const auto subscription = word_of_decimal(a.subscription);
    if (!subscription) return bad("subscription", "must be a decimal number");
    if (!is_vm_name(a.vm)) return bad("vm", "must be 1 to 63 characters of a-z, 0-9 and '-'");
    if (!is_key_fingerprint(a.host_key)) return bad("host_key", "must be SHA256: and 43 characters of base64");
    const Word content =
        crypto::keccak256({word_of_text(kType), *subscription, word_of_text(a.vm), a.image_digest,
                           word_of_text(a.host_key), word_of(a.mined), word_of(a.seen), word_of(a.finalized),
                           word_of(a.volume), word_of(a.started), word_of(a.reachable)});
    return typed_data_digest(domain_separator("BlockHost delivery", "1", *chain_id, *contract), content);
}

}  // namespace bh::formats
