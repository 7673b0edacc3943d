// What a seal is bound to, and the byte fields of that (plugin-api/formats/seal-2.md section 1). Pure functions.
#pragma once

#include "plugin-api/crypto/bytes.hpp"

#include <string>
#include <string_view>

namespace bh::seal {

struct RequestContext {
    std::string chain;     // CAIP-2
    std::string contract;  // the subscription contract
    std::string buyer;
};

struct CredentialContext {
    std::string chain;
    std::string contract;
    std::string subscription;  // decimal
    std::string owner;         // who the credential is for
};

// The additional data of each blob. BH_E_INVALID "bad_context" for an empty or too long field.
Result<Bytes> associated_data(const RequestContext& context);
Result<Bytes> associated_data(const CredentialContext& context);

inline constexpr std::string_view kRequestLabel = "seal-2-request";
inline constexpr std::string_view kCredentialLabel = "seal-2-credential";

}  // namespace bh::seal
