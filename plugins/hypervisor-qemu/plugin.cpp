#include "plugins/hypervisor-qemu/hypervisor_qemu.hpp"

#include "plugin-api/sdk/cpp/plugin.hpp"

BH_PLUGIN(hypervisor_qemu::HypervisorQemu)
