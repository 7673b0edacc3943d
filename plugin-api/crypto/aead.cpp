#include "plugin-api/crypto/aead.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace bh::crypto {

namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Context start(ByteView key, ByteView nonce, ByteView aad, bool encrypt) {
    if (key.size() != kAeadKeySize || nonce.size() != kAeadNonceSize) {
        throw std::invalid_argument{"AES-256-GCM takes a key of 32 bytes and a nonce of 12"};
    }
    Context context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    int size = 0;
    if (!context ||
        EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data(), encrypt ? 1 : 0) != 1 ||
        (!aad.empty() &&
         EVP_CipherUpdate(context.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) != 1)) {
        throw std::runtime_error{"OpenSSL can't start AES-256-GCM"};
    }
    return context;
}

}  // namespace

Bytes aes256gcm_seal(ByteView key, ByteView nonce, ByteView plaintext, ByteView aad) {
    const Context context = start(key, nonce, aad, true);
    Bytes sealed(plaintext.size() + kAeadTagSize);
    int size = 0;
    int rest = 0;
    const bool done =
        (plaintext.empty() || EVP_CipherUpdate(context.get(), sealed.data(), &size, plaintext.data(),
                                               static_cast<int>(plaintext.size())) == 1) &&
        EVP_CipherFinal_ex(context.get(), sealed.data() + size, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kAeadTagSize, sealed.data() + plaintext.size()) == 1;
    if (!done) throw std::runtime_error{"OpenSSL can't encrypt with AES-256-GCM"};
    return sealed;
}

Result<Secret> aes256gcm_open(ByteView key, ByteView nonce, ByteView sealed, ByteView aad) {
    const Failure failure = invalid("does_not_open", "the sealed bytes do not open with this key and context");
    if (sealed.size() < kAeadTagSize) return failure;
    const Context context = start(key, nonce, aad, false);
    const ByteView ciphertext = sealed.first(sealed.size() - kAeadTagSize);
    Bytes tag = to_bytes(sealed.last(kAeadTagSize));
    Secret plaintext{ciphertext.size()};
    std::uint8_t none[1] = {};
    int size = 0;
    int rest = 0;
    if (!ciphertext.empty() && EVP_CipherUpdate(context.get(), plaintext.data(), &size, ciphertext.data(),
                                                static_cast<int>(ciphertext.size())) != 1) {
        return failure;
    }
    if (EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kAeadTagSize, tag.data()) != 1 ||
        EVP_CipherFinal_ex(context.get(), none, &rest) != 1) {
        return failure;
    }
    return plaintext;
}

}  // namespace bh::crypto
