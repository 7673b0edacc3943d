// The lifecycle's ports over a World. With `strict` (default) a VM that the chain says is paid may not be stopped.
#pragma once

#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/ports.hpp"
#include "kernel/lifecycle/testing/world.hpp"

#include <memory>

namespace bh::life::testing {

class Doubles {
public:
    explicit Doubles(World& world, Boundaries* boundaries = nullptr);
    ~Doubles();
    [[nodiscard]] Ports ports();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

// One chain "chain" (latest+2), hypervisor "hv", storage "st", prefix from "v6"; short times.
EngineConfig config_for_tests();

}  // namespace bh::life::testing
