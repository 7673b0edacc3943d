// Reads a YAML file into JSON: the only place that knows yaml-cpp.
//
// The core schema's types: plain true/false, whole numbers and null; everything quoted, and every other plain scalar,
// is a string. Refused, naming file and line: duplicate keys, keys that are no scalars, anchors and aliases, several
// documents, over 1 MiB, nesting over 16.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <string>

namespace bh {

Result<nlohmann::json> read_yaml(const std::string& path);
Result<nlohmann::json> parse_yaml(const std::string& text, const std::string& name);  // `name` for messages

}  // namespace bh
