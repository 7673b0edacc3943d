#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/crypto/secret.hpp"

#include <catch2/catch_test_macros.hpp>

#include <type_traits>

using namespace bh::crypto;

TEST_CASE("hex is strict") {
    CHECK(hex0x(Hash256{0xab, 1}).starts_with("0xab01"));
    CHECK(*parse_hex("0xAbcD") == bh::Bytes{0xab, 0xcd});
    CHECK(parse_hex("")->empty());
    CHECK(parse_hex("0xabc").failure().reason == "bad_hex");
    CHECK(parse_hex("0xag").failure().reason == "bad_hex");
    CHECK(parse_hex(" ab").failure().reason == "bad_hex");
}

TEST_CASE("equal compares content and length") {
    CHECK(equal(bytes_of("abc"), bytes_of("abc")));
    CHECK_FALSE(equal(bytes_of("abc"), bytes_of("abd")));
    CHECK_FALSE(equal(bytes_of("abc"), bytes_of("ab")));
}

TEST_CASE("a secret moves, wipes what it gives up, and can't be copied") {
    static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
    static_assert(std::is_nothrow_move_constructible_v<Secret>);
    Secret secret = Secret::copy_of(bytes_of("0123456789"));
    secret.shrink(4);
    CHECK(text_of(secret.view()) == "0123");
    CHECK(secret.data()[4] == 0);  // still allocated, already wiped
    CHECK(secret.data()[9] == 0);
    Secret other = std::move(secret);
    CHECK(secret.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point
    CHECK(text_of(other.view()) == "0123");
    CHECK(text_of(other.clone().view()) == "0123");
    std::string text(40, 'x');
    const char* bytes = text.data();
    wipe(text);
    CHECK(text.empty());
    CHECK(bytes[20] == 0);
}

TEST_CASE("keccak256 is the original Keccak") {
    CHECK(hex(keccak256(ByteView{})) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    CHECK(hex(keccak256(bytes_of("Transfer(address,address,uint256)"))) ==
          "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
    CHECK(keccak256({bytes_of("Transfer("), bytes_of("address,address,uint256)")}) ==
          keccak256(bytes_of("Transfer(address,address,uint256)")));
}

TEST_CASE("eip191_hash is what personal_sign signs") {
    // ethers' hashMessage("Hello World")
    CHECK(hex(eip191_hash(bytes_of("Hello World"))) ==
          "a1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2");
}
