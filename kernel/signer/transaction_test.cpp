#include "kernel/signer/transaction.hpp"

#include "kernel/signer/rlp.hpp"
#include "kernel/signer/test_house.hpp"
#include "plugin-api/crypto/keccak.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::signer;
using namespace bh::signer::testing;
using bh::crypto::hex0x;

namespace {

// Whether a reader takes the bytes as one item of text and nothing else.
bool is_text(std::string_view digits) {
    const bh::Bytes bytes = *bh::crypto::parse_hex(digits);
    RlpReader reader{bytes};
    return reader.text().ok() && reader.empty();
}

}  // namespace

TEST_CASE("unsigned transactions of another library decode field by field") {
    const auto file = read_testdata("transactions");
    REQUIRE(file.at("transactions").size() >= 15);
    for (const auto& row : file.at("transactions")) {
        INFO(row.at("name").get<std::string>());
        const bh::Bytes payload = bytes_at(row, "payload");
        const auto tx = decode_transaction(payload);
        REQUIRE(tx.ok());
        const auto text = [&row](const char* name) { return row.at(name).get<std::string>(); };
        CHECK(std::to_string(tx->chain_id) == text("chain_id"));
        CHECK(std::to_string(tx->nonce) == text("nonce"));
        CHECK(std::to_string(tx->max_priority_fee) == text("max_priority_fee"));
        CHECK(std::to_string(tx->max_fee) == text("max_fee"));
        CHECK(std::to_string(tx->gas) == text("gas"));
        CHECK((tx->to ? tx->to->text() : "") == text("to"));
        CHECK((tx->value.empty() ? "0" : std::to_string(tx->value[0])) == text("value"));
        CHECK(hex0x(tx->data) == text("data"));
        CHECK(tx->access_list_entries == row.at("access_list").get<std::size_t>());
        CHECK(hex0x(bh::crypto::keccak256(payload)) == text("hash"));
    }
}

TEST_CASE("a signed transaction, a cut one and one with bytes behind it are refused") {
    const auto row = read_testdata("transactions").at("transactions").at(0);
    CHECK(decode_transaction(bytes_at(row, "signed")).failure().reason == "bad_transaction");
    const bh::Bytes payload = bytes_at(row, "payload");
    for (std::size_t size = 0; size < payload.size(); ++size) {
        CHECK_FALSE(decode_transaction(bh::crypto::ByteView{payload}.first(size)).ok());
    }
    bh::Bytes longer = payload;
    longer.push_back(0);
    CHECK(decode_transaction(longer).failure().reason == "bad_transaction");
    bh::Bytes other_type = payload;
    other_type[0] = 1;
    CHECK(decode_transaction(other_type).failure().reason == "bad_transaction");
    CHECK(decode_transaction(bh::Bytes(kMaxTransaction + 1, 2)).failure().reason == "bad_transaction");
}

TEST_CASE("each changed byte of a transaction is refused or shows in the decoded fields") {
    const bh::Bytes payload = bytes_at(read_testdata("transactions").at("transactions").at(1), "payload");
    const auto good = decode_transaction(payload);
    REQUIRE(good.ok());
    std::size_t unseen = 0;
    for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
        bh::Bytes changed = payload;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        const auto tx = decode_transaction(changed);
        if (tx.ok() && tx->chain_id == good->chain_id && tx->nonce == good->nonce && tx->gas == good->gas &&
            tx->max_fee == good->max_fee && tx->max_priority_fee == good->max_priority_fee && tx->to == good->to &&
            tx->value == good->value && tx->data == good->data &&
            tx->access_list_entries == good->access_list_entries) {
            ++unseen;
        }
    }
    CHECK(unseen == 0);
}

TEST_CASE("only canonical RLP is read") {
    CHECK(is_text("80"));
    CHECK(is_text("7f"));
    CHECK(is_text("8180"));
    CHECK(is_text("83646f67"));
    CHECK_FALSE(is_text("8100"));    // stands for itself
    CHECK_FALSE(is_text("817f"));    // stands for itself
    CHECK_FALSE(is_text("8363"));    // ends too early
    CHECK_FALSE(is_text("b80161"));  // long length for a short text
    CHECK_FALSE(is_text("b90001"));
    CHECK_FALSE(is_text("b8"));
    CHECK_FALSE(is_text("bf0000000000000001aa"));
    CHECK_FALSE(is_text("bfffffffffffffffff"));  // 2^64 - 1 bytes
    CHECK_FALSE(is_text("bbffffffff"));
    CHECK_FALSE(is_text("c0"));  // a list
    CHECK_FALSE(is_text(""));
    const bh::Bytes number = *bh::crypto::parse_hex("820001");
    CHECK_FALSE(RlpReader{number}.number().ok());  // leading zero
    const bh::Bytes zero = *bh::crypto::parse_hex("00");
    CHECK_FALSE(RlpReader{zero}.number().ok());  // 0 is written empty
    const bh::Bytes big = *bh::crypto::parse_hex("89010000000000000000");
    CHECK_FALSE(RlpReader{big}.number().ok());
    const bh::Bytes text = *bh::crypto::parse_hex("83646f67");
    CHECK_FALSE(RlpReader{text}.list().ok());
}

TEST_CASE("amounts of wei are exact up to 2^128 - 1") {
    CHECK(decimal(*parse_wei("340282366920938463463374607431768211455")) == "340282366920938463463374607431768211455");
    CHECK_FALSE(parse_wei("340282366920938463463374607431768211456"));
    CHECK_FALSE(parse_wei("999999999999999999999999999999999999999"));
    CHECK(decimal(*parse_wei("0")) == "0");
    for (const char* text : {"", "01", "-1", "1.5", "1e18", "0x1"}) CHECK_FALSE(parse_wei(text));
}

TEST_CASE("function signatures hash to their selectors and must be canonical") {
    const auto selector = [](const char* text) { return hex0x(FunctionSignature::parse(text)->selector); };
    CHECK(selector("transfer(address,uint256)") == "0xa9059cbb");
    CHECK(selector("withdrawFunds(address,address)") == "0x000fa9fb");
    CHECK(selector("mint(address,bytes)") == "0xb510391f");
    CHECK(FunctionSignature::parse("f()").ok());
    CHECK(FunctionSignature::parse("f(uint256[][3],bytes32)").ok());
    for (const char* text :
         {"", "f", "f(", "f)", "f(uint)", "f(uint256 x)", "f(uint256, bytes)", "f(uint256,)", "f(uint7)", "f(uint264)",
          "f(bytes33)", "f(bytes0)", "1f()", "(uint256)", "f(tuple)", "f()x"}) {
        INFO(text);
        CHECK(FunctionSignature::parse(text).failure().reason == "bad_function");
    }
}
