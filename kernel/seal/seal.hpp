// The seal as the lifecycle uses it: which format a purchase's request has, and the credential that answers it.
//
//     const auto format = seal::request_format(event.data);            // decline the purchase when there is none
//     auto opened = signer.unseal(*format, event.data, context);       // the server key stays in the signer
//     auto blob = seal::seal_credential(*format, *opened, context, details, public_secret);
//
// Safe on any thread.
#pragma once

#include "kernel/seal/content.hpp"
#include "kernel/seal/context.hpp"

#include <string_view>

namespace bh::seal {

inline constexpr std::string_view kSeal1Request = "seal-1-request";
inline constexpr std::string_view kSeal2Request = "seal-2-request";

// By length and first byte (seal-2.md section 3). BH_E_INVALID "unknown_seal", "raw_signature".
Result<std::string_view> request_format(crypto::ByteView sealed_request);

// Opens a request with the server key: what the signer's `unseal` answers. seal-1-request: the 65 signature bytes;
// seal-2-request: the recipient's public key, 33 bytes.
Result<crypto::Secret> open_request(std::string_view format, const crypto::Secret& server_secret,
                                    const RequestContext& context, crypto::ByteView sealed);

// The bytes for the credential token. `opened` is what open_request gave. With seal-1 its signature must be the owner's
// over `public_secret`, and details.host_key is left out, because that format has no place for it.
Result<Bytes> seal_credential(std::string_view format, const crypto::Secret& opened, const CredentialContext& context,
                              const ConnectionDetails& details, std::string_view public_secret);

}  // namespace bh::seal
