// kernel.yaml and plugins.d/*.yaml, typed and checked: the one configuration of blockhostd.
// docs/operators/configuration.md describes each key. Plain values.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace blockhost {

// When a position of a chain is final.
struct FinalityRule {
    enum class Kind { latest, safe, finalized };
    Kind kind = Kind::finalized;
    std::uint64_t depth = 0;  // of `latest+N`
};

struct ChainConfig {
    std::string instance;  // a plugin instance of the kind chain
    FinalityRule finality;
};

struct KernelConfig {
    struct Paths {
        std::string state, run, plugins, images;
    } paths;
    struct Host {
        std::string name;                    // shown to buyers as part of host names, [a-z0-9-]{1,32}
        std::string login_user;              // the account that a buyer logs in to
        std::string group;                   // may use the local API; name or number
        std::string seal_text;               // seal-1: the public text that buyers sign
        std::vector<std::string> resolvers;  // IPv6 addresses that guests ask
    } host;
    std::vector<ChainConfig> chains;
    struct Placement {
        std::string hypervisor, storage, ipv6;  // plugin instances
        std::string default_image;
    } placement;
    struct Timing {
        std::chrono::seconds undo_window{86400};
        std::uint32_t guard_checks = 3;
        std::chrono::seconds guard_span{600};
        std::chrono::seconds statement_lifetime{900};
        std::chrono::seconds statement_renew{300};
        std::chrono::milliseconds poll{1000};
        std::chrono::seconds build_deadline{1800};
    } timing;
    struct Limits {
        std::uint32_t parallel_jobs = 4;  // per plugin instance
        std::uint32_t max_vms = 0;        // 0 = what the hypervisor says
    } limits;
    struct Sockets {
        std::string signer, netd, launch, api;  // absolute
    } sockets;
};

// One plugin instance: plugins.d/NAME.yaml.
struct PluginConfig {
    std::string instance;  // the file's name without .yaml
    std::string plugin;    // id, a folder below paths.plugins
    std::string sha256;    // the operator's pin, 64 hex digits
    std::string kind;      // chain, hypervisor, storage, ipv6
    nlohmann::json config = nlohmann::json::object();
    std::map<std::string, std::string> secrets;  // name -> file
    struct Grants {
        std::vector<std::string> keys;      // keys of the signer that the instance may use
        std::vector<std::string> services;  // ids, "bh.svc.launch/1" ...
        std::vector<std::string> connect;   // host:port
    } grants;
};

// Each failure names the file, the key and the remedy.
bh::Result<KernelConfig> read_kernel_config(const std::string& path);
bh::Result<std::vector<PluginConfig>> read_plugin_configs(const std::string& directory);

}  // namespace blockhost
