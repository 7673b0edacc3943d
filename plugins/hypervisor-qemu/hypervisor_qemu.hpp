// hypervisor-qemu: each VM is one QEMU process, a unit of the launcher; it needs no daemon of its own.
#pragma once

#include "plugins/hypervisor-qemu/config.hpp"
#include "plugins/hypervisor-qemu/machine.hpp"

#include <map>
#include <memory>

namespace hypervisor_qemu {

class HypervisorQemu {
public:
    static constexpr std::string_view kId = "org.blockhost.hypervisor-qemu";
    static constexpr std::string_view kVersion = "0.1.0";

    static bh::Result<std::unique_ptr<HypervisorQemu>> create(const bh::sdk::Kernel& kernel, std::string_view config);
    static bh::Result<std::vector<bh::Finding>> check(const bh::sdk::Kernel& kernel, std::string_view config,
                                                      std::uint64_t deadline_ns);

    bh::Result<bh::HypervisorDescription> describe();
    bh::Result<bh::Vm> vm_create(const bh::sdk::Call& call, const bh::VmSpec& spec);
    bh::Status vm_destroy(const bh::sdk::Call& call, const std::string& vm);
    bh::Status vm_power(const bh::sdk::Call& call, const std::string& vm, std::uint32_t action);
    bh::Result<bh::Vm> vm_get(const std::string& vm);
    bh::Result<bh::VmPage> vm_list(std::string_view page);
    bh::Result<bh_vm_stats> vm_stats(const std::string& vm);
    bh::Result<bh::Bytes> guest_exchange(const bh::sdk::Call& call, const std::string& vm, const bh::Bytes& request);
    bh::Result<bh::Console> console_open(const bh::sdk::Call& call, const std::string& vm, std::uint32_t type);
    bh::Status quiesce(std::uint64_t deadline_ns);
    bh::Result<std::string> health();

private:
    HypervisorQemu(const bh::sdk::Kernel& kernel, Config config)
        : kernel_{kernel},
          config_{std::move(config)},
          definitions_{config_.state},
          acceleration_{config_.state, config_.accelerator, kernel} {}

    // BH_E_NOT_FOUND: there is no such VM. The sessions live as long as the machine.
    struct Found;
    bh::Result<Found> find(const std::string& vm);
    std::shared_ptr<Sessions> sessions_of(const std::string& vm);
    bh::Result<bh::Vm> document(Machine& machine) const;

    bh::sdk::Kernel kernel_;
    Config config_;
    Definitions definitions_;
    Acceleration acceleration_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Sessions>> sessions_;
};

}  // namespace hypervisor_qemu
