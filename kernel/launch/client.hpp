// The kernel's side of blockhost-launch: its verbs, typed. Thread-safe; `run` has a connection of its own per call, so
// that a long tool delays nothing else.
#pragma once

#include "kernel/ipc/client.hpp"
#include "plugin-api/documents/launch.hpp"

#include <chrono>
#include <set>

namespace bh::launch {

class Client {
public:
    explicit Client(std::string socket) : socket_{std::move(socket)}, shared_{socket_, kName} {}

    // `owner`: the VM's op_id; `tap_owner`: who made the tap that the spec names, "" if it names none. `fds` are what
    // {"passed": i} means; they stay the caller's.
    Result<Unit> start(const std::string& instance, const std::string& unit, const std::string& owner,
                       const UnitSpec& spec, const std::string& tap_owner, const std::vector<int>& fds = {});
    Result<Unit> status(const std::string& instance, const std::string& unit);
    Status signal(const std::string& instance, const std::string& unit, int number);
    Result<UnitPage> list(const std::string& instance, const std::string& page);
    Result<RunResult> run(const std::string& instance, const RunRequest& request, std::chrono::milliseconds time);

    struct Worker {
        std::int64_t pid = 0;
        std::string limits, limits_why;
    };
    // `fds`: control, report, plugin; they stay the caller's.
    Result<Worker> worker_start(const std::string& instance, const std::vector<int>& fds);
    Status worker_end(const std::string& instance);

    struct Check {
        std::string limits, limits_why;
        std::vector<std::string> missing;  // "instance/program" that can't be executed
        std::set<std::string> workers;     // instances that launch.yaml gives a worker
    };
    Result<Check> check();

private:
    static constexpr const char* kName = "blockhost-launch";
    std::string socket_;
    ipc::Client shared_;
};

}  // namespace bh::launch
