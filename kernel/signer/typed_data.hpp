// The scheme eip712: typed data as JSON ({types, primaryType, domain, message}), decoded and hashed. Strict: a member
// that no type names, a missing one, or a value out of range is refused, so that what is shown is what is hashed. Pure.
#pragma once

#include "plugin-api/crypto/address.hpp"

#include <cstdint>
#include <string>

namespace bh::signer {

inline constexpr std::size_t kMaxTypedData = std::size_t{64} * 1024;

struct TypedData {
    // The domain has exactly name, version, chainId and verifyingContract.
    std::string name, version;
    std::uint64_t chain_id = 0;
    crypto::Address verifying_contract;
    std::string primary_type;
    crypto::Hash256 digest{};
};

// BH_E_INVALID "bad_typed_data" naming the member.
Result<TypedData> decode_typed_data(crypto::ByteView payload);

}  // namespace bh::signer
