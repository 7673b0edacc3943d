#include "plugin-api/crypto/aead.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/ed25519.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::crypto;

namespace {
bh::Bytes from_hex(std::string_view text) { return *parse_hex(text); }
}  // namespace

TEST_CASE("sha256 of the FIPS 180 example") {
    CHECK(hex(sha256(bytes_of("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("hkdf_sha256 of RFC 5869, cases 1 and 3") {
    const bh::Bytes key(22, 0x0b);
    CHECK(hex(hkdf_sha256(key, from_hex("000102030405060708090a0b0c"), from_hex("f0f1f2f3f4f5f6f7f8f9"), 42).view()) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    CHECK(hex(hkdf_sha256(key, {}, {}, 42).view()) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("aes256gcm of the GCM specification, case 16") {
    const bh::Bytes key = from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const bh::Bytes nonce = from_hex("cafebabefacedbaddecaf888");
    const bh::Bytes aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const bh::Bytes plaintext = from_hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de6"
        "57"
        "ba637b39");
    const bh::Bytes sealed = aes256gcm_seal(key, nonce, plaintext, aad);
    CHECK(hex(sealed) ==
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba"
          "7a0a"
          "bcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
    CHECK(equal(aes256gcm_open(key, nonce, sealed, aad)->view(), plaintext));
}

TEST_CASE("what was sealed opens only with the same key, nonce, aad and every bit of it") {
    const bh::Bytes key(32, 1);
    const bh::Bytes nonce(12, 2);
    const bh::Bytes aad(3, 3);
    const bh::Bytes sealed = aes256gcm_seal(key, nonce, bytes_of("hello"), aad);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        bh::Bytes changed = sealed;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        CHECK(aes256gcm_open(key, nonce, changed, aad).failure().reason == "does_not_open");
    }
    CHECK_FALSE(aes256gcm_open(bh::Bytes(32, 9), nonce, sealed, aad).ok());
    CHECK_FALSE(aes256gcm_open(key, bh::Bytes(12, 9), sealed, aad).ok());
    CHECK_FALSE(aes256gcm_open(key, nonce, sealed, {}).ok());
    CHECK_FALSE(aes256gcm_open(key, nonce, bh::Bytes(15), aad).ok());
    CHECK(aes256gcm_open(key, nonce, aes256gcm_seal(key, nonce, {}, {}), {})->empty());
    CHECK_THROWS(aes256gcm_seal(bh::Bytes(31), nonce, {}, {}));
}

TEST_CASE("ed25519 of RFC 8032, test 2") {
    const Secret seed = Secret::copy_of(from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    const auto key = ed25519_public_key(seed);
    REQUIRE(key.ok());
    CHECK(hex(*key) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const bh::Bytes message = {0x72};
    const auto signature = ed25519_sign(seed, message);
    REQUIRE(signature.ok());
    CHECK(hex(*signature) ==
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb430"
          "2aee"
          "b00d291612bb0c00");
    CHECK(ed25519_verify(*key, message, *signature));
    CHECK_FALSE(ed25519_verify(*key, bytes_of("s"), *signature));
    CHECK_FALSE(ed25519_verify(*key, message, ByteView{*signature}.first(63)));
    CHECK(ed25519_sign(Secret{31}, message).failure().reason == "bad_key");
}

TEST_CASE("random bytes differ") {
    CHECK(random_bytes(16) != random_bytes(16));
    CHECK_FALSE(equal(random_secret(32).view(), random_secret(32).view()));
    CHECK(random_bytes(0).empty());
}
