// kernel.yaml and plugins.d/*.yaml, typed and checked: the one configuration of blockhostd.
// docs/operators/configuration.md describes each key. Plain values.
#pragma once

#include "kernel/funds/config.hpp"
#include "kernel/lifecycle/config.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <map>
#include <string>
#include <vector>

namespace bh {

struct KernelConfig {
    struct Paths {
        std::string state, run, plugins, images, libexec;
    } paths;
    struct Host {
        std::string group;                   // may use the local API; name or number
        std::string seal_text;               // seal-1: the public text that buyers sign
        std::vector<std::string> resolvers;  // IPv6 addresses that guests ask
    } host;
    life::EngineConfig engine;      // what the lifecycle is told
    std::uint64_t max_granted = 8;  // VMs without a purchase at the same time
    funds::Config funds;
    struct Sockets {
        std::string signer, netd, launch, api;  // absolute
    } sockets;
};

// One plugin instance: plugins.d/NAME.yaml.
struct PluginConfig {
    std::string instance;   // the file's name without .yaml
    std::string plugin;     // id, a folder below paths.plugins
    std::string kind;       // chain, hypervisor, storage, ipv6
    std::string isolation;  // "process", "inprocess", or "" = in a process unless the plugin can't
    nlohmann::json config = nlohmann::json::object();
    std::map<std::string, std::string> secrets;  // name -> file
    struct Grants {
        std::vector<std::string> keys;      // keys of the signer that the instance may use
        std::vector<std::string> services;  // ids, "bh.svc.launch/1" ...
        std::vector<std::string> connect;   // host:port
        struct Chain {
            std::string instance;                // of a chain plugin
            std::vector<std::string> contracts;  // that it may read, and submit to
            std::vector<std::string> submit;     // hex, at least 4 bytes: what the data of a call may begin with
        };
        std::map<std::string, Chain> chains;  // by the manifest's name
    } grants;
};

// Each failure names the file, the key and the remedy.
Result<KernelConfig> read_kernel_config(const std::string& path);
Result<std::vector<PluginConfig>> read_plugin_configs(const std::string& directory);

}  // namespace bh
