// How a command ends: the API's answer as JSON or by its own print, a failure as one sentence; and the exit code.
#pragma once

#include "kernel/cli/commands.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bh::cli {

// Prints the answer as JSON or by `print`; a failure by report().
int show(const Context& context, const Result<nlohmann::json>& answer,
         const std::function<void(const nlohmann::json&)>& print);
// The same with the answer of GET `path`.
int show(const Context& context, const std::string& path, const std::function<void(const nlohmann::json&)>& print);

// A table of some fields of each object in `list`: (title, field). A field that ends in _ms is a time.
void table(const nlohmann::json& list, const std::vector<std::pair<std::string, const char*>>& columns);

}  // namespace bh::cli
