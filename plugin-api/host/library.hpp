// Maps a plugin into this process: the only place that knows Boost.DLL. Once mapped it stays, and so does its handle:
// unmapping code whose threads or exit handlers may still run is how plugin hosts crash.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <blockhost/plugin.h>

#include <string>

namespace bh::host {

using Entry = const bh_plugin* (*)(const bh_entry_args*, bh_error*)BH_NOEXCEPT;

// Loads with all symbols bound now and kept to itself, and finds the entry. Runs the library's constructors.
Result<Entry> map_library(const std::string& path);

}  // namespace bh::host
