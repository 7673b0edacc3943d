// Vectors: cast 1.7.1 (calldata, keccak, to-dec).
#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/abi/hex.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cctype>

using namespace bh;
using namespace bh::evm;

namespace {
Hash filled(std::uint8_t byte, std::size_t count) {
    Hash out;
    std::fill_n(out.bytes.begin(), count, byte);
    return out;
}
Bytes words(std::initializer_list<Uint256> list) {
    Bytes out;
    for (const Uint256& word : list) crypto::append(out, word.word());
    return out;
}
}  // namespace

TEST_CASE("calldata is what cast makes") {
    CHECK(
        crypto::hex0x(CallEncoder{"deliver(uint256,bytes32,uint256,bytes,bytes32)"}
                          .uint(7)
                          .hash(filled(0x11, 16))
                          .uint(1764000000)
                          .bytes(Bytes{1, 2, 3})
                          .hash(filled(0x22, 32))
                          .finish()) ==
        "0x8a5b5b0c0000000000000000000000000000000000000000000000000000000000000007111111111111111111111111111111110000"
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000000069248100000000000000000000"
        "00000000000000000000000000000000000000000000a02222222222222222222222222222222222222222222222222222222222222222"
        "00000000000000000000000000000000000000000000000000000000000000030102030000000000000000000000000000000000000000"
        "000000000000000000");
    const Uint256 ids[] = {Uint256{1}, Uint256{2}, Uint256{300}};
    CHECK(
        crypto::hex0x(CallEncoder{"withdraw(address,uint256[])"}.address({}).uints(ids).finish()) ==
        "0x8293744b0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "00"
        "00000000000000000000000040000000000000000000000000000000000000000000000000000000000000000300000000000000000000"
        "00000000000000000000000000000000000000000001000000000000000000000000000000000000000000000000000000000000000200"
        "0000000000000000000000000000000000000000000000000000000000012c");
    CHECK(
        signature_hash("SubscriptionPurchased(uint256,uint256,address,uint256,address,uint256,bytes32,bytes)").text() ==
        "0x9e07c1ab3b299bf7b161fc426942bc49920fdc714aeda8030d91d6889cde765d");
}

TEST_CASE("numbers of 256 bits keep every digit") {
    const std::string max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    const auto top = Uint256::from_decimal(max);
    REQUIRE(top);
    CHECK(top->decimal() == max);
    CHECK(top->quantity() == "0x" + std::string(64, 'f'));
    CHECK_FALSE(
        Uint256::from_decimal("115792089237316195423570985008687907853269984665640564039457584007913129639936"));
    CHECK_FALSE(Uint256::from_decimal(""));
    CHECK_FALSE(Uint256::from_decimal("-1"));
    CHECK_FALSE(Uint256::from_decimal("0x1"));
    CHECK_FALSE(Uint256::from_quantity("0x"));
    CHECK_FALSE(Uint256::from_quantity("12"));
    CHECK(Uint256::from_quantity("0x00")->decimal() == "0");
    CHECK(Uint256{}.quantity() == "0x0");
    CHECK_FALSE(add(*top, Uint256{1}));
    CHECK(add(Uint256{UINT64_MAX}, Uint256{1})->decimal() == "18446744073709551616");
    CHECK(multiply(Uint256{UINT64_MAX}, UINT64_MAX)->decimal() == "340282366920938463426481119284349108225");
    CHECK_FALSE(multiply(*top, 2));
    CHECK_FALSE(multiply(*top, std::uint64_t{1} << 32));
    CHECK(multiply(*top, 1)->decimal() == max);
    CHECK(Uint256{256} > Uint256{255});
    CHECK_FALSE(top->as_u64());
}

TEST_CASE("numbers of every length keep their digits, in decimal and in hex") {
    std::string nines, one = "1";
    for (int i = 0; i < 77; ++i, one += '0') {
        nines += '9';
        for (const std::string& text : {nines, one}) {
            const auto number = Uint256::from_decimal(text);
            REQUIRE(number);
            CHECK(number->decimal() == text);
            CHECK(Uint256::from_quantity(number->quantity()) == number);
            const std::string digits = number->quantity().substr(2);
            if (digits.size() < 64) CHECK(Uint256::from_quantity("0x0" + digits) == number);
        }
    }
    CHECK(Uint256{UINT64_MAX}.decimal() == "18446744073709551615");
    CHECK(Uint256::from_quantity("0xABCdef")->as_u64() == 0xabcdef);
    for (const char* bad : {"0xg", "0x1g", "0xg1", "0x-1", "0X1", "0x ", "0x\xff"})
        CHECK_FALSE(Uint256::from_quantity(bad));
    CHECK_FALSE(Uint256::from_quantity("0x" + std::string(65, '0')));
}

