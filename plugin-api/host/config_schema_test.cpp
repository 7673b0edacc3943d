#include "plugin-api/host/config_schema.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using bh::host::check_config;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

const json kSchema = json::parse(R"({
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "pattern": "^/", "description": "Where volumes are kept.", "widget": "choice-from: pools"},
        "reserve": {"type": "integer", "minimum": 0, "maximum": 100, "default": 5},
        "mode": {"type": "string", "enum": ["fast", "safe"], "default": "safe"},
        "endpoints": {"type": "array", "maxItems": 2, "items": {
            "type": "object", "required": ["url"],
            "properties": {"url": {"type": "string"}, "weight": {"type": "integer", "default": 1}}}},
        "tls": {"type": "object", "properties": {"verify": {"type": "boolean", "default": true}}}
    }})");

std::string why(const json& config, const json& schema = kSchema) {
    const auto checked = check_config(schema, config);
    REQUIRE_FALSE(checked);
    CHECK(checked.failure().code == BH_E_INVALID);
    return checked.failure().message;
}

}  // namespace

TEST_CASE("a good configuration comes back with its defaults") {
    const auto checked =
        check_config(kSchema, {{"path", "/pool"}, {"tls", json::object()}, {"endpoints", {{{"url", "u"}}}}});
    REQUIRE(checked);
    CHECK(*checked == json({{"path", "/pool"},
                            {"reserve", 5},
                            {"mode", "safe"},
                            {"tls", {{"verify", true}}},
                            {"endpoints", {{{"url", "u"}, {"weight", 1}}}}}));
    CHECK_FALSE(check_config(kSchema, {{"path", "/pool"}})->contains("tls"));
}

TEST_CASE("an unknown key is refused and named, at any depth, though the schema does not forbid it") {
    CHECK_THAT(why({{"path", "/p"}, {"resrve", 1}}),
               StartsWith("/resrve: is not a setting") && ContainsSubstring("known are: endpoints, mode, path"));
    CHECK_THAT(why({{"path", "/p"}, {"endpoints", {{{"url", "u"}, {"a/b", 1}}}}}),
               StartsWith("/endpoints/0/a~1b: is not"));
    CHECK_THAT(why({{"path", "/p"}, {"tls", {{"verfy", false}}}}), StartsWith("/tls/verfy: is not a setting"));
}

TEST_CASE("a missing key is named") {
    CHECK(why(json::object()) == "/path: is missing; add it");
    CHECK(why({{"path", "/p"}, {"endpoints", {{{"weight", 1}}}}}) == "/endpoints/0/url: is missing; add it");
}

TEST_CASE("a wrong value is named with what it must be") {
    CHECK_THAT(why({{"path", 5}}),
               StartsWith("/path: must be of the type string") && ContainsSubstring("Where volumes are kept."));
    CHECK_THAT(why({{"path", "pool"}}), StartsWith("/path: must be of the type string, pattern \"^/\""));
    CHECK_THAT(why({{"path", "/p"}, {"reserve", "5"}}), StartsWith("/reserve: must be of the type integer, minimum 0"));
    CHECK_THAT(why({{"path", "/p"}, {"reserve", 101}}), StartsWith("/reserve: must be"));
    CHECK_THAT(why({{"path", "/p"}, {"mode", "slow"}}),
               StartsWith("/mode: must be of the type string, one of [\"fast\",\"safe\"]"));
    CHECK_THAT(why({{"path", "/p"}, {"endpoints", {{{"url", "u"}, {"weight", true}}}}}),
               StartsWith("/endpoints/0/weight: must be of the type integer"));
    CHECK_THAT(why({{"path", "/p"}, {"endpoints", {{{"url", "u"}}, {{"url", "u"}}, {{"url", "u"}}}}}),
               StartsWith("/endpoints: must be"));
    CHECK_THAT(why(json::array()), StartsWith("the configuration: must be an object"));
}

TEST_CASE("choices of the schema are checked") {
    json schema = kSchema;
    schema["properties"]["endpoints"]["items"] = json::parse(
        R"({"type":"object","properties":{"url":{"type":"string"},"secret":{"type":"string"}},"oneOf":[{"required":["url"]},{"required":["secret"]}]})");
    CHECK(check_config(schema, {{"path", "/p"}, {"endpoints", {{{"secret", "s"}}}}}));
    CHECK_THAT(why({{"path", "/p"}, {"endpoints", {{{"secret", "s"}, {"url", "u"}}}}}, schema),
               StartsWith("/endpoints/0: must be"));
    CHECK_THAT(why({{"path", "/p"}, {"endpoints", {json::object()}}}, schema), StartsWith("/endpoints/0: must be"));
}

TEST_CASE("a schema that can't be used is the plugin's fault, not the operator's") {
    CHECK_THAT(why({{"path", "/p"}}, json{{"type", 5}}),
               ContainsSubstring("the plugin's configuration schema can't be used"));
}
