// The lifecycle's ports over a model World. Each call asks the Oracle first.
#pragma once

#include "kernel/lifecycle/config.hpp"
#include "kernel/lifecycle/ports.hpp"
#include "tests/model/oracle.hpp"
#include "tests/model/world.hpp"

#include <memory>

namespace bh::life::model {

// Is destruction on this chain parked (a rollback below a final position)? Asked of the journal by what stops a VM.
using IsParked = std::function<bool()>;

std::unique_ptr<ChainPort> make_chain(World& world, Oracle& oracle);
std::unique_ptr<HypervisorPort> make_hypervisor(World& world, Oracle& oracle, IsParked parked);
std::unique_ptr<StoragePort> make_storage(World& world, Oracle& oracle, IsParked parked);

// Of an order, not of an id: who it was made for is in the epoch "0xpN:0".
std::uint32_t purchase_of_epoch(const std::string& epoch);
std::uint8_t id_of_subject(const std::string& subject);
// PaidStays: what is paid at the chain's head, or bought and still open, may not be `what`.
void forbid_if_paid(World& world, std::uint8_t id, std::uint32_t purchase, const std::string& what,
                    const IsParked& parked);

class HostPorts {
public:
    HostPorts(World& world, Oracle& oracle, IsParked parked);
    ~HostPorts();
    [[nodiscard]] Ports ports();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

EngineConfig model_config();

}  // namespace bh::life::model
