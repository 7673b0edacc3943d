// Checks the configuration of a plugin instance against the JSON Schema (draft-07 vocabulary) of its manifest.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

namespace bh::host {

// -> the configuration with the schema's defaults filled in. A key that the schema does not name is refused wherever
// the schema lists properties, whether or not it says additionalProperties. Errors name the key by its JSON pointer,
// what is wrong and what the schema says about it.
Result<nlohmann::json> check_config(const nlohmann::json& schema, const nlohmann::json& config);

}  // namespace bh::host
