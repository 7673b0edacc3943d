// How the CLI prints: tables for people, one JSON document for programs.
#pragma once

#include "plugin-api/documents/json.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace bh::cli {

// Columns as wide as their widest cell; the last one is not padded.
void print_table(std::ostream& out, const std::vector<std::string>& head,
                 const std::vector<std::vector<std::string>>& rows);

// A JSON value as a cell: text as it is, null as "-".
std::string cell(const nlohmann::json& object, const char* name);
// Milliseconds of the wall clock as "2026-11-24 22:40:00.123"; "-" for none.
std::string clock_ms(const nlohmann::json& object, const char* name);
std::string span_ms(std::int64_t ms);  // "0.3 s", "1 m 12 s", "3 d 4 h"
std::string bytes_text(std::uint64_t bytes);

}  // namespace bh::cli
