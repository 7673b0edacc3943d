#include "kernel/seal/seal.hpp"

#include "kernel/seal/seal1.hpp"
#include "kernel/seal/seal2.hpp"
#include "plugin-api/crypto/digest.hpp"

namespace bh::seal {

namespace {

constexpr std::size_t kMinSeal1Request = 93;

Failure unknown(std::string_view format) {
    return invalid("unknown_seal",
                   "no seal format is named \"" + std::string{format} + "\"; use seal-1-request or seal-2-request");
}

}  // namespace

Result<std::string_view> request_format(crypto::ByteView sealed) {
    if (sealed.size() == kSeal2RequestSize && sealed[0] == 2) return kSeal2Request;
    if (sealed.size() >= kMinSeal1Request && sealed.size() <= kMaxSealed && sealed[0] == 4) return kSeal1Request;
    if (sealed.size() == kSeal1SignatureSize) {
        return invalid("raw_signature", "the request is a signature that is not encrypted; seal it to the server key");
    }
    return invalid("unknown_seal", "the request is neither seal-1 nor seal-2; buy again with a current page");
}

Result<crypto::Secret> open_request(std::string_view format, const crypto::Secret& server_secret,
                                    const RequestContext& context, crypto::ByteView sealed) {
    if (format == kSeal1Request) return open_request1(server_secret, sealed);
    if (format != kSeal2Request) return unknown(format);
    const auto recipient = open_request2(server_secret, context, sealed);
    if (!recipient) return recipient.failure();
    return crypto::Secret::copy_of(recipient->compressed());
}

Result<Bytes> seal_credential(std::string_view format, const crypto::Secret& opened, const CredentialContext& context,
                              const ConnectionDetails& details, std::string_view public_secret) {
    if (format == kSeal1Request) {
        if (const Status fine = check_signature1(opened, public_secret, context.owner); !fine) return fine.failure();
        ConnectionDetails three = details;
        three.host_key.clear();
        return seal_credential1(opened, three, crypto::random_bytes(crypto::kAeadNonceSize));
    }
    if (format != kSeal2Request) return unknown(format);
    const auto recipient = crypto::PublicKey::parse(opened.view());
    if (!recipient) return recipient.failure();
    return seal_credential2(*recipient, context, details, crypto::new_secret_key());
}

}  // namespace bh::seal
