// plugin.json: what a plugin is, asks for and can be configured with (README.md describes each key). Plain values.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bh::host {

// A program that the launcher may start for the plugin. "unit": a VM's process; "tool": a one-shot program, each of
// whose commands is a list of patterns, one per argument.
struct Program {
    std::string name, kind;
    std::vector<std::vector<std::string>> commands;
};

struct Manifest {
    struct Abi {
        std::uint32_t major = 0, draft = 0;
    };
    std::string id, version, title, description, licence;
    std::string file, sha256;
    Abi abi;
    std::vector<std::string> interfaces, services, secrets, keys, network, paths;
    std::vector<std::string> chains;  // names under which it uses other instances' chains; may be left out
    std::vector<Program> programs;
    std::uint32_t threads = 0;
    std::string isolation;                             // "process" | "either" | "inprocess"
    nlohmann::json config = nlohmann::json::object();  // JSON Schema of the configuration
};

// Errors name `where` (the file), the key as a JSON pointer, and what it must be.
Result<Manifest> parse_manifest(std::string_view text, const std::string& where);
Result<Manifest> read_manifest(const std::string& path);
// The file's bytes, for whoever hashes what he parses; one byte too many when it is larger than a manifest may be.
Result<std::string> read_manifest_text(const std::string& path);

}  // namespace bh::host
