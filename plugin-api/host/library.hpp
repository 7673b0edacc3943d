// Maps a plugin into this process; library.cpp is the only place that knows Boost.DLL. Once mapped it stays, and so
// does its handle: unmapping code whose threads or exit handlers may still run is how plugin hosts crash.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <blockhost/plugin.h>

#include <string>
#include <vector>

namespace bh::host {

using Entry = const bh_plugin* (*)(const bh_entry_args*, bh_error*)BH_NOEXCEPT;

// Loads with all symbols bound now and kept to itself, and finds the entry. Runs the library's constructors.
Result<Entry> map_library(const std::string& path);

// What the plugin says of itself, looked at before anything else of it is called. `error`: what its entry left behind.
Status check_table(const bh_plugin* plugin, const bh_error& error, const std::string& id,
                   const std::vector<std::string>& interfaces);

// Maps the file, which the caller has checked (loader.hpp), calls its entry and looks at what it says of itself.
Result<const bh_plugin*> map_checked(const std::string& path, const std::string& id,
                                     const std::vector<std::string>& interfaces, const std::string& kernel_version);

}  // namespace bh::host
