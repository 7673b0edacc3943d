// The QEMU command line of a VM, and what its process may open. Pure: the same input gives the same unit-spec.
#pragma once

#include "plugins/hypervisor-qemu/definition.hpp"

#include "plugin-api/documents/launch.hpp"

namespace hypervisor_qemu {

inline constexpr const char* kProgram = "qemu-system-x86_64";  // its name in the manifest

enum class Accelerator { kKvm, kTcg };

// What a VM has besides its volumes, all in its run directory.
struct Paths {
    std::string run;  // RUN/vm/OP_ID
    [[nodiscard]] std::string seed() const { return run + "/seed.iso"; }
    [[nodiscard]] std::string qmp() const { return run + "/qmp.sock"; }
    [[nodiscard]] std::string guest() const { return run + "/guest.sock"; }
    [[nodiscard]] std::string console() const { return run + "/console.sock"; }
    [[nodiscard]] std::string trial_log() const { return run + "/trial.log"; }
    // There while the run directory is lent to a trial.
    [[nodiscard]] std::string trial_mark() const { return run + "/trial"; }
};

// Whether a spec can be run: BH_E_INVALID names the field. Paths with characters that mean something to QEMU are
// refused.
bh::Status check_spec(const bh::VmSpec& spec);

bh::UnitSpec unit_spec(const bh::VmSpec& spec, const Paths& paths, Accelerator accelerator);

// A unit that only boots the guest's kernel under KVM and writes its console into the trial's log; to see whether it
// can.
bh::UnitSpec trial_spec(const bh::VmSpec& spec, const Paths& paths);

}  // namespace hypervisor_qemu
