// Loads a plugin into this process, as PLUGIN-ABI.md D4 and D9 say. Nothing of its code runs before its manifest, its
// pinned hash and its dynamic symbols were checked on a sealed copy, and that copy is what is loaded.
#pragma once

#include "plugin-api/host/manifest.hpp"
#include "plugin-api/host/sealed_file.hpp"

#include <blockhost/plugin.h>

namespace bh::host {

struct LoadRequest {
    std::string directory;          // holds plugin.json and the file that it names
    std::string id;                 // what the operator configured
    std::string sha256;             // the operator's pin, 64 lower-case hex digits
    std::string kernel_version;     // told to the plugin
    std::string interface;          // that it must offer, "bh.storage/1"; "" = any
    bool worker = false;            // it shall run in a process of its own
    std::string manifest_sha256{};  // the operator's pin of plugin.json; "" = the manifest is not pinned
};

// A plugin that may be loaded: from `file`, which is what was hashed and looked at.
struct CheckedPlugin {
    Manifest manifest;
    SealedFile file;
};

struct LoadedPlugin {
    Manifest manifest;
    const bh_plugin* plugin = nullptr;  // valid for the rest of the process
};

// Everything but the loading: for a plugin that another process loads. Failures as those of load(). Any thread.
Result<CheckedPlugin> check(const LoadRequest& request);

// Each failure is one sentence that names the step, the file and the remedy. What was mapped stays mapped; the same
// file loaded again is the same plugin. Any thread.
Result<LoadedPlugin> load(const LoadRequest& request);

}  // namespace bh::host
