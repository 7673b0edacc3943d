// The lifecycle's ports over the plugin ABI. Each port keeps a reference to its Instance, which must outlive it.
// A factory fails with BH_E_INVALID when the plugin does not offer the kind, naming instance and interface.
#pragma once

#include "kernel/lifecycle/seams.hpp"
#include "kernel/plugins/instance.hpp"

#include <memory>

namespace bh::plugins {

Result<std::unique_ptr<life::ChainPort>> make_chain_port(Instance& instance);
Result<std::unique_ptr<life::HypervisorPort>> make_hypervisor_port(Instance& instance);
Result<std::unique_ptr<life::StoragePort>> make_storage_port(Instance& instance);
Result<std::unique_ptr<life::Ipv6Port>> make_ipv6_port(Instance& instance);

// console_open() of the hypervisor's console extension; BH_E_UNSUPPORTED without one.
struct ConsolePort {
    virtual ~ConsolePort() = default;
    virtual Result<Console> open(const life::Call& call, const std::string& vm) = 0;
};
Result<std::unique_ptr<ConsolePort>> make_console_port(Instance& instance);

}  // namespace bh::plugins
