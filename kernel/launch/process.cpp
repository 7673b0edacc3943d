#include "kernel/launch/process.hpp"

#include "kernel/ipc/fd.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace bh::launch {
namespace {

using namespace std::chrono_literals;

constexpr auto kEndTime = 10s;
constexpr auto kLook = 5ms;

bool lives(pid_t pid, std::uint64_t start_time) {
    const ProcessStat now = process_stat(pid);
    return now.state != 0 && now.state != 'X' && now.start_time == start_time;
}

// The real uid and the state of a process, from /proc/PID/status.
bool runs_as(pid_t pid, uid_t uid) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    bool zombie = false;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("State:")) zombie = line.find("Z (") != std::string::npos;
        if (line.starts_with("Uid:")) return !zombie && std::stoul(line.substr(4)) == uid;
    }
    return false;
}

std::vector<pid_t> processes_of(uid_t uid) {
    std::vector<pid_t> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", error}) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad == std::errc{} && end == name.data() + name.size() && runs_as(pid, uid)) found.push_back(pid);
    }
    return found;
}

}  // namespace

UnitState state_of(ReadRecord read, RunRecord& record) {
    char boot[kBootIdSize];
    read_boot_id(boot);
    if (read == ReadRecord::kMissing || std::strcmp(boot, record.boot_id) != 0) return UnitState::kNever;
    if (!record.running) return UnitState::kEnded;
    // A zombie is still "running" while its supervisor is about to record its end; without one nobody will.
    const ProcessStat now = process_stat(record.pid);
    if (lives(record.pid, record.start_time) &&
        (now.state != 'Z' || lives(record.supervisor, record.supervisor_start))) {
        return UnitState::kRunning;
    }
    record.running = false;
    return UnitState::kEnded;
}

Status signal_process(const RunRecord& record, int number) {
    const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, record.pid, 0))};
    // Opened first, looked at second: from here on the descriptor can't come to mean another process.
    if (!process.valid() || !lives(record.pid, record.start_time)) return {};
    if (::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0) != 0 && errno != ESRCH) {
        return Failure{BH_E_INTERNAL, "signal", std::string{"the signal was refused: "} + std::strerror(errno)};
    }
    return {};
}

Status end_all_of(uid_t uid) {
    const auto deadline = std::chrono::steady_clock::now() + kEndTime;
    for (;;) {
        const auto left = processes_of(uid);
        if (left.empty()) return {};
        for (const pid_t pid : left) {
            const Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
            if (process.valid() && runs_as(pid, uid))
                ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
        }
        if (std::chrono::steady_clock::now() > deadline) {
            return Failure{BH_E_BUSY, "not_ended", "processes of user " + std::to_string(uid) + " do not end", 1000};
        }
        std::this_thread::sleep_for(kLook);  // there is no descriptor that says "the last process of a uid is gone"
    }
}

}  // namespace bh::launch
