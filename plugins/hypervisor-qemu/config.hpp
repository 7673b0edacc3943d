// The configuration of hypervisor-qemu; plugin.json has its schema.
#pragma once

#include "plugin-api/documents/codec.hpp"

namespace hypervisor_qemu {

struct Config {
    std::string state;                   // definitions: absolute, the kernel's user owns it
    std::string run;                     // first-boot disks and sockets: RUN/vm of the kernel
    std::string accelerator;             // "kvm", "tcg" or "" (tried once with a real guest)
    std::uint32_t max_vms = 0;           // 0 = no limit
    std::uint32_t shutdown_grace_s = 0;  // 0 = kDefaultGrace
};

inline constexpr std::uint32_t kDefaultGrace = 90;

template <class F>
void fields(F& f, bh::Is<Config> auto& x) {
    f.required("state", x.state, "Definitions of VMs.");
    f.required("run", x.run, "Sockets of VMs.");
    f.optional("accelerator", x.accelerator, "kvm, tcg or auto.");
    f.optional("max_vms", x.max_vms, "At most this many VMs.");
    f.optional("shutdown_grace_s", x.shutdown_grace_s, "How long a guest may take to shut down.");
}

bh::Result<Config> read_config(std::string_view text);

}  // namespace hypervisor_qemu
