#include "plugin-api/host/config_schema.hpp"

#include "plugin-api/documents/strict_json.hpp"

// Without it a schema that is wrong ends the process.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <exception>

namespace bh::host {
namespace {

using nlohmann::json;

Failure bad(const std::string& pointer, const std::string& what) {
    return invalid("bad_config", (pointer.empty() ? "the configuration" : pointer) + ": " + what);
}

// Nothing that the schema does not name may be there: a misspelt key must not be ignored.
void close_objects(json& schema) {
    if (schema.is_array()) {
        for (json& item : schema) close_objects(item);
        return;
    }
    if (!schema.is_object()) return;
    if (schema.contains("properties") && !schema.contains("additionalProperties") &&
        !schema.contains("patternProperties"))
        schema["additionalProperties"] = false;
    for (auto& [key, value] : schema.items())
        if (key != "default" && key != "enum" && key != "const" && key != "examples") close_objects(value);
}

// Fills in what has a default; objects that are absent and have none stay absent.
void apply_defaults(const json& schema, json& value) {
    const auto properties = schema.find("properties");
    if (value.is_object() && properties != schema.end()) {
        for (const auto& [key, property] : properties->items()) {
            if (!property.is_object()) continue;
            if (!value.contains(key) && property.contains("default")) value[key] = property["default"];
            if (value.contains(key)) apply_defaults(property, value[key]);
        }
    }
    const auto items = schema.find("items");
    if (value.is_array() && items != schema.end() && items->is_object())
        for (json& item : value) apply_defaults(*items, item);
}

std::string names_of(const json& properties) {
    std::string names;
    for (const auto& [key, property] : properties.items()) names += (names.empty() ? "" : ", ") + key;
    return names.empty() ? "none" : names;
}

// The two mistakes people make most, in words of their own: a key too many, a key too few.
std::optional<Failure> misspelt(const json& schema, const json& value, const std::string& pointer) {
    const auto properties = schema.find("properties");
    if (value.is_object() && properties != schema.end()) {
        const bool closed = schema.value("additionalProperties", json{}) == false;
        for (const auto& [key, item] : value.items()) {
            const std::string at = pointer + "/" + pointer_token(key);
            const auto property = properties->find(key);
            if (property == properties->end() && closed)
                return bad(at, "is not a setting; remove it or correct it; known are: " + names_of(*properties));
            if (property == properties->end() || !property->is_object()) continue;
            if (auto failure = misspelt(*property, item, at)) return failure;
        }
        for (const json& key : schema.value("required", json::array()))
            if (key.is_string() && !value.contains(key.get<std::string>()))
                return bad(pointer + "/" + pointer_token(key.get<std::string>()), "is missing; add it");
    }
    const auto items = schema.find("items");
    if (value.is_array() && items != schema.end() && items->is_object())
        for (std::size_t i = 0; i < value.size(); ++i)
            if (auto failure = misspelt(*items, value[i], pointer + "/" + std::to_string(i))) return failure;
    return std::nullopt;
}

// valijson's context is {"<root>", "[\"key\"]", "[0]" ...}.
std::vector<std::string> tokens_of(const std::vector<std::string>& context) {
    std::vector<std::string> tokens;
    for (const std::string& part : context) {
        if (part.size() < 2 || part.front() != '[') continue;
        const bool quoted = part.size() >= 4 && part[1] == '"';
        tokens.push_back(quoted ? part.substr(2, part.size() - 4) : part.substr(1, part.size() - 2));
    }
    return tokens;
}

// What the schema says about the place that `tokens` lead to.
json schema_at(const json& schema, const std::vector<std::string>& tokens) {
    json at = schema;
    for (const std::string& token : tokens) {
        if (at.contains("properties") && at["properties"].contains(token)) {
            at = json(at["properties"][token]);
        } else if (at.contains("items") && at["items"].is_object()) {
            at = json(at["items"]);
        } else {
            return json::object();
        }
    }
    return at;
}

// What a value must be, in the words of its schema.
std::string expectation(const json& schema) {
    std::string text;
    const auto add = [&](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
    if (schema.contains("type") && schema["type"].is_string()) add("of the type " + schema["type"].get<std::string>());
    if (schema.contains("enum")) add("one of " + schema["enum"].dump());
    for (const char* limit :
         {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "const"})
        if (schema.contains(limit)) add(std::string{limit} + " " + schema[limit].dump());
    if (text.empty()) text = "as the schema of the plugin says";
    if (schema.contains("description") && schema["description"].is_string())
        text += " (" + schema["description"].get<std::string>() + ")";
    return text;
}

Failure from_results(valijson::ValidationResults& results, const json& schema) {
    // The deepest error is the cause; those above it only say that something below is wrong.
    valijson::ValidationResults::Error error, deepest;
    while (results.popError(error))
        if (error.context.size() >= deepest.context.size()) deepest = error;
    const std::vector<std::string> tokens = tokens_of(deepest.context);
    std::string pointer;
    for (const std::string& token : tokens) pointer += "/" + pointer_token(token);
    const json at = schema_at(schema, tokens);
    std::string what = "must be " + expectation(at);
    if (at.contains("oneOf") || at.contains("anyOf") || at.contains("not") || at.contains("if"))
        what += "; " + deepest.description;
    return bad(pointer, what);
}

}  // namespace

Result<json> check_config(const json& given_schema, const json& config) {
    if (!config.is_object()) return bad("", "must be an object of settings");
    json schema = given_schema;
    close_objects(schema);
    json filled = config;
    apply_defaults(schema, filled);
    if (auto failure = misspelt(schema, filled, "")) return *failure;
    try {
        valijson::Schema compiled;
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter{schema}, compiled);
        // Strong types: "5" is not 5.
        valijson::Validator validator{valijson::Validator::kStrongTypes};
        valijson::ValidationResults results;
        if (validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter{filled}, &results)) return filled;
        return from_results(results, schema);
    } catch (const std::exception& error) {
        return invalid("bad_schema", std::string{"the plugin's configuration schema can't be used: "} + error.what());
    }
}

}  // namespace bh::host
