// The plugin to check, as it lies in its folder: manifest, file, and check/check.json, which says how to try it.
#pragma once

#include "plugin-api/host/manifest.hpp"

#include <blockhost/plugin.h>

#include <functional>
#include <map>
#include <memory>

namespace bh::check {

// check/check.json. In every text "${dir}" stands for a fresh folder and "${NAME}" for what the backend said.
struct Setup {
    nlohmann::json config = nlohmann::json::object();
    std::vector<std::string> backend;  // program and arguments, relative to check/; empty = none. See README.md
    std::map<std::string, std::string> secrets;
    std::vector<std::string> write;  // folders that a worker may write besides the manifest's paths
    // Merged over the requests that the check makes.
    nlohmann::json vm_spec, volume_spec, image, delegation_request;
    std::map<std::string, std::string> skip;  // id of a check -> why it can't run here; shown in the report
};
Result<Setup> parse_setup(std::string_view text);

// A plugin that may be brought up. Outlives its instances. Any thread.
class Opened {
public:
    virtual ~Opened() = default;
    // Of an instance: its functions, query() among them, take what create() gave. Before there is one: the plugin's own
    // table in this process; nothing of a plugin in a worker runs before create().
    [[nodiscard]] virtual const bh_plugin* plugin() const = 0;
    // As the functions of bh_plugin.
    virtual bh_status create(const bh_kernel* kernel, bh_str config, bh_instance** out, bh_error* err) = 0;
    virtual void destroy(bh_instance* self) = 0;
    virtual bh_status check(const bh_kernel* kernel, bh_str config, std::uint64_t deadline_ns, bh_sink findings,
                            bh_error* err) = 0;
    // Of an instance in a worker. Kills it, and returns when nothing of it runs any more.
    virtual void kill(bh_instance* self) = 0;
    struct Cage {
        std::string sandbox, limits;
        std::vector<std::string> refused;  // system calls
    };
    virtual Cage cage(bh_instance* self) = 0;

protected:
    Opened() = default;
    Opened(const Opened&) = default;
    Opened& operator=(const Opened&) = default;
};

// What is to be opened, and what its sandbox, if it gets one, lets in besides the manifest's paths.
struct OpenRequest {
    std::string directory;
    const host::Manifest& manifest;
    std::string readable;  // a folder, as the operator's images
    std::function<std::vector<std::string>(const std::string& instance)> writable;
};

// How a plugin is brought up: in this process, or behind a proxy with the same table in a worker.
struct Mode {
    std::string name;       // "inprocess", "worker"
    std::string isolation;  // word of a manifest that does not allow it: "process", "inprocess"
    std::function<Result<std::unique_ptr<Opened>>(OpenRequest)> open;
    [[nodiscard]] bool worker() const { return name == "worker"; }
};
Mode in_process_mode();

// What the entries of the manifest's "network" or "paths" come to: themselves, or the setting a JSON pointer leads to.
std::vector<std::string> places_of(const std::vector<std::string>& listed, const nlohmann::json& config);

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
