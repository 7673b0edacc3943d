// The published JSON Schemas say what the parsers do, and those of our plugins' configurations are what the kernel goes
// by.
#include "plugin-api/documents/samples.hpp"
#include "plugin-api/documents/schema.hpp"
#include "plugin-api/host/config_schema.hpp"
#include "tests/abi/schema_generator.hpp"

#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using nlohmann::json;

namespace {

std::string stored(const std::string& kind, const std::string& name) {
    std::ifstream file{std::filesystem::path{SCHEMAS} / kind / "1" / (name + ".json")};
    return {std::istreambuf_iterator<char>{file}, {}};
}

class Validator {
public:
    explicit Validator(const json& schema) {
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter{schema}, schema_);
    }
    bool accepts(const json& document) {
        valijson::Validator validator{valijson::Validator::kStrongTypes};
        return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter{document}, nullptr);
    }

private:
    valijson::Schema schema_;
};

// The configuration schemas of the plugins and the examples, by their manifests' paths.
std::vector<std::pair<std::string, json>> configurations() {
    std::vector<std::pair<std::string, json>> all;
    for (const char* folder : {"plugins", "examples"})
        for (const auto& entry : std::filesystem::directory_iterator{std::filesystem::path{SOURCES} / folder}) {
            std::ifstream file{entry.path() / "plugin.json"};
            if (file) all.emplace_back(entry.path().string(), json::parse(file).at("config"));
        }
    return all;
}

void check_for_the_wizard(const json& schema) {
    static const std::set<std::string> kWidgets{"secret", "address", "url", "duration", "bytes", "choice-from: pools"};
    std::set<int> orders;
    const json properties = schema.value("properties", json::object());
    for (const auto& [key, property] : properties.items()) {
        CAPTURE(key);
        CHECK_FALSE(property.value("title", "").empty());
        CHECK_FALSE(property.value("description", "").empty());
        CHECK(orders.insert(property.value("order", 0)).second);
        CHECK_FALSE(orders.contains(0));
        if (property.contains("widget")) CHECK(kWidgets.contains(property["widget"].get<std::string>()));
        if (property.contains("default")) {
            Validator validator{property};
            CHECK(validator.accepts(property["default"]));
        }
        check_for_the_wizard(property);
        if (property.contains("items")) check_for_the_wizard(property["items"]);
    }
}

std::set<std::string> keys(const json& object) {
    std::set<std::string> names;
    for (const auto& [key, value] : object.items()) names.insert(key);
    return names;
}

}  // namespace

TEST_CASE("each stored schema is what the parser's table says; if not, run bh-schemas plugin-api/schemas") {
    std::set<std::string> files;
    bh::samples::each([&](const std::string& kind, const std::string& name, const std::string& title,
                          const auto& filled, const auto&, auto) {
        CAPTURE(kind, name);
        CHECK(stored(kind, name) == bh::codec::schema_file(title, bh::samples::table_of(filled)));
        files.insert(kind + "/1/" + name + ".json");
    });
    for (const auto& entry : std::filesystem::recursive_directory_iterator{SCHEMAS})
        if (entry.path().extension() == ".json")
            CHECK(files.contains(std::filesystem::relative(entry.path(), SCHEMAS).string()));
}

TEST_CASE("filled and minimal documents are valid, and show all and only the required members") {
    bh::samples::each([](const std::string& kind, const std::string& name, const std::string&, const auto& filled,
                         const auto& minimal, auto) {
        CAPTURE(kind, name);
        const json schema = json::parse(stored(kind, name));
        const json most = json::parse(to_json(filled));
        const json least = json::parse(to_json(minimal));
        Validator validator{schema};
        CHECK(validator.accepts(most));
        CHECK(validator.accepts(least));
        CHECK(keys(most) == keys(schema["properties"]));
        const json required = schema.value("required", json::array());
        CHECK(keys(least) == std::set<std::string>(required.begin(), required.end()));
        for (const auto& [key, property] : schema["properties"].items())
            CHECK_FALSE(property.value("description", "").empty());
    });
}

TEST_CASE("schema and parser refuse the same documents") {
    bh::samples::each([](const std::string& kind, const std::string& name, const std::string&, const auto& filled,
                         const auto&, auto parse) {
        CAPTURE(kind, name);
        Validator validator{json::parse(stored(kind, name))};
        const json good = json::parse(to_json(filled));
        for (const auto& [key, value] : good.items()) {
            CAPTURE(key);
            json less = good;
            less.erase(key);
            CHECK(validator.accepts(less) == parse(less.dump()).ok());
            for (const json& bad : {json(1.5), json(-1), json("01"), json(true), json(nullptr), json::array({1}),
                                    json("0xABC"), json("18446744073709551615"), json::object()}) {
                json other = good;
                other[key] = bad;
                CAPTURE(bad.dump());
                CHECK(validator.accepts(other) == parse(other.dump()).ok());
            }
        }
    });
}

TEST_CASE("documents made from a schema are parsed, and each with one bad place is refused by schema and parser") {
    bh::abi::SchemaGenerator generate{20261130};
    bh::samples::each([&](const std::string& kind, const std::string& name, const std::string&, const auto&,
                          const auto&, auto parse) {
        CAPTURE(kind, name);
        const json schema = json::parse(stored(kind, name));
        Validator validator{schema};
        // The head of a chain has an empty id where a position is a member; by itself it is the empty text, which no
        // schema can say.
        const auto generate_one = [&] {
            json good = generate.valid(schema);
            if (name == "position" && good["id"] == "") good["id"] = "0xab";
            return good;
        };
        for (int i = 0; i < 20; ++i) {
            const json good = generate_one();
            CAPTURE(good.dump());
            REQUIRE(validator.accepts(good));
            REQUIRE(parse(good.dump()).ok());
        }
        json good = generate_one();
        for (const auto& [what, bad] : bh::abi::SchemaGenerator::damaged(schema, good)) {
            CAPTURE(what, bad.dump());
            CHECK_FALSE(validator.accepts(bad));
            CHECK_FALSE(parse(bad.dump()).ok());
        }
    });
}

TEST_CASE("configurations made from a plugin's schema are taken, and each with one bad place is refused") {
    bh::abi::SchemaGenerator generate{20261130};
    REQUIRE(configurations().size() > 8);
    for (const auto& [path, schema] : configurations()) {
        CAPTURE(path);
        const json properties = schema.value("properties", json::object());
        for (int i = 0; i < 20; ++i) {
            const json good = generate.valid(schema);
            CAPTURE(good.dump());
            const auto filled = bh::host::check_config(schema, good);
            INFO((filled ? "" : filled.failure().message));
            REQUIRE(filled);
            for (const auto& [key, property] : properties.items())
                if (property.contains("default")) CHECK(filled->contains(key));
        }
        for (const auto& [what, bad] : bh::abi::SchemaGenerator::damaged(schema, generate.valid(schema))) {
            CAPTURE(what, bad.dump());
            const auto refused = bh::host::check_config(schema, bad);
            REQUIRE_FALSE(refused);
            CHECK(refused.failure().reason == "bad_config");
        }
    }
}

TEST_CASE(
    "each setting of a plugin has what the wizard shows: title, help, order, a known widget, a default that is "
    "allowed") {
    for (const auto& [path, schema] : configurations()) {
        CAPTURE(path);
        CHECK_FALSE(schema.value("title", "").empty());
        check_for_the_wizard(schema);
    }
}
