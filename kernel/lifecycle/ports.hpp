// Everything the lifecycle reaches, by instance name. References outlive the engine.
#pragma once

#include "kernel/lifecycle/seams.hpp"
#include "kernel/lifecycle/wakes.hpp"

#include <map>

namespace bh::life {

struct Ports {
    Clock& clock;
    std::map<std::string, ChainPort*> chains;
    std::map<std::string, HypervisorPort*> hypervisors;
    std::map<std::string, StoragePort*> storages;
    std::map<std::string, Ipv6Port*> ipv6;
    NetworkPort& network;
    VaultPort& vault;
    SealPort& seal;
    ReachPort& reach;
    ImagePort& images;
    FirstBootPort& first_boot;
    Boundaries& boundaries;
    Wakes* wakes = nullptr;  // null: no plugin says when to look
};

// Fails with BH_E_NOT_FOUND's sibling for a name that no port has: a configuration error, BH_E_UNAVAILABLE so that
// nothing is ended by it.
template <class Port>
Result<Port*> port_of(const std::map<std::string, Port*>& ports, const std::string& instance) {
    const auto found = ports.find(instance);
    if (found != ports.end()) return found->second;
    return Failure{BH_E_UNAVAILABLE, "no_such_instance",
                   "no plugin instance is called '" + instance + "': configure it or bring it back", 0};
}

}  // namespace bh::life
