// Machine: starting, stopping and destroying.
#include "plugins/hypervisor-qemu/boot_id.hpp"
#include "plugins/hypervisor-qemu/machine.hpp"
#include "plugins/hypervisor-qemu/qmp.hpp"
#include "plugins/hypervisor-qemu/seed.hpp"

#include <csignal>
#include <ctime>
#include <filesystem>
#include <thread>

namespace hypervisor_qemu {
namespace {

using namespace std::chrono_literals;

// How long a verb may hold its thread while something that takes milliseconds happens.
constexpr auto kMonitorTime = 3000ms;
constexpr auto kEndTime = 2000ms;
constexpr auto kLook = 10ms;
constexpr std::uint32_t kSoon = 200, kLater = 1000;
// The rungs of the ladder after the guest's time is over.
constexpr std::int64_t kQuitSeconds = 10;

std::int64_t now_seconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

}  // namespace

bh::Result<std::optional<bh::Unit>> Machine::running() const {
    auto unit = kernel_.launch().status(definition_.vm);
    if (!unit && unit.failure().code == BH_E_NOT_FOUND) return std::optional<bh::Unit>{};
    if (!unit) return unit.failure();
    if (unit->state != "running") return std::optional<bh::Unit>{};
    return std::optional{std::move(*unit)};
}

bh::Status Machine::start(const bh::sdk::Call& call, Acceleration& acceleration) {
    const auto before = running();
    if (!before) return before.failure();
    if (!*before) {
        const auto accelerator = acceleration.decide(definition_.vm, definition_.spec, paths_);
        if (!accelerator) return accelerator.failure();
        if (const auto stop = call.stop()) return *stop;
        if (auto made = make_run_directory(paths_.run); !made) return made;
        if (auto written = write_seed(paths_.seed(), definition_.spec.first_boot); !written) return written;
        // From here on an end of the process is the guest's doing, or a fault.
        definition_.stop = {};
        definition_.boot_id = machine_boot_id();
        if (auto saved = definitions_.save(definition_); !saved) return saved;
        auto started = kernel_.launch().start(definition_.vm, unit_spec(definition_.spec, paths_, *accelerator));
        if (!started) return started.failure();
    } else if (definition_.stop.wanted) {
        return bh::Failure{BH_E_BUSY, "stopping", "the VM is being shut down: start it when it is off", kLater};
    }
    return await_monitor(call);
}

// QEMU that can't open a disk ends within milliseconds: seen here, not by the first who asks for the guest.
bh::Status Machine::await_monitor(const bh::sdk::Call& call) {
    const auto deadline = std::chrono::steady_clock::now() + kMonitorTime;
    for (;;) {
        if (tell("query-status")) return {};
        const auto unit = kernel_.launch().status(definition_.vm);
        if (!unit) return unit.failure();
        if (unit->state == "ended") {
            const std::string how = unit->exit_code ? "code " + std::to_string(*unit->exit_code) : "a signal";
            return bh::Failure{BH_E_UNAVAILABLE, "qemu_ended",
                               "QEMU ended with " + how + " when it was started: the launcher's log has its words",
                               kLater};
        }
        if (const auto stop = call.stop()) return *stop;
        if (std::chrono::steady_clock::now() > deadline) return bh::sdk::pending(kSoon, "QEMU starts");
        std::this_thread::sleep_for(kLook);
    }
}

bh::Status Machine::tell(const char* command) {
    const std::scoped_lock lock{sessions_.monitor};
    const auto answer = qmp(paths_.qmp(), command);
    if (!answer) return answer.failure();
    return {};
}

bh::Status Machine::want_stopped() {
    if (definition_.stop.wanted && definition_.stop.boot_id == machine_boot_id()) return {};
    definition_.stop = {true, {now_seconds()}, machine_boot_id()};
    return definitions_.save(definition_);
}

bh::Status Machine::kill() {
    auto sent = kernel_.launch().signal(definition_.vm, SIGKILL);
    if (!sent && sent.failure().code != BH_E_NOT_FOUND) return sent;
    const auto deadline = std::chrono::steady_clock::now() + kEndTime;
    for (;;) {
        const auto still = running();
        if (!still) return still.failure();
        if (!*still) return {};
        if (std::chrono::steady_clock::now() > deadline) return bh::sdk::pending(kSoon, "QEMU ends");
        std::this_thread::sleep_for(kLook);
    }
}

// The ladder: the guest's power button, again and again (a guest that is still booting does not hear it), then QEMU is
// asked to end, then it is ended. Each call is one look and one push.
bh::Status Machine::shutdown(const bh::sdk::Call&) {
    const auto now = running();
    if (!now) return now.failure();
    if (auto saved = want_stopped(); !saved) return saved;
    if (!*now) return {};
    const std::int64_t waited = std::max<std::int64_t>(0, now_seconds() - definition_.stop.since.seconds);
    const std::int64_t grace = grace_s_;
    if (waited < grace) {
        // A monitor that does not answer is no reason to stop waiting for the guest.
        (void)tell("system_powerdown");
        return bh::sdk::pending(kLater, "the guest shuts down");
    }
    if (waited < grace + kQuitSeconds && tell("quit"))
        return bh::sdk::pending(kSoon, "the guest did not shut down in time: QEMU ends");
    return kill();
}

bh::Status Machine::off(const bh::sdk::Call&) {
    const auto now = running();
    if (!now) return now.failure();
    if (auto saved = want_stopped(); !saved) return saved;
    if (!*now) return {};
    // Asked first, so that what QEMU holds of the disks is written.
    if (tell("quit")) {
        const auto deadline = std::chrono::steady_clock::now() + kEndTime;
        while (std::chrono::steady_clock::now() < deadline) {
            const auto still = running();
            if (!still) return still.failure();
            if (!*still) return {};
            std::this_thread::sleep_for(kLook);
        }
    }
    return kill();
}

bh::Status Machine::reset(const bh::sdk::Call& call) {
    constexpr std::string_view kMark = "reset";
    if (definition_.last_reset == call.op_id()) return {};
    if (call.checkpoint() == kMark) {
        return bh::Failure{BH_E_UNKNOWN_OUTCOME, "reset_unclear",
                           "the VM may have been reset already: look at its uptime before it is reset again"};
    }
    const auto now = running();
    if (!now) return now.failure();
    if (!*now) return bh::invalid("not_running", "the VM is stopped: start it instead");
    if (const auto stop = call.stop()) return *stop;
    if (auto saved = call.save(kMark); !saved) return saved;
    if (auto told = tell("system_reset"); !told) {
        return bh::Failure{BH_E_UNKNOWN_OUTCOME, "reset_unclear",
                           "the monitor did not confirm the reset: " + told.failure().message};
    }
    definition_.last_reset = call.op_id();
    return definitions_.save(definition_);
}

bh::Status Machine::destroy(const bh::sdk::Call&) {
    const auto now = running();
    if (!now) return now.failure();
    if (*now) {
        if (auto saved = want_stopped(); !saved) return saved;
        if (auto ended = kill(); !ended) return ended;
    }
    std::error_code error;
    std::filesystem::remove_all(paths_.run, error);
    if (error) {
        return bh::Failure{BH_E_UNAVAILABLE, "file", "cannot remove " + paths_.run + ": " + error.message(), kLater};
    }
    // The definition last: as long as anything is left, the VM is listed.
    return definitions_.remove(definition_.vm);
}

}  // namespace hypervisor_qemu
