#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/keccak.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh::crypto;

namespace {

Secret key_of(std::uint8_t byte) {
    Secret secret{32};
    std::fill_n(secret.data(), 32, byte);
    return secret;
}

bh::Bytes from_hex(std::string_view text) { return *parse_hex(text); }

constexpr auto kUserAddress = "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB";
constexpr auto kSignature =
    "3347e99ad80083ece49327dcf40a6803c0fb6a33e76553e198651baca0cb436806f4f6f7d9c9976cf4c824c55acfa418aaaf01a97d84df995b"
    "1b081ee62f75271b";
// n, and n - s of kSignature
constexpr auto kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr auto kHighS = "f90b0908263668930b37db3aa5305be60fffdb3d31b1c0a264b75669ea06cc1a";

}  // namespace

TEST_CASE("public keys and shared points match the vectors of the existing system") {
    const auto server = PublicKey::of(key_of(0x11));
    const auto ephemeral = PublicKey::of(key_of(0x22));
    REQUIRE(server.ok());
    REQUIRE(ephemeral.ok());
    CHECK(hex(server->point()) ==
          "044f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa385b6b1b8ead809ca67454d9683fcf2ba03456d6fe"
          "2c4a"
          "be2b07f0fbdbb2f1c1");
    CHECK(hex(shared_x(key_of(0x11), *ephemeral)->view()) ==
          "77e0510d5042e2f5e9e59c977b81eeed590cf7d20c1c51da451a8eaa9fdc45ff");
    CHECK(equal(shared_x(key_of(0x22), *server)->view(), shared_x(key_of(0x11), *ephemeral)->view()));
}

TEST_CASE("a public key has two encodings and no third") {
    const PublicKey key = *PublicKey::of(key_of(0x11));
    CHECK(*PublicKey::parse(key.point()) == key);
    CHECK(*PublicKey::parse(key.compressed()) == key);
    bh::Bytes hybrid = to_bytes(key.point());
    hybrid[0] = static_cast<std::uint8_t>(6 + (hybrid[64] & 1));
    CHECK(PublicKey::parse(hybrid).failure().reason == "bad_public_key");
    bh::Bytes off_curve = to_bytes(key.point());
    off_curve[64] ^= 1;
    CHECK_FALSE(PublicKey::parse(off_curve).ok());
    CHECK_FALSE(PublicKey::parse(bh::Bytes(65)).ok());
    CHECK_FALSE(PublicKey::parse({}).ok());
}

TEST_CASE("a secret key of 0, of the group order or of another length is refused") {
    CHECK(PublicKey::of(Secret{32}).failure().reason == "bad_key");
    CHECK(PublicKey::of(Secret::copy_of(from_hex(kOrder))).failure().reason == "bad_key");
    CHECK(PublicKey::of(Secret{31}).failure().reason == "bad_key");
    CHECK(sign(Secret{32}, {}).failure().reason == "bad_key");
    CHECK(shared_x(Secret{32}, *PublicKey::of(key_of(1))).failure().reason == "bad_key");
}

TEST_CASE("addresses carry the checksum of EIP-55") {
    CHECK(Address::of(*PublicKey::of(key_of(0x33))).text() == kUserAddress);
    for (const char* text :
         {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
          "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
        CHECK(Address::parse(text)->text() == text);
        CHECK(Address::parse(Address::parse(text)->lower_text())->text() == text);
    }
    CHECK_FALSE(Address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD").ok());
    CHECK_FALSE(Address::parse("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed").ok());
    CHECK_FALSE(Address::parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA").ok());
}

TEST_CASE("personal_sign matches the vector and recovers to its signer") {
    const Hash256 hash = eip191_hash(bytes_of("blockhost-access"));
    const auto signature = sign(key_of(0x33), hash);
    REQUIRE(signature.ok());
    CHECK(hex(signature->encoded()) == kSignature);
    CHECK(recover_address(from_hex(kSignature), hash)->text() == kUserAddress);
}

TEST_CASE("recovery takes v of 0, 1, 27, 28 and the compact form, and no other") {
    const Hash256 hash = eip191_hash(bytes_of("blockhost-access"));
    bh::Bytes signature = from_hex(kSignature);
    REQUIRE(signature[64] == 27);
    signature[64] = 0;
    CHECK(recover_address(signature, hash)->text() == kUserAddress);
    for (const int v : {1, 28}) {
        signature[64] = static_cast<std::uint8_t>(v);
        CHECK(recover_address(signature, hash)->text() != kUserAddress);
    }
    for (const int v : {2, 3, 26, 29, 255}) {
        signature[64] = static_cast<std::uint8_t>(v);
        CHECK(recover_address(signature, hash).failure().reason == "bad_signature");
    }
    signature.resize(64);  // y parity 0 leaves the top bit of s clear
    CHECK(recover_address(signature, hash)->text() == kUserAddress);
    signature[32] |= 0x80;
    CHECK(recover_address(signature, hash)->text() != kUserAddress);
    signature.resize(63);
    CHECK(recover_address(signature, hash).failure().reason == "bad_signature");
}

TEST_CASE("the high-s twin of a good signature is refused") {
    const Hash256 hash = eip191_hash(bytes_of("blockhost-access"));
    bh::Bytes signature = from_hex(kSignature);
    const bh::Bytes s = from_hex(kHighS);
    std::copy(s.begin(), s.end(), signature.begin() + 32);
    signature[64] = 28;
    CHECK(recover_address(signature, hash).failure().reason == "high_s");
    Signature by_hand;
    std::copy_n(signature.begin(), 32, by_hand.r.begin());
    std::copy_n(s.begin(), 32, by_hand.s.begin());
    CHECK(recover(by_hand, hash).failure().reason == "high_s");
}

TEST_CASE("r or s of 0 or above the order recovers to nobody") {
    const Hash256 hash = eip191_hash(bytes_of("x"));
    CHECK_FALSE(recover_address(bh::Bytes(65), hash).ok());
    bh::Bytes signature = from_hex(kSignature);
    const bh::Bytes order = from_hex(kOrder);
    std::copy(order.begin(), order.end(), signature.begin());
    CHECK(recover_address(signature, hash).failure().reason == "bad_signature");
}

TEST_CASE("a new secret key is usable and not the last one") {
    const Secret a = new_secret_key();
    const Secret b = new_secret_key();
    CHECK(PublicKey::of(a).ok());
    CHECK_FALSE(equal(a.view(), b.view()));
}