TEST_CASE("hex is pairs of digits, as many as there are bytes") {
    std::array<std::uint8_t, 3> out{};
    CHECK(decode_hex("00fFA9", out));
    CHECK(out == std::array<std::uint8_t, 3>{0x00, 0xff, 0xa9});
    CHECK(decode_hex("", std::span<std::uint8_t>{}));
    for (const char* bad : {"", "00", "00ff0", "00ff000", "00ff0g", "g0ff00", "0x0000", "00 f00",
                            "\xff\x80"
                            "0000"}) {
        CAPTURE(bad);
        CHECK_FALSE(decode_hex(bad, out));
    }
    for (int c = 0; c < 256; ++c) {
        const char text[] = {'0', static_cast<char>(c)};
        std::uint8_t byte = 0;
        CHECK(decode_hex({text, 2}, {&byte, 1}) == (std::isxdigit(c) != 0));
    }
    CHECK(Hash::parse("0x" + std::string(64, 'A'))->bytes[31] == 0xaa);
    for (const std::string& bad : {std::string(66, '0'), "0x" + std::string(63, '0'), "0x" + std::string(65, '0')})
        CHECK_FALSE(Hash::parse(bad));
}

TEST_CASE("decoding refuses what no contract makes") {
    const auto refused = [](const Bytes& data, auto&& read) {
        WordReader words{data};
        read(words);
        return !words.status().ok();
    };
    const Uint256 big = *Uint256::from_quantity("0x" + std::string(64, 'f'));
    CHECK(refused(words({big}), [](WordReader& w) { w.u64(0); }));
    CHECK(refused(words({Uint256{2}}), [](WordReader& w) { w.boolean(0); }));
    CHECK(refused(words({big}), [](WordReader& w) { w.address(0); }));
    CHECK(refused(words({Uint256{1}}), [](WordReader& w) { w.u64(1); }));
    CHECK(refused(Bytes(31, 0), [](WordReader& w) { w.u64(0); }));
    const auto bytes = [](WordReader& w) { w.bytes(0, 64); };
    CHECK(refused(words({big}), bytes));                                   // offset
    CHECK(refused(words({Uint256{31}}), bytes));                           // not of a word
    CHECK(refused(words({Uint256{32}}), bytes));                           // no length
    CHECK(refused(words({Uint256{32}, big, Uint256{}}), bytes));           // length
    CHECK(refused(words({Uint256{32}, Uint256{33}, Uint256{}}), bytes));   // length outside
    CHECK(refused(words({Uint256{32}, Uint256{65}, {}, {}, {}}), bytes));  // above the limit
    CHECK(refused(words({Uint256{32}, Uint256{1}, Uint256{1}}), bytes));   // dirty padding
    CHECK_FALSE(refused(words({Uint256{32}, Uint256{}}), bytes));
    const Bytes letter = words({Uint256{32}, Uint256{1}, *Uint256::from_quantity("0x61" + std::string(62, '0'))});
    WordReader good{letter};
    CHECK(good.text(0, 64) == "a");
    CHECK(good.status().ok());
}

TEST_CASE("a difference of 256-bit numbers is exact, and none below zero") {
    const auto number = [](std::string_view text) { return *Uint256::from_decimal(text); };
    const std::string all = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    CHECK(subtract(number("5"), number("5")) == Uint256{});
    CHECK(subtract(number("65536"), number("1")) == number("65535"));
    CHECK(subtract(number(all), number("1"))->decimal() == all.substr(0, all.size() - 1) + "4");
    CHECK(subtract(number(all), number(all)) == Uint256{});
    CHECK_FALSE(subtract(number("4"), number("5")));
    CHECK_FALSE(subtract(Uint256{}, number(all)));
}
