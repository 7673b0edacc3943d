#include "plugin-api/crypto/ed25519.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace bh::crypto {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Result<Key> private_key(const Secret& seed) {
    if (seed.size() != kEd25519SeedSize) return invalid("bad_key", "an Ed25519 seed is 32 bytes");
    Key key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.view().data(), seed.size()), &EVP_PKEY_free};
    if (!key) throw std::runtime_error{"OpenSSL can't load an Ed25519 key"};
    return key;
}

}  // namespace

Result<Ed25519PublicKey> ed25519_public_key(const Secret& seed) {
    const Result<Key> key = private_key(seed);
    if (!key) return key.failure();
    Ed25519PublicKey bytes{};
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key->get(), bytes.data(), &size) != 1) {
        throw std::runtime_error{"OpenSSL can't derive an Ed25519 public key"};
    }
    return bytes;
}

Result<Ed25519Signature> ed25519_sign(const Secret& seed, ByteView message) {
    const Result<Key> key = private_key(seed);
    if (!key) return key.failure();
    const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    Ed25519Signature signature{};
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key->get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
        throw std::runtime_error{"OpenSSL can't sign with Ed25519"};
    }
    return signature;
}

bool ed25519_verify(const Ed25519PublicKey& key, ByteView message, ByteView signature) {
    if (signature.size() != std::tuple_size_v<Ed25519Signature>) return false;
    const Key handle{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()), &EVP_PKEY_free};
    const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    return handle && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

}  // namespace bh::crypto
