// The host's books as a file: CSV (RFC 4180, a header line, amounts in the smallest unit) or one JSON document.
#pragma once

#include "kernel/cli/commands.hpp"

namespace bh::cli {

// `output` "": stdout. A file that exists is never overwritten.
int ledger_export(const Context& context, const std::string& format, const std::string& output);

// One field: in quotes where it needs them. A text that a spreadsheet would take for a formula gets a ' before it.
std::string csv_field(const std::string& text);

}  // namespace bh::cli
