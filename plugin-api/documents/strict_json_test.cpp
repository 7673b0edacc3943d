#include "plugin-api/documents/strict_json.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using bh::read_strict_json;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string why(std::string_view text) {
    const auto result = read_strict_json(text);
    REQUIRE_FALSE(result);
    CHECK(result.failure().code == BH_E_INVALID);
    CHECK(result.failure().reason == "bad_document");
    return result.failure().message;
}

std::string nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("plain JSON is read") {
    const auto result = read_strict_json(R"({"a":[1,{"b":"x"}],"b":null})");
    REQUIRE(result);
    CHECK((*result)["a"][1]["b"] == "x");
}

TEST_CASE("a document of exactly 1 MiB is read and one byte more is refused") {
    std::string text = "\"" + std::string(bh::kMaxDocumentBytes - 2, 'a') + "\"";
    CHECK(read_strict_json(text));
    text.insert(1, "a");
    CHECK_THAT(why(text), ContainsSubstring("1 MiB"));
}

TEST_CASE("nesting of 16 is read and 17 is refused with its place") {
    CHECK(read_strict_json(nested(16)));
    CHECK_THAT(why(nested(17)), ContainsSubstring("deeper than 16") && ContainsSubstring("/0/0/"));
}

TEST_CASE("a duplicate key is named by its pointer") {
    CHECK_THAT(why(R"({"a":[{},{"x~/y":1,"x~/y":2}]})"), ContainsSubstring("/a/1/x~0~1y: is there twice"));
    CHECK(read_strict_json(R"([{"a":1},{"a":1}])"));
}

TEST_CASE("a NUL is refused, raw and escaped, in keys and values") {
    CHECK_THAT(why(R"({"a":{"b":"x\u0000y"}})"), ContainsSubstring("/a/b: holds a NUL"));
    CHECK_THAT(why(R"({"x\u0000":1})"), ContainsSubstring("NUL"));
    why(std::string_view{"\"a\0b\"", 5});
    why(std::string_view{"1\0", 2});
}

TEST_CASE("what is not UTF-8 is refused with its byte") {
    CHECK_THAT(why("{\"a\":\"\xff\"}"), ContainsSubstring("byte 7"));
    why("\"\xc0\xaf\"");
    why("\"\xed\xa0\x80\"");
    why(R"("\ud800")");
    CHECK_THAT(why("\xEF\xBB\xBF{}"), ContainsSubstring("byte order mark"));
}

TEST_CASE("what is not JSON is refused, and the text is not repeated") {
    for (const char* text : {"", "{", "[1,]", "{}{}", "// c\n{}", "NaN", "01", "'a'", "{\"secret-text\":tru"})
        CHECK_THAT(why(text), !ContainsSubstring("secret-text"));
    CHECK_THAT(why("[1e999]"), ContainsSubstring("out of range"));
}
