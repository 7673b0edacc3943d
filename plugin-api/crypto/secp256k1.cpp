#include "plugin-api/crypto/secp256k1.hpp"

#include "plugin-api/crypto/digest.hpp"

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_recovery.h>

#include <algorithm>
#include <stdexcept>

namespace bh::crypto {

struct PublicKeyAccess {
    static PublicKey make(const secp256k1_context* context, const secp256k1_pubkey& raw) {
        PublicKey key;
        std::size_t size = key.point_.size();
        secp256k1_ec_pubkey_serialize(context, key.point_.data(), &size, &raw, SECP256K1_EC_UNCOMPRESSED);
        return key;
    }
};

namespace {

// One context per process: made and blinded once, read-only afterwards, so that threads share it.
class Context {
public:
    Context() : raw_{secp256k1_context_create(SECP256K1_CONTEXT_NONE)} {
        const Secret seed = random_secret(32);
        if (raw_ == nullptr || secp256k1_context_randomize(raw_, seed.view().data()) != 1) {
            throw std::runtime_error{"libsecp256k1 can't make a context"};
        }
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { secp256k1_context_destroy(raw_); }
    [[nodiscard]] const secp256k1_context* get() const noexcept { return raw_; }

private:
    secp256k1_context* raw_;
};

const secp256k1_context* context() {
    static const Context instance;
    return instance.get();
}

Failure bad_key() { return invalid("bad_key", "a secp256k1 secret key is 32 bytes, between 1 and the group order"); }
Failure bad_signature(const char* sentence) { return invalid("bad_signature", sentence); }
Failure high_s() {
    return invalid("high_s",
                   "the signature's s is in the upper half of the group order; sign again with a wallet "
                   "that makes canonical (low-s) signatures");
}

bool usable(const Secret& secret) {
    return secret.size() == kSecretKeySize && secp256k1_ec_seckey_verify(context(), secret.view().data()) == 1;
}

secp256k1_pubkey raw_of(const PublicKey& key) {
    secp256k1_pubkey raw;
    if (secp256k1_ec_pubkey_parse(context(), &raw, key.point().data(), key.point().size()) != 1) {
        throw std::logic_error{"a PublicKey holds no point"};
    }
    return raw;
}

int copy_x(unsigned char* output, const unsigned char* x, const unsigned char*, void*) {
    std::copy(x, x + 32, output);
    return 1;
}

}  // namespace

Result<PublicKey> PublicKey::parse(ByteView encoded) {
    const bool full = encoded.size() == kPointSize && encoded[0] == 4;
    const bool compressed = encoded.size() == kCompressedPointSize && (encoded[0] == 2 || encoded[0] == 3);
    secp256k1_pubkey raw;
    if ((!full && !compressed) || secp256k1_ec_pubkey_parse(context(), &raw, encoded.data(), encoded.size()) != 1) {
        return invalid("bad_public_key",
                       "a secp256k1 public key is 65 bytes (04, X, Y) or 33 bytes (02 or 03, X) of a "
                       "point on the curve");
    }
    return PublicKeyAccess::make(context(), raw);
}

Result<PublicKey> PublicKey::of(const Secret& secret) {
    secp256k1_pubkey raw;
    if (!usable(secret) || secp256k1_ec_pubkey_create(context(), &raw, secret.view().data()) != 1) return bad_key();
    return PublicKeyAccess::make(context(), raw);
}

std::array<std::uint8_t, kCompressedPointSize> PublicKey::compressed() const noexcept {
    std::array<std::uint8_t, kCompressedPointSize> encoded{};
    encoded[0] = static_cast<std::uint8_t>(2 + (point_[64] & 1));
    std::copy_n(point_.begin() + 1, 32, encoded.begin() + 1);
    return encoded;
}

Bytes Signature::encoded() const {
    Bytes bytes = to_bytes(r);
    append(bytes, s);
    bytes.push_back(static_cast<std::uint8_t>(27 + y_parity));
    return bytes;
}

Result<Signature> Signature::parse(ByteView encoded) {
    Signature signature;
    if (encoded.size() != 64 && encoded.size() != 65) {
        return bad_signature("a signature is 65 bytes (r, s, v) or 64 in the compact form of EIP-2098");
    }
    std::copy_n(encoded.begin(), 32, signature.r.begin());
    std::copy_n(encoded.begin() + 32, 32, signature.s.begin());
    if (encoded.size() == 64) {
        signature.y_parity = signature.s[0] >> 7;
        signature.s[0] &= 0x7f;
    } else {
        const std::uint8_t v = encoded[64];
        if (v != 0 && v != 1 && v != 27 && v != 28) {
            return bad_signature("the last byte of a 65-byte signature is 0, 1, 27 or 28");
        }
        signature.y_parity = v >= 27 ? static_cast<std::uint8_t>(v - 27) : v;
    }
    Bytes compact = to_bytes(signature.r);
    append(compact, signature.s);
    secp256k1_ecdsa_signature raw;
    if (secp256k1_ecdsa_signature_parse_compact(context(), &raw, compact.data()) != 1) {
        return bad_signature("r or s of the signature is above the group order");
    }
    if (secp256k1_ecdsa_signature_normalize(context(), nullptr, &raw) == 1) return high_s();
    return signature;
}

Result<Signature> sign(const Secret& secret, const Hash256& hash) {
    if (!usable(secret)) return bad_key();
    secp256k1_ecdsa_recoverable_signature raw;
    std::array<std::uint8_t, 64> compact{};
    int recovery_id = 0;
    if (secp256k1_ecdsa_sign_recoverable(context(), &raw, hash.data(), secret.view().data(), nullptr, nullptr) != 1) {
        return bad_key();
    }
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), compact.data(), &recovery_id, &raw);
    Signature signature;
    std::copy_n(compact.begin(), 32, signature.r.begin());
    std::copy_n(compact.begin() + 32, 32, signature.s.begin());
    signature.y_parity = static_cast<std::uint8_t>(recovery_id & 1);
    return signature;
}

Result<PublicKey> recover(const Signature& signature, const Hash256& hash) {
    // Through the encoded form, so that a Signature filled in by hand gets the same checks.
    const Result<Signature> checked = Signature::parse(signature.encoded());
    if (!checked) return checked.failure();
    Bytes compact = to_bytes(signature.r);
    append(compact, signature.s);
    secp256k1_ecdsa_recoverable_signature raw;
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &raw, compact.data(), signature.y_parity) != 1 ||
        secp256k1_ecdsa_recover(context(), &key, &raw, hash.data()) != 1) {
        return bad_signature("no key made this signature");
    }
    return PublicKeyAccess::make(context(), key);
}

Result<Secret> shared_x(const Secret& secret, const PublicKey& key) {
    if (!usable(secret)) return bad_key();
    const secp256k1_pubkey raw = raw_of(key);
    Secret x{32};
    if (secp256k1_ecdh(context(), x.data(), &raw, secret.view().data(), copy_x, nullptr) != 1) return bad_key();
    return x;
}

Secret new_secret_key() {
    for (;;) {
        Secret secret = random_secret(kSecretKeySize);
        if (usable(secret)) return secret;
    }
}

}  // namespace bh::crypto
