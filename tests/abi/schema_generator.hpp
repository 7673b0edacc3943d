// Documents made from a JSON Schema: good ones at random, and each way in which one place of a good one can be bad.
// Knows the vocabulary that our schemas use; a pattern that it has no text for is an error of the test, not a gap in
// it.
#pragma once

#include "plugin-api/documents/json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace bh::abi {

using nlohmann::json;

class SchemaGenerator {
public:
    explicit SchemaGenerator(std::uint32_t seed) : random_{seed} {}

    json valid(const json& schema) {
        if (schema.contains("enum")) return one_of(schema["enum"]);
        if (schema.contains("anyOf")) return valid(one_of(schema["anyOf"]));
        const std::string type = schema.at("type");
        if (type == "boolean") return chance(50);
        if (type == "integer") return integer(schema);
        if (type == "string") return text(schema);
        if (type == "array") return array(schema);
        return object(schema);
    }

    struct Damage {
        std::string what;
        json document;
    };
    // Each document is `good` with one place changed so that `schema` refuses it.
    static std::vector<Damage> damaged(const json& schema, const json& good) {
        std::vector<Damage> all;
        damage(schema, good, json::json_pointer{}, good, all);
        return all;
    }

private:
    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
    json one_of(const json& list) { return list.at(random_() % list.size()); }

    json integer(const json& schema) {
        const json low = schema.value("minimum", json(0)), high = schema.value("maximum", json(std::int64_t{1} << 53));
        const auto from = low.get<std::int64_t>();
        // Wide enough for every type, and unsigned where the highest is.
        const std::uint64_t span = high.get<std::uint64_t>() - static_cast<std::uint64_t>(from);
        if (chance(20)) return high;
        if (chance(20)) return low;
        const std::uint64_t value =
            static_cast<std::uint64_t>(from) + (span == UINT64_MAX ? random_() : random_() % (span + 1));
        return from < 0 ? json(static_cast<std::int64_t>(value)) : json(value);
    }

    // Texts that fit the patterns of our schemas, none of them beyond what the formats allow besides the pattern.
    json text(const json& schema) {
        static const std::array<const char*, 17> kTexts = {"x",
                                                           "bh-7-system",
                                                           "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91",
                                                           "0x",
                                                           "0x00ff",
                                                           "2026-11-24T22:40:00Z",
                                                           "1970-01-01T00:00:00Z",
                                                           "0",
                                                           "18446744073709551615",
                                                           "-9223372036854775808",
                                                           "9007199254740993",
                                                           "/var/lib/x",
                                                           "2001:db8:b1::/64",
                                                           "2001:db8::/56",
                                                           "0x5FbDB2315678afecb367f032d93F642f64180aa3",
                                                           "http://node.example:8545",
                                                           "ws://node.example:8546"};
        const std::size_t least = schema.value("minLength", 0U), most = schema.value("maxLength", 4096U);
        const std::string pattern = schema.value("pattern", "");
        std::vector<std::string> fit;
        for (const std::string text : kTexts) {
            // A schema counts code points, a parser may count bytes: a text that fits either way.
            const auto points =
                static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
            if (points < least || text.size() > most) continue;
            if (pattern.empty() || std::regex_search(text, std::regex{pattern})) fit.push_back(text);
        }
        if (least == 0 && pattern.empty()) fit.emplace_back();
        if (pattern == kSigned || pattern == kUnsigned)
            std::erase(fit, pattern == kSigned ? "18446744073709551615" : "-1");
        if (fit.empty()) throw std::runtime_error{"no text for " + schema.dump() + ": add one to schema_generator.hpp"};
        return fit[random_() % fit.size()];
    }

    json array(const json& schema) {
        const std::size_t least = schema.value("minItems", 0U),
                          most = std::min<std::size_t>(schema.value("maxItems", 3U), least + 3);
        json out = json::array();
        const std::size_t size = least + random_() % (most - least + 1);
        for (std::size_t i = 0; i < size; ++i) {
            json item = valid(schema.at("items"));
            if (!schema.value("uniqueItems", false) || std::find(out.begin(), out.end(), item) == out.end())
                out.push_back(std::move(item));
        }
        return out;
    }

