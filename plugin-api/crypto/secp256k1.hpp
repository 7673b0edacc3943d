// secp256k1 by libsecp256k1: keys, recoverable signatures, ECDH. Safe on any thread.
//
// Signatures are deterministic (RFC 6979) and low-s; a high-s one is refused everywhere, so that nobody can make a
// second valid form of a signature that was seen.
#pragma once

#include "plugin-api/crypto/secret.hpp"

namespace bh::crypto {

inline constexpr std::size_t kSecretKeySize = 32;
inline constexpr std::size_t kPointSize = 65;            // 04 X Y
inline constexpr std::size_t kCompressedPointSize = 33;  // 02 or 03, X

// A point of the curve that is not infinity. Made by the functions below only.
class PublicKey {
public:
    // 65 bytes that begin with 04, or 33 that begin with 02 or 03. The hybrid forms 06 and 07 are refused: they are
    // a second encoding of the same point.
    static Result<PublicKey> parse(ByteView encoded);
    // BH_E_INVALID "bad_key" unless 1 <= secret < n.
    static Result<PublicKey> of(const Secret& secret);

    [[nodiscard]] const std::array<std::uint8_t, kPointSize>& point() const noexcept { return point_; }
    [[nodiscard]] std::array<std::uint8_t, kCompressedPointSize> compressed() const noexcept;
    bool operator==(const PublicKey&) const = default;

private:
    friend struct PublicKeyAccess;
    PublicKey() = default;
    std::array<std::uint8_t, kPointSize> point_{};
};

struct Signature {
    Hash256 r{};
    Hash256 s{};
    std::uint8_t y_parity = 0;  // 0 or 1

    // r, s, 27 + y_parity: 65 bytes.
    [[nodiscard]] Bytes encoded() const;
    // 65 bytes with v of 0, 1, 27 or 28, or the 64-byte compact form of EIP-2098. BH_E_INVALID "bad_signature" for
    // another length or v, "high_s" for s above n/2.
    static Result<Signature> parse(ByteView encoded);
};

Result<Signature> sign(const Secret& secret, const Hash256& hash);

// The key that made the signature; BH_E_INVALID "bad_signature" where there is none, "high_s" as above.
Result<PublicKey> recover(const Signature& signature, const Hash256& hash);

// The X coordinate of secret * key, big-endian, 32 bytes.
Result<Secret> shared_x(const Secret& secret, const PublicKey& key);

// A new secret key.
Secret new_secret_key();

}  // namespace bh::crypto
