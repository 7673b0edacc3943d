#include "kernel/signer/typed_data.hpp"

#include "kernel/signer/test_house.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::signer;
using namespace bh::signer::testing;
using bh::crypto::bytes_of;

namespace {

// The mail of the vectors, with one text in it replaced.
std::string mail(std::string_view from = {}, std::string_view to = {}) {
    std::string text = read_testdata("typed-data").at("rows").at(0).at("text").get<std::string>();
    if (from.empty()) return text;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string one(const std::string& type, const std::string& value) {
    return R"({"types":{"T":[{"name":"x","type":")" + type +
           R"("}]},"primaryType":"T","domain":{"name":"E","version":"1","chainId":1,"verifyingContract":")" +
           kContract + R"("},"message":{"x":)" + value + "}}";
}

}  // namespace

TEST_CASE("typed data hashes as another library hashes it") {
    const auto file = read_testdata("typed-data");
    REQUIRE(file.at("rows").size() >= 5);
    for (const auto& row : file.at("rows")) {
        INFO(row.at("name").get<std::string>());
        const std::string text = row.at("text").get<std::string>();
        const auto data = decode_typed_data(bytes_of(text));
        REQUIRE(data.ok());
        CHECK(bh::crypto::hex0x(data->digest) == row.at("digest").get<std::string>());
        CHECK(data->name == "Example");
        CHECK(data->chain_id == 31337);
        CHECK(data->verifying_contract.text() == kContract);
    }
}

TEST_CASE("typed data that hides or lacks something is refused") {
    REQUIRE(decode_typed_data(bytes_of(mail())).ok());
    for (const auto& text :
         {mail(R"("contents":"Hello, Bob!")", R"("contents":"Hello, Bob!","more":1)"),
          mail(R"(,"contents":"Hello, Bob!")", ""), mail(R"("name":"Cow")", R"("name":7)"),
          mail(R"("name":"Cow")", R"("name":"Cow","name":"Bull")"),
          mail(R"("primaryType":"Mail")", R"("primaryType":"Letter")"),
          mail(R"("primaryType":"Mail")", R"("primaryType":"EIP712Domain")"),
          mail(R"("version":"1")", R"("version":"1","salt":"0x00")"), mail(R"("chainId":31337)", R"("chainId":-1)"),
          mail(R"("chainId","type":"uint256")", R"("chainId","type":"uint64")"),
          mail(R"("type":"Person")", R"("type":"Persona")"), mail(R"({"types")", R"({"extra":1,"types")"),
          mail(R"("name":"wallet","type":"address")", R"("name":"name","type":"address")"),
          mail(R"("name":"wallet","type":"address")", R"("name":"wal let","type":"address")"), mail("0xCD2a", "0xCD2b"),
          std::string{"{}"}, std::string{"["}, std::string{}}) {
        INFO(text);
        CHECK(decode_typed_data(bytes_of(text)).failure().reason == "bad_typed_data");
    }
    CHECK_FALSE(decode_typed_data(bh::Bytes(kMaxTypedData + 1, ' ')).ok());
}

TEST_CASE("values must fit their types") {
    const auto fits = [](const char* type, const char* value) {
        return decode_typed_data(bytes_of(one(type, value))).ok();
    };
    CHECK(fits("uint8", "255"));
    CHECK_FALSE(fits("uint8", "256"));
    CHECK_FALSE(fits("uint8", "-1"));
    CHECK_FALSE(fits("uint8", "1.0"));
    CHECK_FALSE(fits("uint8", "\"0x1\""));
    CHECK(fits("int8", "127"));
    CHECK(fits("int8", "-128"));
    CHECK_FALSE(fits("int8", "128"));
    CHECK_FALSE(fits("int8", "-129"));
    CHECK_FALSE(fits("int8", "\"-0\""));
    CHECK_FALSE(fits("uint7", "1"));
    CHECK_FALSE(fits("bytes33", "\"0x\""));
    CHECK_FALSE(fits("bytes2", "\"0xff\""));
    CHECK_FALSE(fits("bytes", "\"ff\""));
    CHECK_FALSE(fits("bool", "1"));
    CHECK(fits("uint8[2]", "[1,2]"));
    CHECK_FALSE(fits("uint8[2]", "[1]"));
    CHECK_FALSE(fits("uint8[]", "1"));
    CHECK_FALSE(fits("T", R"({"x":{"x":{"x":{"x":{"x":{"x":{"x":{"x":1}}}}}}}})"));
}