    json object(const json& schema) {
        json out = json::object();
        const json required = schema.value("required", json::array());
        const json alternatives = schema.value("oneOf", json::array());
        json also;  // of one of the alternatives
        if (schema.contains("oneOf")) also = one_of(schema["oneOf"]).at("required");
        const json properties = schema.value("properties", json::object());
        for (const auto& [key, property] : properties.items()) {
            const auto in = [&](const json& names) {
                return std::find(names.begin(), names.end(), key) != names.end();
            };
            bool alternative = false;
            for (const json& other : alternatives) alternative = alternative || in(other.at("required"));
            if (in(required) || in(also) || (!alternative && chance(60))) out[key] = valid(property);
        }
        const json more = schema.value("additionalProperties", json{});
        if (more.is_object()) out["some-key"] = valid(more);
        return out;
    }

    static bool allows(const json& schema, const char* type) {
        if (schema.contains("anyOf")) {
            for (const json& each : schema["anyOf"])
                if (allows(each, type)) return true;
            return false;
        }
        return schema.value("type", "") == type;
    }

    static void damage(const json& schema, const json& node, const json::json_pointer& at, const json& good,
                       std::vector<Damage>& all) {
        const auto put = [&](const std::string& what, json value) {
            json document = good;
            document[at] = std::move(value);
            all.push_back({at.to_string() + ": " + what, std::move(document)});
        };
        for (const auto& [type, value] : {std::pair<const char*, json>{"object", json::object()},
                                          {"array", json::array()},
                                          {"string", "-"},
                                          {"integer", 7},
                                          {"boolean", true}})
            if (!allows(schema, type)) put(std::string{"a value of the type "} + type, value);
        put("null", nullptr);
        put("a fraction", 1.5);
        if (schema.contains("enum")) put("none of the values", "none-of-them");
        if (schema.contains("pattern") && !std::regex_search("-", std::regex{schema["pattern"].get<std::string>()}))
            put("another form", "-");
        if (schema.contains("maxLength"))
            put("a longer text", std::string(schema["maxLength"].get<std::size_t>() + 1, '1'));
        // The validator compares as double, which has the even ones alone from 2^53 on.
        if (const std::uint64_t most = schema.value("maximum", UINT64_MAX); most < UINT64_MAX)
            put("a larger number", most + (most < std::uint64_t{1} << 53 ? 1 : 2));
        if (schema.contains("minimum") && schema["minimum"].get<std::int64_t>() > INT64_MIN)
            put("a smaller number", schema["minimum"].get<std::int64_t>() - 1);
        if (node.is_array() && schema.contains("items"))
            for (std::size_t i = 0; i < node.size(); ++i) damage(schema["items"], node[i], at / i, good, all);
        if (!node.is_object()) return;
        const json required = schema.value("required", json::array());
        for (const json& key : required) {
            // What is left out of a configuration has its default.
            if (schema.at("properties").at(key.get<std::string>()).contains("default")) continue;
            json document = good;
            document[at].erase(key.get<std::string>());
            all.push_back({at.to_string() + ": without " + key.get<std::string>(), std::move(document)});
        }
        const json more = schema.value("additionalProperties", json{});
        for (const auto& [key, value] : node.items()) {
            if (schema.value("properties", json::object()).contains(key))
                damage(schema["properties"][key], value, at / key, good, all);
            else if (more.is_object())
                damage(more, value, at / key, good, all);
        }
        if (more == false) {
            json document = good;
            document[at]["no-such-setting"] = 1;
            all.push_back({at.to_string() + ": a key too many", std::move(document)});
        }
    }

    static constexpr const char* kUnsigned = "^(0|[1-9][0-9]{0,19})$";
    static constexpr const char* kSigned = "^(0|-?[1-9][0-9]{0,18})$";
    std::mt19937_64 random_;
};

}  // namespace bh::abi
