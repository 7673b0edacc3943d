// Reads vectors/NAME.json; for tests.
#pragma once

#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/documents/json.hpp"

#include <fstream>
#include <stdexcept>
#include <string>

namespace bh::formats {

inline nlohmann::json read_vectors(const std::string& name) {
    std::ifstream file{std::string{VECTORS} + "/" + name + ".json"};
    if (!file) throw std::runtime_error{"no vectors " + name};
    return nlohmann::json::parse(file);
}

inline Bytes bytes_at(const nlohmann::json& object, const char* name) {
    return *crypto::parse_hex(object.at(name).get<std::string>());
}

inline std::string text_at(const nlohmann::json& object, const char* name) {
    return object.at(name).get<std::string>();
}

}  // namespace bh::formats
