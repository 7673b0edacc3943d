// Whether guests run under KVM. A /dev/kvm that opens proves nothing: on some machines the kernel of a guest hangs or
// dies under it. So the first VM's own kernel is booted once under KVM, with a deadline, and the answer is kept in
// STATE/.accelerator.json until the machine's kernel changes. Thread-safe.
#pragma once

#include "plugins/hypervisor-qemu/command_line.hpp"

#include "plugin-api/sdk/cpp/kernel.hpp"
#include "plugin-api/sdk/cpp/launch.hpp"

#include <mutex>

namespace hypervisor_qemu {

// The run directory of a VM, before it is given to the VM's user: the launcher insists on its mode and group.
bh::Status make_run_directory(const std::string& path);

class Acceleration {
public:
    // `wanted`: "kvm", "tcg" or "" (find out).
    Acceleration(std::string state, std::string wanted, bh::sdk::Kernel kernel)
        : state_{std::move(state)}, wanted_{std::move(wanted)}, kernel_{kernel} {}

    // BH_PENDING while the trial runs: call again. `vm` lends its kernel, its name and its run directory to
    // the trial; the directory is gone afterwards.
    bh::Result<Accelerator> decide(const std::string& vm, const bh::VmSpec& spec, const Paths& paths);

    // "kvm", "tcg" or "" while it is not known.
    [[nodiscard]] std::string known() const;

private:
    bh::Result<Accelerator> settle(Accelerator accelerator, const std::string& why);
    bh::Status clear_trial(const std::string& unit, const Paths& paths);
    bh::Result<Accelerator> end_trial(const std::string& unit, const Paths& paths, Accelerator accelerator,
                                      const std::string& why);

    std::string state_, wanted_;
    bh::sdk::Kernel kernel_;
    std::mutex mutex_;
};

}  // namespace hypervisor_qemu
