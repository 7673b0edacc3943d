// Documents of the service `bh.svc.launch/1`: schemas/svc/launch/1/.
#pragma once

#include "plugin-api/documents/common.hpp"

namespace bh {

struct UnitPath {
    std::string path;    // absolute, no links followed
    std::string access;  // "ro" | "rw": what the unit's uid may do with it; "rw" files are given to that uid
    std::string kind;    // "file" | "directory" (a directory is made if missing, 2770, group of the kernel)
    bool operator==(const UnitPath&) const = default;
};

struct UnitFd {
    std::string tap;           // name of a tap, or
    std::uint32_t passed = 0;  // index into the descriptors of the call, when `tap` is empty
    bool operator==(const UnitFd&) const = default;
};

// unit-spec.json
struct UnitSpec {
    std::string program;             // its name in the manifest's "programs"
    std::vector<std::string> args;   // argv[1..]
    std::uint64_t memory_bytes = 0;  // limit; 0 = none
    std::uint32_t max_processes = 0;
    std::vector<UnitPath> paths;
    std::vector<UnitFd> fds;  // descriptors 3, 4 ... of the unit
    bool operator==(const UnitSpec&) const = default;
};
Result<UnitSpec> parse_unit_spec(std::string_view json);
std::string to_json(const UnitSpec& spec);

// unit.json
struct Unit {
    std::string unit;
    std::string state;  // "running" | "ended"
    std::uint32_t uid = 0;
    std::int64_t pid = 0;
    UnixTime since;                        // of this state
    std::optional<int> exit_code, signal;  // when ended
    std::string limits;                    // which limits hold: "cgroup2", "cgroup1" or "rlimit"
    // What its first process uses and what passed its tap, as the unit sees it: in the answer of `status`, while it
    // runs. nullopt: not known.
    std::optional<std::int64_t> cpu_ns, memory_bytes, net_rx_bytes, net_tx_bytes;
};
Result<Unit> parse_unit(std::string_view json);
std::string to_json(const Unit& unit);

struct UnitPage {
    std::vector<Unit> units;
    std::string next;
};
Result<UnitPage> parse_unit_page(std::string_view json);
std::string to_json(const UnitPage& page);

// run.json, run-result.json
struct RunRequest {
    std::string program;
    std::vector<std::string> args;
    Bytes input;
};
struct RunResult {
    int exit_code = 0;
    Bytes output, errors;
};
Result<RunRequest> parse_run_request(std::string_view json);
std::string to_json(const RunRequest& request);
Result<RunResult> parse_run_result(std::string_view json);
std::string to_json(const RunResult& result);

}  // namespace bh
