#include "kernel/seal/seal1.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"

namespace bh::seal {

namespace {

using crypto::bytes_of;
using crypto::ByteView;
using crypto::kAeadKeySize;
using crypto::kAeadNonceSize;
using crypto::kAeadTagSize;
using crypto::kPointSize;
using crypto::PublicKey;
using crypto::Secret;

constexpr std::size_t kRequestHead = kPointSize + kAeadNonceSize;
constexpr std::size_t kSignatureText = 132;

Failure does_not_open() {
    return invalid("does_not_open", "the sealed bytes do not open: they are damaged, or were sealed for another key");
}

Result<Secret> request_key(const Secret& secret, const PublicKey& other) {
    const auto x = crypto::shared_x(secret, other);
    if (!x) return x.failure();
    return crypto::hkdf_sha256(x->view(), {}, {}, kAeadKeySize);
}

Secret credential_key(const Secret& signature) {
    auto hash = crypto::keccak256(signature.view());
    Secret key = Secret::copy_of(hash);
    crypto::wipe(hash.data(), hash.size());
    return key;
}

bool is_signature(const Secret& signature) {
    return signature.size() == kSeal1SignatureSize && (signature.view()[64] == 27 || signature.view()[64] == 28);
}

Failure bad_signature() {
    return invalid("bad_signature", "a seal-1 signature is 65 bytes, the last one 27 or 28; sign with personal_sign");
}

}  // namespace

Result<Secret> open_request1(const Secret& server_secret, ByteView sealed) {
    if (sealed.size() == kSeal1SignatureSize) {
        return invalid("raw_signature",
                       "the purchase carries a signature that is not encrypted, so anybody could "
                       "open the details; seal it to the server key");
    }
    if (sealed.size() < kRequestHead + kAeadTagSize || sealed.size() > kMaxSealed) return does_not_open();
    const auto ephemeral = PublicKey::parse(sealed.first(kPointSize));
    if (!ephemeral) return does_not_open();
    const auto key = request_key(server_secret, *ephemeral);
    if (!key) return key.failure();
    const auto text = crypto::aes256gcm_open(key->view(), sealed.subspan(kPointSize, kAeadNonceSize),
                                             sealed.subspan(kRequestHead), {});
    if (!text) return does_not_open();
    const std::string_view digits = crypto::text_of(text->view());
    if (digits.size() != kSignatureText || !digits.starts_with("0x")) return bad_signature();
    auto bytes = crypto::parse_hex(digits);
    if (!bytes) return bad_signature();
    Secret signature = Secret::copy_of(*bytes);
    crypto::wipe(*bytes);
    if (!is_signature(signature)) return bad_signature();
    return signature;
}

Result<Bytes> seal_request1(const PublicKey& server, const Secret& signature, const Secret& ephemeral_secret,
                            ByteView nonce) {
    if (!is_signature(signature)) return bad_signature();
    const auto ephemeral = PublicKey::of(ephemeral_secret);
    if (!ephemeral) return ephemeral.failure();
    const auto key = request_key(ephemeral_secret, server);
    if (!key) return key.failure();
    std::string text = crypto::hex0x(signature.view());
    Bytes sealed = crypto::to_bytes(ephemeral->point());
    crypto::append(sealed, nonce);
    crypto::append(sealed, crypto::aes256gcm_seal(key->view(), nonce, bytes_of(text), {}));
    crypto::wipe(text);
    return sealed;
}

Status check_signature1(const Secret& signature, std::string_view public_secret, std::string_view buyer) {
    if (!is_signature(signature)) return bad_signature();
    const auto expected = crypto::Address::parse(buyer);
    if (!expected) return expected.failure().within("buyer");
    const auto signer = crypto::recover_address(signature.view(), crypto::eip191_hash(bytes_of(public_secret)));
    if (!signer) return signer.failure();
    if (*signer != *expected) {
        return invalid("not_the_buyer",
                       "the signature in the request is not the buyer's over this host's public "
                       "secret; sign it with the wallet that receives the credential");
    }
    return {};
}

Result<Bytes> seal_credential1(const Secret& signature, const ConnectionDetails& details, ByteView nonce) {
    if (!is_signature(signature)) return bad_signature();
    if (!details.host_key.empty()) {
        return invalid("bad_details", "connection details: host_key has no place in seal-1; leave it out");
    }
    const auto content = write_details(details);
    if (!content) return content.failure();
    Bytes sealed = crypto::to_bytes(nonce);
    crypto::append(sealed, crypto::aes256gcm_seal(credential_key(signature).view(), nonce, content->view(), {}));
    return sealed;
}

Result<ConnectionDetails> open_credential1(const Secret& signature, ByteView sealed) {
    if (!is_signature(signature)) return bad_signature();
    if (sealed.size() < kAeadNonceSize + kAeadTagSize || sealed.size() > kMaxSealed) return does_not_open();
    const auto content = crypto::aes256gcm_open(credential_key(signature).view(), sealed.first(kAeadNonceSize),
                                                sealed.subspan(kAeadNonceSize), {});
    if (!content) return does_not_open();
    return parse_details(content->view());
}

}  // namespace bh::seal
