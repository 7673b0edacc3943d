// Which instances run, with which grants: loads every configured plugin, checks its configuration, makes its instance.
//
// A configured plugin that does not load stops the kernel (PLUGIN-ABI.md D12): the failure names step, file and remedy.
// Instances are quiesced and destroyed when the registry is; whatever uses their ports must have ended by then.
#pragma once

#include "kernel/config/kernel_config.hpp"
#include "kernel/plugins/chain_instances.hpp"
#include "kernel/plugins/instance.hpp"
#include "kernel/plugins/ports.hpp"
#include "kernel/plugins/services.hpp"
#include "kernel/trust/trust.hpp"
#include "kernel/worker/worker.hpp"
#include "plugin-api/host/loader.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bh::plugins {

class Registry {
public:
    // Loads what `trust` admits and nothing else.
    static Result<std::unique_ptr<Registry>> load(const trust::Trust& trust, const std::vector<PluginConfig>& configs,
                                                  ServiceBackends backends);
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;
    ~Registry();

    // By instance name. Empty for a kind that no instance has.
    [[nodiscard]] std::map<std::string, life::ChainPort*> chains() const;
    [[nodiscard]] std::map<std::string, life::HypervisorPort*> hypervisors() const;
    [[nodiscard]] std::map<std::string, life::StoragePort*> storages() const;
    [[nodiscard]] std::map<std::string, life::Ipv6Port*> ipv6() const;

    struct Info {
        std::string instance, kind, plugin, version, sha256;
        std::string trust, publisher;                // "signed", "packaged" or "unsigned", and by whom
        std::string warning;                         // what stands against it; "" = nothing
        std::string isolation;                       // "process" or "inprocess"
        std::optional<worker::Worker::State> state;  // of a process
        std::vector<worker::Blocked::Row> blocked;   // [no-block] members that blocked, since the instance was made
    };
    [[nodiscard]] std::vector<Info> list() const;
    Status health(const std::string& instance);
    // The operator wants an instance tried again whose worker failed too often. False: it did not.
    bool forgive(const std::string& instance);
    // The plugin's own check() of its configuration, for doctor.
    Result<std::vector<Finding>> check(const std::string& instance);
    // The console of a VM of this hypervisor instance.
    Result<Console> open_console(const std::string& instance, const std::string& vm);

private:
    struct Entry;
    Registry() = default;
    Entry* find(const std::string& instance) const;
    static Status take_plugin(Entry& entry, const host::LoadRequest& request);
    static Status make_instance(Entry& entry, const ServiceBackends& backends, const std::set<std::string>& services);

    std::unique_ptr<ChainInstances> chain_instances_;  // what the service chain of all instances stands on
    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace bh::plugins
