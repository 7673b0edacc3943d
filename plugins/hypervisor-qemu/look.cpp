// Machine: its state and its counters.
#include "plugins/hypervisor-qemu/boot_id.hpp"
#include "plugins/hypervisor-qemu/machine.hpp"
#include "plugins/hypervisor-qemu/qmp.hpp"

#include <algorithm>
#include <ctime>

namespace hypervisor_qemu {
namespace {

struct Blocks {
    std::int64_t read = -1, written = -1;
};

Blocks blocks_of(const nlohmann::json& devices) {
    if (!devices.is_array()) return {};
    Blocks sum{0, 0};
    for (const auto& device : devices) {
        const auto stats = device.is_object() ? device.find("stats") : device.end();
        if (!device.is_object() || stats == device.end() || !stats->is_object()) continue;
        sum.read += stats->value("rd_bytes", std::int64_t{0});
        sum.written += stats->value("wr_bytes", std::int64_t{0});
    }
    return sum;
}

std::string state_of_run(const nlohmann::json& status) {
    const std::string text = status.is_object() ? status.value("status", "") : "";
    const bool paused = text == "paused" || text == "io-error" || text == "suspended" || text == "internal-error";
    return paused ? "paused" : "running";
}

}  // namespace

std::string Machine::stopped_by(const bh::Result<bh::Unit>& unit) const {
    if (definition_.boot_id.empty()) return "";  // never started
    if (definition_.stop.wanted) return "host";
    if (!unit || definition_.boot_id != machine_boot_id()) return "host";  // the machine was rebooted
    return unit->exit_code == 0 ? "guest" : "error";
}

bh::Result<bh::Vm> Machine::look() {
    const auto unit = kernel_.launch().status(definition_.vm);
    if (!unit && unit.failure().code != BH_E_NOT_FOUND) return unit.failure();
    bh::Vm vm;
    vm.vm = definition_.vm;
    vm.created_by = definition_.vm;
    vm.name = definition_.spec.name;
    vm.tags = definition_.spec.tags;
    vm.tap = definition_.spec.network.tap;
    vm.mac = definition_.spec.network.mac;
    vm.address = definition_.spec.network.address;
    for (const auto& volume : definition_.spec.volumes) vm.volumes.push_back(volume.volume);
    vm.state = "stopped";
    if (!unit || unit->state != "running") {
        vm.stopped_by = stopped_by(unit);
        return vm;
    }
    vm.state = "running";
    vm.started_at = unit->since;
    // Whoever uses the monitor now knows better; this look is not worth a wait.
    const std::unique_lock lock{sessions_.monitor, std::try_to_lock};
    if (!lock) return vm;
    if (const auto status = qmp(paths_.qmp(), "query-status")) vm.state = state_of_run(*status);
    return vm;
}

bh::Result<bh_vm_stats> Machine::stats() {
    const auto unit = running();
    if (!unit) return unit.failure();
    bh_vm_stats now{sizeof(bh_vm_stats), BH_VM_STOPPED, -1, -1, -1, -1, -1, -1, -1};
    if (!*unit) return now;
    now.state = BH_VM_RUNNING;
    now.uptime_s = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::time(nullptr)) - (*unit)->since.seconds);
    now.cpu_ns = (*unit)->cpu_ns.value_or(-1);
    now.memory_used_bytes = (*unit)->memory_bytes.value_or(-1);
    now.net_rx_bytes = (*unit)->net_rx_bytes.value_or(-1);
    now.net_tx_bytes = (*unit)->net_tx_bytes.value_or(-1);
    const std::scoped_lock guard{sessions_.counters};
    now.disk_read_bytes = sessions_.last.disk_read_bytes;
    now.disk_write_bytes = sessions_.last.disk_write_bytes;
    if (const std::unique_lock lock{sessions_.monitor, std::try_to_lock}; lock) {
        if (const auto devices = qmp(paths_.qmp(), "query-blockstats")) {
            const Blocks blocks = blocks_of(*devices);
            now.disk_read_bytes = blocks.read;
            now.disk_write_bytes = blocks.written;
        }
    }
    sessions_.last = now;
    return now;
}

}  // namespace hypervisor_qemu
