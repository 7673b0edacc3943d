// The tables of the services of kernel.hpp.
#pragma once

#include "plugin-api/check/kernel.hpp"

namespace bh::check {

inline Kernel& kernel_of(const bh_kernel* kernel) noexcept { return *static_cast<Kernel*>(kernel->ctx); }

extern const bh_svc_launch kLaunchService;
extern const bh_svc_connect kConnectService;

}  // namespace bh::check
