// Unix seconds and "2026-11-24T22:40:00Z" (RFC 3339, UTC, whole seconds; years 1970 to 9999). Pure functions.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bh::formats {

Result<std::string> utc_text(std::int64_t unix_seconds);
Result<std::int64_t> parse_utc(std::string_view text);

}  // namespace bh::formats
