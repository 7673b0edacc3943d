// delivery-attestation-1: delivery-attestation-1.md. Plain values; safe on any thread.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <cstdint>
#include <string>

namespace bh::formats {

struct DeliveryAttestation {
    std::string chain;     // CAIP-2, "eip155:N"
    std::string contract;  // address of the subscription contract
    std::string subscription;
    std::string vm;
    crypto::Hash256 image_digest{};
    std::string host_key;  // "SHA256:..."
    // Unix seconds; 0 = had not happened
    std::uint64_t mined = 0, seen = 0, finalized = 0, volume = 0, started = 0, reachable = 0;
    bool operator==(const DeliveryAttestation&) const = default;
};

// The EIP-712 digest: what is signed and what goes on chain. BH_E_INVALID "bad_attestation" naming the field.
Result<crypto::Hash256> delivery_attestation_digest(const DeliveryAttestation& attestation);

}  // namespace bh::formats
