// The plugin to check, as it lies in its folder: manifest, file, and check/check.json, which says how to try it.
#pragma once

#include "plugin-api/host/manifest.hpp"

#include <blockhost/plugin.h>

#include <functional>
#include <map>

namespace bh::check {

// check/check.json. In every text "${dir}" stands for a fresh folder and "${NAME}" for what the backend said.
struct Setup {
    nlohmann::json config = nlohmann::json::object();
    std::vector<std::string> backend;  // program and arguments, relative to check/; empty = none. See README.md
    std::map<std::string, std::string> secrets;
    // Merged over the requests that the check makes.
    nlohmann::json vm_spec, volume_spec, image, delegation_request;
    std::map<std::string, std::string> skip;  // id of a check -> why it can't run here; shown in the report
};
Result<Setup> parse_setup(std::string_view text);

// How a plugin is brought up: in this process, or behind a proxy with the same table in a worker.
struct Mode {
    std::string name;  // "inprocess", "worker"
    std::function<Result<const bh_plugin*>(const std::string& directory, const host::Manifest& manifest)> open;
};
Mode in_process_mode();

struct Subject {
    std::string directory;          // absolute
    std::optional<Failure> broken;  // the manifest or check.json can't be used
    host::Manifest manifest;
    Setup setup;
    Mode mode;
    std::uint64_t seed = 1;

    [[nodiscard]] std::string file() const { return directory + "/" + manifest.file; }
    [[nodiscard]] bool offers(const std::string& interface) const;
};
Subject read_subject(const std::string& directory, Mode mode, std::uint64_t seed);

}  // namespace bh::check
