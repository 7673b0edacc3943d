#include "pam/helper/machine.hpp"

#include "pam/guest/files.hpp"

#include <time.h>

namespace bh::guest {
namespace {

constexpr std::size_t kMaxTable = 4 << 20;
constexpr std::uint64_t kStartingSeconds = 180;  // a boot under emulation takes no longer

}  // namespace

bool listens_on_ssh(std::string_view table) {
    // "   0: 00000000:0016 00000000:0000 0A ...": local address, remote address, state (0A = LISTEN).
    while (!table.empty()) {
        const std::string_view line = table.substr(0, table.find('\n'));
        table.remove_prefix(std::min(table.size(), line.size() + 1));
        const auto port = line.find(":0016 ");
        if (port != std::string_view::npos && line.substr(port).find(":0000 0A ") != std::string_view::npos)
            return true;
    }
    return false;
}

Machine look_at_machine() {
    Machine machine;
    if (const auto id = read_file("/proc/sys/kernel/random/boot_id", 64)) machine.boot_id = id->substr(0, 36);
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    machine.uptime_s = static_cast<std::uint64_t>(now.tv_sec);
    bool listening = false;
    for (const char* table : {"/proc/net/tcp6", "/proc/net/tcp"}) {
        const auto text = read_file(table, kMaxTable);
        listening = listening || (text && listens_on_ssh(*text));
    }
    machine.sshd = listening ? "listening" : machine.uptime_s < kStartingSeconds ? "starting" : "stopped";
    return machine;
}

}  // namespace bh::guest
