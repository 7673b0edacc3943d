// The id of this boot of the machine; "" if it can't be read.
#pragma once

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <string>

namespace hypervisor_qemu {

inline std::string machine_boot_id() {
    auto text = bh::sdk::read_file("/proc/sys/kernel/random/boot_id");
    return text && *text ? (**text).substr(0, (**text).find('\n')) : std::string{};
}

}  // namespace hypervisor_qemu
