// The one strict JSON reader: for documents, manifests and configurations.
//
// Refuses text over 1 MiB, nesting deeper than 16, duplicate keys, NULs (also as \u0000), a byte order mark and invalid
// UTF-8. Errors name the place as a JSON pointer where there is one. This header and codec.hpp are the only ones here
// that show nlohmann/json; include them from .cpp files.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <string>
#include <string_view>

namespace bh {

inline constexpr std::size_t kMaxDocumentBytes = 1u << 20;
inline constexpr int kMaxDocumentDepth = 16;
inline constexpr std::uint64_t kMaxJsonInteger = std::uint64_t{1} << 53;

Result<nlohmann::json> read_strict_json(std::string_view text);

// One reference token of a JSON pointer (RFC 6901): "/" becomes "~1".
std::string pointer_token(std::string_view name);

}  // namespace bh
