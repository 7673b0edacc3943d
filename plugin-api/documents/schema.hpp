// The JSON Schema (draft-07 vocabulary) of a document, from the same table that its parser reads: see codec.hpp.
// Used by the tool that writes plugin-api/schemas and by the test that compares them.
#pragma once

#include "plugin-api/documents/codec.hpp"

namespace bh::codec {

struct Schema {
    template <class T>
    void required(const char* name, const T& value, const char* what) {
        object["required"].push_back(name);
        optional(name, value, what);
    }
    template <class T>
    void optional(const char* name, const T& value, const char* what) {
        json& property = object["properties"][name] = schema_of(value);
        property["description"] = what;
    }

    static json schema_of(const std::string&) { return {{"type", "string"}}; }
    static json schema_of(bool) { return {{"type", "boolean"}}; }
    static json schema_of(const Bytes&) { return {{"type", "string"}, {"pattern", "^0x([0-9a-f]{2})*$"}}; }
    static json schema_of(UnixTime) {
        return {{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}};
    }
    static json schema_of(const Amount&) { return {{"type", "string"}, {"pattern", "^(0|[1-9][0-9]{0,77})$"}}; }

    template <Integer T>
    static json schema_of(T) {
        using Limits = std::numeric_limits<T>;
        if constexpr (sizeof(T) < sizeof(std::uint64_t)) {
            return {{"type", "integer"}, {"minimum", Limits::min()}, {"maximum", Limits::max()}};
        } else if constexpr (std::is_unsigned_v<T>) {
            return {{"anyOf",
                     {{{"type", "integer"}, {"minimum", 0}, {"maximum", kMaxJsonInteger}},
                      {{"type", "string"}, {"pattern", "^(0|[1-9][0-9]{0,19})$"}}}}};
        } else {
            return {{"anyOf",
                     {{{"type", "integer"},
                       {"minimum", -static_cast<std::int64_t>(kMaxJsonInteger)},
                       {"maximum", kMaxJsonInteger}},
                      {{"type", "string"}, {"pattern", "^(0|-?[1-9][0-9]{0,18})$"}}}}};
        }
    }
    template <class T>
    static json schema_of(const std::optional<T>&) {
        return schema_of(T{});
    }
    template <class T>
    static json schema_of(const std::vector<T>&) {
        return {{"type", "array"}, {"items", schema_of(T{})}};
    }
    template <class T>
    static json schema_of(const std::map<std::string, T>&) {
        return {{"type", "object"}, {"additionalProperties", schema_of(T{})}};
    }
    template <class T>
        requires std::is_class_v<T>
    static json schema_of(const T& value) {
        Schema schema;
        fields(schema, value);
        return std::move(schema.object);
    }

    json object = {{"type", "object"}, {"properties", json::object()}};
};

// What stands in the file schemas/KIND/1/NAME.json for the document whose members are those of `value`.
template <class T>
std::string schema_file(const std::string& title, const T& value) {
    json schema = Schema::schema_of(value);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#";
    schema["title"] = title;
    return schema.dump(2) + "\n";
}

}  // namespace bh::codec
