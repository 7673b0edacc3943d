#include "kernel/signer/intent.hpp"

#include "kernel/signer/test_house.hpp"
#include "plugin-api/crypto/secp256k1.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::signer;
using namespace bh::signer::testing;
using bh::crypto::bytes_of;

namespace {

std::string text_at(const nlohmann::json& object, const char* name) { return object.at(name).get<std::string>(); }

const nlohmann::json& vectors() {
    static const nlohmann::json file = read_intent_vectors();
    return file;
}

constexpr auto kLargest = "340282366920938463463374607431768211455";

}  // namespace

TEST_CASE("intents of an independent program are read, hashed and signed alike") {
    const auto secret = bh::crypto::Secret::copy_of(bytes_at(vectors(), "secret"));
    REQUIRE(vectors().at("vectors").size() >= 8);
    for (const auto& vector : vectors().at("vectors")) {
        INFO(text_at(vector, "name"));
        const std::string text = text_at(vector, "text");
        const auto intent = decode_intent(bytes_of(text));
        REQUIRE(intent.ok());
        const auto& fields = vector.at("intent");
        CHECK(intent->chain == text_at(fields, "chain"));
        CHECK(intent->contract == text_at(fields, "contract"));
        CHECK(intent->function == text_at(fields, "function"));
        CHECK(decimal(intent->fee) == text_at(fields, "fee"));
        CHECK(decimal(intent->value) == text_at(fields, "value"));
        CHECK(std::to_string(intent->nonce) == text_at(fields, "nonce"));
        CHECK(nlohmann::json::parse(intent->args) == fields.at("args"));
        const auto hash = intent_hash(bytes_of(text));
        CHECK(bh::crypto::hex0x(hash) == text_at(vector, "hash"));
        CHECK(bh::crypto::hex0x(bh::crypto::sign(secret, hash)->encoded()) == text_at(vector, "signature"));
        CHECK(bh::crypto::recover_address(bytes_at(vector, "signature"), hash)->lower_text() ==
              text_at(vectors(), "address"));
    }
}

TEST_CASE("what breaks a rule of the format is no intent") {
    REQUIRE(vectors().at("refused").size() >= 60);
    for (const auto& row : vectors().at("refused")) {
        INFO(text_at(row, "why"));
        const auto intent = decode_intent(bytes_at(row, "payload"));
        REQUIRE_FALSE(intent.ok());
        CHECK(intent.failure().code == BH_E_INVALID);
        CHECK(intent.failure().reason == "bad_intent");
    }
}

TEST_CASE("the member that is wrong is named") {
    const std::string good = text_at(vectors().at("vectors").at(0), "text");
    const auto message = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        const auto intent = decode_intent(bytes_of(text));
        REQUIRE_FALSE(intent.ok());
        return intent.failure().message;
    };
    CHECK(message(R"("fee":"1000",)", "").find("fee is missing") != std::string::npos);
    CHECK(message(R"("1000")", R"("1e3")").find("fee must be") != std::string::npos);
    CHECK(message(R"("value":"0")", R"("value":0)").find("value must be a string") != std::string::npos);
    CHECK(message(R"("12")", R"("012")").find("nonce must be") != std::string::npos);
    CHECK(message("bhledger:demo", "demo").find("chain must be") != std::string::npos);
    CHECK(message("shop-1", "shop 1").find("contract must be") != std::string::npos);
    CHECK(message(R"("7")", "7").find("args.subscription must be") != std::string::npos);
    CHECK(message(R"("7")", "\"a\x7f\"").find("args.subscription holds") != std::string::npos);
    CHECK(message(R"("value":"0")", R"("value":"0","w":"1")").find("besides") != std::string::npos);
    CHECK(message("{\"args\"", "{ \"args\"").find("one spelling") != std::string::npos);
}

TEST_CASE("signatures in another encoding are refused by whoever verifies with our library") {
    REQUIRE(vectors().at("refused_signatures").size() >= 6);
    for (const auto& row : vectors().at("refused_signatures")) {
        const std::string why = text_at(row, "why");
        INFO(why);
        const auto hash_bytes = bytes_at(row, "hash");
        bh::crypto::Hash256 hash{};
        std::copy(hash_bytes.begin(), hash_bytes.end(), hash.begin());
        const auto signature = bytes_at(row, "signature");
        const auto address = bh::crypto::recover_address(signature, hash);
        // Our library also reads parities and EIP-2098 for wallets' sake; the format wants 65 bytes and v of 27 or 28.
        const bool form = signature.size() == 65 && (signature[64] == 27 || signature[64] == 28);
        CHECK_FALSE((form && address.ok() && address->lower_text() == text_at(vectors(), "address")));
    }
}

TEST_CASE("CAIP-2 ids, plain characters and the largest numbers") {
    CHECK(is_caip2("eip155:1"));
    CHECK_FALSE(is_caip2("eip155:"));
    CHECK_FALSE(is_caip2("ei:1"));
    CHECK_FALSE(is_caip2("eip155:a b"));
    CHECK_FALSE(is_caip2("eip155:1:2"));
    CHECK(is_plain("f(uint256)", 20));
    CHECK_FALSE(is_plain("a\"b", 20));
    CHECK_FALSE(is_plain("a\\b", 20));
    CHECK_FALSE(is_plain("", 20));
    CHECK_FALSE(is_plain("abc", 2));
    CHECK(decimal(*parse_wei(kLargest)) == kLargest);
    CHECK_FALSE(parse_wei("340282366920938463463374607431768211456"));
}
