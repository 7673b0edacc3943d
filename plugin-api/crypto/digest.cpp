#include "plugin-api/crypto/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace bh::crypto {

namespace {

void fill_random(std::uint8_t* data, std::size_t size) {
    if (size == 0) return;
    if (RAND_priv_bytes(data, static_cast<int>(size)) != 1) throw std::runtime_error{"OpenSSL has no random bytes"};
}

OSSL_PARAM octets(const char* name, ByteView bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

Hash256 sha256(ByteView data) {
    Hash256 hash{};
    unsigned int size = 0;
    if (EVP_Digest(data.data(), data.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error{"OpenSSL can't compute SHA-256"};
    }
    return hash;
}

Secret hkdf_sha256(ByteView key_material, ByteView salt, ByteView info, std::size_t length) {
    static constexpr std::uint8_t kZeroSalt[32] = {};
    if (salt.empty()) salt = kZeroSalt;
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf{EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free};
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context{EVP_KDF_CTX_new(kdf.get()),
                                                                            &EVP_KDF_CTX_free};
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                 octets(OSSL_KDF_PARAM_KEY, key_material), octets(OSSL_KDF_PARAM_SALT, salt),
                                 octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
    Secret output{length};
    if (!context || EVP_KDF_derive(context.get(), output.data(), length, params) != 1) {
        throw std::runtime_error{"OpenSSL can't compute HKDF-SHA256"};
    }
    return output;
}

Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    fill_random(bytes.data(), size);
    return bytes;
}

Secret random_secret(std::size_t size) {
    Secret secret{size};
    fill_random(secret.data(), size);
    return secret;
}

}  // namespace bh::crypto
