// Machine: its state and its counters.
#include "plugins/hypervisor-qemu/boot_id.hpp"
#include "plugins/hypervisor-qemu/machine.hpp"
#include "plugins/hypervisor-qemu/qmp.hpp"

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <sstream>
#include <utility>

namespace hypervisor_qemu {
namespace {

std::optional<std::string> text_of(const std::string& path) {
    auto text = bh::sdk::read_file(path);
    if (!text) return std::nullopt;
    return std::move(*text);
}

// -1: not available.
std::int64_t number_in(const std::string& path) {
    const auto text = text_of(path);
    std::int64_t value = -1;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

// utime and stime of proc(5), fields 14 and 15, in nanoseconds.
std::int64_t cpu_of(std::int64_t pid) {
    const auto text = text_of("/proc/" + std::to_string(pid) + "/stat");
    if (!text) return -1;
    const std::size_t name_end = text->rfind(')');
    if (name_end == std::string::npos) return -1;
    std::istringstream fields{text->substr(name_end + 1)};
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::int64_t user = 0, system = 0;
    if (!(fields >> user >> system)) return -1;
    return (user + system) * (1000000000 / ::sysconf(_SC_CLK_TCK));
}

std::int64_t resident_of(std::int64_t pid) {
    const auto text = text_of("/proc/" + std::to_string(pid) + "/statm");
    if (!text) return -1;
    std::istringstream fields{*text};
    std::int64_t total = 0, resident = 0;
    if (!(fields >> total >> resident)) return -1;
    return resident * ::sysconf(_SC_PAGESIZE);
}

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
    const std::int64_t pid = (*unit)->pid;
    const std::string counters = "/sys/class/net/" + definition_.spec.network.tap + "/statistics/";
    now.state = BH_VM_RUNNING;
    now.uptime_s = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::time(nullptr)) - (*unit)->since.seconds);
    now.cpu_ns = cpu_of(pid);
    now.memory_used_bytes = resident_of(pid);
    // What the tap sent is what the guest received.
    now.net_rx_bytes = number_in(counters + "tx_bytes");
    now.net_tx_bytes = number_in(counters + "rx_bytes");
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
