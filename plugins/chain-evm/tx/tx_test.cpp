// Vectors: cast 1.7.1 (to-rlp, mktx).
#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/checkpoint.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"
#include "plugins/chain-evm/tx/fee_policy.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::evm;

namespace {
constexpr std::uint64_t kGwei = 1'000'000'000;
const Profile::Fees kRules{100, 10, kGwei, 1250};
}  // namespace

TEST_CASE("RLP is what cast makes") {
    CHECK(crypto::hex0x(RlpList{}
                            .bytes({})
                            .bytes(Bytes{1})
                            .bytes(Bytes{0x80})
                            .bytes(Bytes{0xaa, 0xbb, 0xcc})
                            .empty_list()
                            .finish()) == "0xc98001818083aabbccc0");
    std::string expected = "0xf83eb83c";
    for (int i = 0; i < 60; ++i) expected += "61";
    CHECK(crypto::hex0x(RlpList{}.bytes(Bytes(60, 0x61)).finish()) == expected);
    CHECK(crypto::hex0x(RlpList{}.uint(0).uint(1024).finish()) == "0xc480820400");
}

TEST_CASE("a signed transaction is byte for byte that of cast") {
    const Transaction tx{31337,
                         9,
                         {30 * kGwei, kGwei},
                         123456,
                         *Address::parse("0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB"),
                         Uint256{},
                         {1, 2, 3, 4, 5}};
    const auto key = crypto::Secret::copy_of(Bytes(32, 0x11));
    const Address signer = Address::of(*crypto::PublicKey::of(key));
    const auto signature = crypto::sign(key, crypto::keccak256(unsigned_bytes(tx)));
    const auto made = attach_signature(tx, signature->encoded(), signer);
    REQUIRE(made.ok());
    CHECK(
        crypto::hex0x(made->raw) ==
        "0x02f873827a6909843b9aca008506fc23ac008301e240945cbdd86a2fa8dc4bddd8a8f69dba48572eec07fb80850102030405c001a096"
        "43"
        "faa45e703f036a8db1f872e7149ef699a1ab29e01bdea54ad3b31bb6d677a0075c345821f78e1558d3fc2d9db6f353e58d0565d110800f"
        "fcb827936ae08625");
    CHECK(made->hash == Hash{crypto::keccak256(made->raw)});
    CHECK(attach_signature(tx, signature->encoded(), Address{}).failure().code == BH_E_DENIED);
    CHECK(attach_signature(tx, Bytes(65, 0), signer).failure().code == BH_E_DENIED);
}

TEST_CASE("fees leave room for the base fee to double and stay below the caps") {
    CHECK(*choose_fees({10 * kGwei, 2 * kGwei}, kRules) == Fees{22 * kGwei, 2 * kGwei});
    CHECK(*choose_fees({10 * kGwei, 0}, kRules) == Fees{21 * kGwei, kGwei});                // the least that gets mined
    CHECK(*choose_fees({10 * kGwei, 50 * kGwei}, kRules) == Fees{30 * kGwei, 10 * kGwei});  // the priority cap
    CHECK(*choose_fees({90 * kGwei, 0}, kRules) == Fees{100 * kGwei, kGwei});
    CHECK(choose_fees({100 * kGwei, 0}, kRules).failure().reason == "fee_above_cap");
}

TEST_CASE("a replacement pays at least a tenth more of both, or is not made") {
    const auto bumped = bump_fees({20 * kGwei, 2 * kGwei}, {kGwei, 0}, kRules);
    REQUIRE(bumped);
    CHECK(bumped->max_fee == 25 * kGwei + 1);
    CHECK(bumped->priority_fee == 5 * kGwei / 2 + 1);
    CHECK(bump_fees({20 * kGwei, 2 * kGwei}, {40 * kGwei, 0}, kRules)->max_fee == 81 * kGwei);
    CHECK(bump_fees({90 * kGwei, 2 * kGwei}, {kGwei, 0}, kRules)->max_fee == 100 * kGwei);
    CHECK_FALSE(bump_fees({95 * kGwei, 2 * kGwei}, {kGwei, 0}, kRules));
    CHECK_FALSE(bump_fees({20 * kGwei, 10 * kGwei}, {kGwei, 0}, kRules));
    CHECK(gas_limit(100'001, kRules) == 125'001);
}

TEST_CASE("a checkpoint comes back whole or is called damaged") {
    Checkpoint saved{"digest", 7, 210000, false, {}};
    saved.variants.push_back({{2, 3}, "0x" + std::string(64, 'a'), 20 * kGwei, kGwei, 1764000000, true});
    const auto read = parse_checkpoint(checkpoint_text(saved));
    REQUIRE(read.ok());
    CHECK(read->nonce == 7);
    CHECK(read->variants.front().raw == Bytes{2, 3});
    CHECK(read->variants.front().empty_transfer);
    for (const char* text : {"", "{}", "null", R"({"intent":"x","nonce":1,"gas":1,"variants":[]})"}) {
        CHECK(parse_checkpoint(text).failure().code == BH_E_CORRUPT);
    }
    for (std::size_t i = 1; i < kMaxVariants; ++i) saved.variants.push_back(saved.variants.front());
    for (Variant& variant : saved.variants) variant.raw = Bytes(1700, 0xff);
    CHECK(checkpoint_text(saved).size() < std::size_t{64} * 1024);
}
