#include "plugin-api/documents/samples.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace bh;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

template <class R>
std::string why(const R& result) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.failure().code == BH_E_INVALID);
    return result.failure().message;
}

// The filled events document with the value at `pointer` replaced.
std::string why_events(const char* pointer, json value) {
    json node = json::parse(to_json(
        ChainEvents{{samples::event()}, samples::kBlock, {}, {}, {samples::kBlock, samples::kBlock}, "c", false}));
    node[json::json_pointer{pointer}] = std::move(value);
    return why(parse_chain_events(node.dump()));
}

}  // namespace

TEST_CASE("each document survives printing and parsing, filled and minimal") {
    samples::each([](auto kind, auto name, auto, const auto& filled, const auto& minimal, auto parse) {
        CAPTURE(kind, name);
        for (const auto* document : {&filled, &minimal}) {
            const std::string text = to_json(*document);
            const auto again = parse(text);
            REQUIRE(again.ok());
            CHECK(to_json(*again) == text);
        }
        CHECK(to_json(filled).size() >= to_json(minimal).size());
    });
}

TEST_CASE("a document is written as nlohmann/json writes the same tree: keys in byte order, no spaces") {
    samples::each([](auto kind, auto name, auto, const auto& filled, const auto& minimal, auto) {
        CAPTURE(kind, name);
        for (const auto* document : {&filled, &minimal}) {
            const std::string text = to_json(*document);
            if (!text.empty()) CHECK(json::parse(text).dump() == text);
        }
    });
    for (const char* odd :
         {"", "\"", "\\", "/", "\b\f\n\r\t\x01\x1f", "\x7f", "\xc3\xa9", "\xf0\x9f\x98\x80", "a\"b"}) {
        CAPTURE(odd);
        const std::string text = to_json(std::vector<Finding>{{odd, "info", odd, ""}});
        CHECK(json::parse(text).dump() == text);
    }
}

TEST_CASE("each required member is missed by its pointer") {
    samples::each([](auto kind, auto name, auto, const auto& filled, const auto& minimal, auto parse) {
        CAPTURE(kind, name);
        const json least = json::parse(to_json(minimal));
        for (const auto& [key, value] : least.items()) {
            json node = json::parse(to_json(filled));
            node.erase(key);
            CHECK(why(parse(node.dump())) == "/" + key + ": is missing");
        }
    });
}

TEST_CASE("each member of a wrong type is named by its pointer, and unknown ones are ignored") {
    samples::each([](auto kind, auto name, auto, const auto& filled, const auto&, auto parse) {
        CAPTURE(kind, name);
        const json good = json::parse(to_json(filled));
        for (const auto& [key, value] : good.items()) {
            json node = good;
            node[key] = 1.5;
            CHECK_THAT(why(parse(node.dump())), StartsWith("/" + key + ": must be "));
        }
        json more = good;
        more["unknown-member"] = {1, 2};
        const auto again = parse(more.dump());
        REQUIRE(again.ok());
        CHECK(to_json(*again) == to_json(filled));
    });
}

TEST_CASE("errors name the place deep inside") {
    CHECK_THAT(why_events("/recent/1/time", "yesterday"), StartsWith("/recent/1/time: must be a UTC time"));
    CHECK_THAT(why_events("/events/0/position/height", -1),
               StartsWith("/events/0/position/height: must be an integer"));
    CHECK_THAT(why_events("/events/0/plan_state/active", 1), StartsWith("/events/0/plan_state/active: must be true"));
    CHECK_THAT(why_events("/events/0/data", "0xABC"), StartsWith("/events/0/data: must be bytes"));
    CHECK_THAT(why_events("/events/0/amount", 5), StartsWith("/events/0/amount: must be an amount"));
    CHECK(why(parse_position("[]")) == "the document: must be an object");
}

TEST_CASE("integers above 2^53 are decimal strings, and other spellings are refused") {
    const auto height = [](json value) { return parse_position(json{{"id", "x"}, {"height", value}}.dump()); };
    CHECK(to_json(Position{"x", kMaxJsonInteger}) == R"({"height":9007199254740992,"id":"x"})");
    CHECK(to_json(Position{"x", kMaxJsonInteger + 1}) == R"({"height":"9007199254740993","id":"x"})");
    CHECK(height("18446744073709551615")->height == UINT64_MAX);
    CHECK(height("7")->height == 7);
    CHECK_THAT(why(height(kMaxJsonInteger + 1)), StartsWith("/height: is an integer above 2^53"));
    for (const json& bad : {json("18446744073709551616"), json("07"), json(""), json(" 7"), json("-1"), json(7.0),
                            json(nullptr), json("0x7")}) {
        CAPTURE(bad.dump());
        why(height(bad));
    }
}

TEST_CASE("32-bit members have their own range") {
    const auto length = [](json value) { return parse_delegation_request(json{{"prefix_length", value}}.dump()); };
    CHECK(length(UINT32_MAX)->prefix_length == UINT32_MAX);
    CHECK_THAT(why(length(std::uint64_t{UINT32_MAX} + 1)),
               StartsWith("/prefix_length: must be an integer from 0 to 4294967295"));
    why(length("64"));
}

TEST_CASE("signed members keep their sign") {
    CHECK(parse_run_result(R"({"exit_code":-2147483648})")->exit_code == INT32_MIN);
    why(parse_run_result(R"({"exit_code":-2147483649})"));
    const std::string text = R"({"pid":"-9223372036854775808","state":"running","unit":"u"})";
    CHECK(to_json(*parse_unit(text)) == text);
}

TEST_CASE("amounts are canonical and below 2^256") {
    const auto fee = [](const std::string& value) {
        return parse_receipt(json{
            {"tx", "t"},
            {"position", {{"id", "x"}, {"height", 1}}},
            {"time", "2026-11-24T22:40:00Z"},
            {"fee", value}}.dump());
    };
    CHECK(fee(samples::kAmount.units)->fee == samples::kAmount);
    CHECK(fee("0")->fee.units == "0");
    for (const char* bad : {"", "00", "01", "+1", "-1", "1.0", "1e3", "0x10",
                            "115792089237316195423570985008687907853269984665640564039457584007913129639936",
                            "1000000000000000000000000000000000000000000000000000000000000000000000000000000"}) {
        CAPTURE(bad);
        why(fee(bad));
    }
}

TEST_CASE("the head is the empty text") {
    CHECK(to_json(Position{}).empty());
    CHECK_FALSE(parse_position("")->known());
    why(parse_position(R"({"id":"","height":0})"));
}

TEST_CASE("a string that is not UTF-8 still makes a document") {
    const auto again = parse_findings(to_json(std::vector<Finding>{{"", "info", "a\xff", ""}}));
    REQUIRE(again);
    CHECK(again->at(0).message == "a\xEF\xBF\xBD");
}
