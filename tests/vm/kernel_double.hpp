// The services of the kernel that the plugins here ask for: log, and launch over the real launcher. For tests.
#pragma once

#include "kernel/launch/client.hpp"

#include <blockhost/blockhost.h>

#include <string>

namespace vm_test {

class KernelDouble {
public:
    // `socket`: of blockhost-launch. The unit's owner is its name up to the first "-".
    KernelDouble(std::string instance, std::string socket);
    KernelDouble(const KernelDouble&) = delete;
    KernelDouble& operator=(const KernelDouble&) = delete;

    [[nodiscard]] const bh_kernel& kernel() const { return kernel_; }

private:
    friend struct Services;
    std::string instance_;
    bh::launch::Client launch_;
    bh_kernel kernel_;
};

}  // namespace vm_test
