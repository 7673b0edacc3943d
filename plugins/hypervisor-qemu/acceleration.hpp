// Whether guests run under KVM. A /dev/kvm that opens proves nothing: on some machines the kernel of a guest hangs or
// dies under it. So the first VM's own kernel is booted once under KVM, with a deadline, and the answer is kept in
// STATE/.accelerator.json until the machine's kernel changes. Thread-safe.
#pragma once

#include "plugins/hypervisor-qemu/command_line.hpp"

#include "plugin-api/sdk/cpp/kernel.hpp"
#include "plugin-api/sdk/cpp/launch.hpp"

#include <mutex>

namespace hypervisor_qemu {

class Acceleration {
public:
    // `wanted`: "kvm", "tcg" or "" (find out). `run`: the directory of all VMs' run directories.
    Acceleration(std::string state, std::string run, std::string wanted, bh::sdk::Kernel kernel)
        : state_{std::move(state)}, run_{std::move(run)}, wanted_{std::move(wanted)}, kernel_{kernel} {}

    // BH_PENDING while the trial runs: call again. `vm` lends its kernel, and its name to the trial's unit.
    bh::Result<Accelerator> decide(const std::string& vm, const bh::VmSpec& spec);

    // "kvm", "tcg" or "" while it is not known.
    [[nodiscard]] std::string known() const;

private:
    bh::Result<Accelerator> settle(Accelerator accelerator, const std::string& why);
    bh::Result<Accelerator> end_trial(const std::string& unit, const std::string& directory, Accelerator accelerator,
                                      const std::string& why);

    std::string state_, run_, wanted_;
    bh::sdk::Kernel kernel_;
    std::mutex mutex_;
};

}  // namespace hypervisor_qemu
