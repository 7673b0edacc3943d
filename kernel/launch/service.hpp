// The verbs of blockhost-launch (docs/contracts.md section 2): decides who gets what, and leaves the doing to the parts
// beside it. Thread-safe: everything that reads or changes units runs under one lock, one-shot tools run beside it.
#pragma once

#include "kernel/ipc/client.hpp"
#include "kernel/ipc/server.hpp"
#include "kernel/launch/config.hpp"
#include "kernel/launch/limits.hpp"
#include "kernel/launch/registry.hpp"
#include "kernel/launch/requests.hpp"
#include "kernel/launch/workers.hpp"

#include <memory>
#include <mutex>

namespace bh::launch {

class Service {
public:
    // `supervisor` and `worker`: the paths of blockhost-supervise and blockhost-worker.
    Service(LaunchConfig config, Registry registry, Limits limits, std::string supervisor, std::string worker);

    // Each is a verb. `fds` are those that came with the frame.
    Result<nlohmann::json> start(const nlohmann::json& args, const std::vector<Fd>& fds);
    Result<nlohmann::json> status(const nlohmann::json& args);
    Result<nlohmann::json> signal(const nlohmann::json& args);
    Result<nlohmann::json> list(const nlohmann::json& args);
    Result<nlohmann::json> run(const nlohmann::json& args);
    Result<nlohmann::json> worker_start(const nlohmann::json& args, const std::vector<Fd>& fds);
    Result<nlohmann::json> worker_end(const nlohmann::json& args);
    Result<nlohmann::json> check(const nlohmann::json& args);

    // The verbs as the server wants them. The service must outlive the server.
    std::map<std::string, ipc::Verb> verbs();

private:
    struct Seen;  // a unit as it is now
    Result<const InstanceConfig*> instance(const std::string& name) const;
    Result<const WorkerConfig*> worker(const std::string& name) const;
    Result<std::optional<Seen>> look(const std::string& instance, const std::string& unit) const;
    // The same, but a unit that was not started since the machine booted is BH_E_NOT_FOUND.
    Result<Seen> started(const std::string& instance, const std::string& unit) const;
    Result<uid_t> uid_for(const StartArgs& request);
    Status grant(const StartArgs& request, uid_t uid) const;
    Status launch(const StartArgs& request, const UnitRecord& record, const std::vector<Fd>& fds);
    Result<std::vector<int>> collect(const StartArgs& request, const std::vector<Fd>& passed, std::vector<Fd>& taps);
    Result<Fd> tap(const std::string& name, const std::string& owner);

    LaunchConfig config_;
    Registry registry_;
    Limits limits_;
    std::string supervisor_;
    Workers workers_;
    ipc::Client netd_;
    std::mutex mutex_;
};

}  // namespace bh::launch
