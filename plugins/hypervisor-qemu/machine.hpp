// One VM as it runs: its unit, its monitor, its sockets. Power, state and counters; the definition and the launcher's
// status are the truth, this class only looks and acts. One power verb per VM at a time; looking may overlap with it.
#pragma once

#include "plugins/hypervisor-qemu/acceleration.hpp"
#include "plugins/hypervisor-qemu/guest_channel.hpp"

#include "plugin-api/sdk/cpp/call.hpp"

#include <memory>
#include <optional>

namespace hypervisor_qemu {

// What of a VM can't be on disk: who uses its sockets now. Shared by all threads.
struct Sessions {
    std::mutex monitor;  // QEMU takes one client
    std::mutex guest;
    GuestChannel channel;  // under `guest`
    std::mutex counters;
    bh_vm_stats last{};  // under `counters`
};

class Machine {
public:
    Machine(Definition definition, const Definitions& definitions, std::string run, std::uint32_t grace_s,
            bh::sdk::Kernel kernel, Sessions& sessions)
        : definition_{std::move(definition)},
          definitions_{definitions},
          grace_s_{grace_s},
          kernel_{kernel},
          sessions_{sessions},
          paths_{std::move(run)} {}

    bh::Status start(const bh::sdk::Call& call, Acceleration& acceleration);
    bh::Status shutdown(const bh::sdk::Call& call);  // BH_PENDING until the guest is off
    bh::Status off(const bh::sdk::Call& call);
    bh::Status reset(const bh::sdk::Call& call);
    bh::Status destroy(const bh::sdk::Call& call);

    // vm.json without what only the plugin knows (its instance).
    bh::Result<bh::Vm> look();
    bh::Result<bh_vm_stats> stats();

    [[nodiscard]] const Paths& paths() const { return paths_; }
    // nullopt: it does not run.
    bh::Result<std::optional<bh::Unit>> running() const;

private:
    bh::Status want_stopped();
    bh::Status kill();
    bh::Status tell(const char* command);
    bh::Status await_monitor(const bh::sdk::Call& call);
    [[nodiscard]] std::string stopped_by(const bh::Result<bh::Unit>& unit) const;

    Definition definition_;
    const Definitions& definitions_;
    std::uint32_t grace_s_;
    bh::sdk::Kernel kernel_;
    Sessions& sessions_;
    Paths paths_;
};

}  // namespace hypervisor_qemu
