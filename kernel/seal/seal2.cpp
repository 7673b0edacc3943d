#include "kernel/seal/seal2.hpp"

#include "plugin-api/crypto/aead.hpp"
#include "plugin-api/crypto/digest.hpp"

namespace bh::seal {

namespace {

using crypto::bytes_of;
using crypto::ByteView;
using crypto::PublicKey;
using crypto::Secret;

constexpr std::uint8_t kVersion = 2;
constexpr std::string_view kSalt = "BlockHost seal-2";
constexpr std::size_t kHeadSize = 1 + crypto::kCompressedPointSize;
constexpr std::size_t kOverhead = kHeadSize + crypto::kAeadTagSize;
constexpr std::size_t kKeyAndNonce = crypto::kAeadKeySize + crypto::kAeadNonceSize;

Failure does_not_open() {
    return invalid("does_not_open",
                   "the sealed bytes do not open: they are damaged, or were sealed for another key, chain, contract, "
                   "buyer, owner or subscription");
}

// Key and nonce of section 2 of the format.
Result<Secret> key_and_nonce(std::string_view label, const Secret& secret, const PublicKey& other,
                             const PublicKey& ephemeral, const PublicKey& recipient) {
    const auto x = crypto::shared_x(secret, other);
    if (!x) return x.failure();
    Bytes info = crypto::to_bytes(bytes_of(label));
    info.push_back(0);
    crypto::append(info, ephemeral.compressed());
    crypto::append(info, recipient.compressed());
    return crypto::hkdf_sha256(x->view(), bytes_of(kSalt), info, kKeyAndNonce);
}

Result<Bytes> seal(std::string_view label, const PublicKey& recipient, ByteView data, ByteView plaintext,
                   const Secret& ephemeral_secret) {
    const auto ephemeral = PublicKey::of(ephemeral_secret);
    if (!ephemeral) return ephemeral.failure();
    const auto keys = key_and_nonce(label, ephemeral_secret, recipient, *ephemeral, recipient);
    if (!keys) return keys.failure();
    Bytes sealed{kVersion};
    crypto::append(sealed, ephemeral->compressed());
    crypto::append(sealed, crypto::aes256gcm_seal(keys->view().first(crypto::kAeadKeySize),
                                                  keys->view().last(crypto::kAeadNonceSize), plaintext, data));
    return sealed;
}

Result<Secret> open(std::string_view label, const Secret& secret, ByteView data, ByteView sealed) {
    if (sealed.size() < kOverhead || sealed.size() > kMaxSealed || sealed[0] != kVersion) return does_not_open();
    const auto ephemeral = PublicKey::parse(sealed.subspan(1, crypto::kCompressedPointSize));
    if (!ephemeral) return does_not_open();
    const auto recipient = PublicKey::of(secret);
    if (!recipient) return recipient.failure();
    const auto keys = key_and_nonce(label, secret, *ephemeral, *ephemeral, *recipient);
    if (!keys) return keys.failure();
    auto plaintext = crypto::aes256gcm_open(keys->view().first(crypto::kAeadKeySize),
                                            keys->view().last(crypto::kAeadNonceSize), sealed.subspan(kHeadSize), data);
    if (!plaintext) return does_not_open();
    return plaintext;
}

}  // namespace

Result<PublicKey> open_request2(const Secret& server_secret, const RequestContext& context, ByteView sealed) {
    const auto data = associated_data(context);
    if (!data) return data.failure();
    if (sealed.size() != kSeal2RequestSize) return does_not_open();
    const auto plaintext = open(kRequestLabel, server_secret, *data, sealed);
    if (!plaintext) return plaintext.failure();
    return PublicKey::parse(plaintext->view());
}

Result<Bytes> seal_request2(const PublicKey& server, const RequestContext& context, const PublicKey& recipient,
                            const Secret& ephemeral) {
    const auto data = associated_data(context);
    if (!data) return data.failure();
    return seal(kRequestLabel, server, *data, recipient.compressed(), ephemeral);
}

Result<Bytes> seal_credential2(const PublicKey& recipient, const CredentialContext& context,
                               const ConnectionDetails& details, const Secret& ephemeral) {
    const auto data = associated_data(context);
    if (!data) return data.failure();
    const auto content = write_details(details);
    if (!content) return content.failure();
    if (content->size() + kOverhead > kMaxSealed) {
        return invalid("bad_details", "connection details: together they are longer than 974 bytes");
    }
    return seal(kCredentialLabel, recipient, *data, content->view(), ephemeral);
}

Result<ConnectionDetails> open_credential2(const Secret& recipient_secret, const CredentialContext& context,
                                           ByteView sealed) {
    const auto data = associated_data(context);
    if (!data) return data.failure();
    const auto content = open(kCredentialLabel, recipient_secret, *data, sealed);
    if (!content) return content.failure();
    return parse_details(content->view());
}

}  // namespace bh::seal
