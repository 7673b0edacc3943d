#include "kernel/launch/usage.hpp"

#include "plugin-api/documents/launch.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace bh::launch {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

std::string line_of(const std::string& path) {
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);
    return line;
}

std::optional<std::int64_t> number_of(const std::string& path) {
    const std::string line = line_of(path);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    return error == std::errc{} ? std::optional{value} : std::nullopt;
}

// utime and stime of proc(5), fields 14 and 15. The name, field 2, may hold anything, also brackets.
std::optional<std::int64_t> cpu_of(const std::string& process) {
    const std::string line = line_of(process + "/stat");
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields{line.substr(name_end + 1)};
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::int64_t user = 0, system = 0;
    if (!(fields >> user >> system)) return std::nullopt;
    return (user + system) * (kNanoseconds / ::sysconf(_SC_CLK_TCK));
}

std::optional<std::int64_t> resident_of(const std::string& process) {
    std::istringstream fields{line_of(process + "/statm")};
    std::int64_t total = 0, resident = 0;
    if (!(fields >> total >> resident)) return std::nullopt;
    return resident * ::sysconf(_SC_PAGESIZE);
}

std::string tap_of(const std::string& spec) {
    const auto parsed = parse_unit_spec(spec);
    if (!parsed) return {};
    const auto tap = std::ranges::find_if(parsed->fds, [](const UnitFd& fd) { return !fd.tap.empty(); });
    return tap == parsed->fds.end() ? std::string{} : tap->tap;
}

}  // namespace

Usage usage_of_unit(pid_t pid, const std::string& spec) {
    const std::string process = "/proc/" + std::to_string(pid);
    Usage usage{cpu_of(process), resident_of(process), {}, {}};
    const std::string tap = tap_of(spec);
    if (tap.empty()) return usage;
    // What the tap sent is what the unit received.
    const std::string counters = "/sys/class/net/" + tap + "/statistics/";
    usage.net_rx_bytes = number_of(counters + "tx_bytes");
    usage.net_tx_bytes = number_of(counters + "rx_bytes");
    return usage;
}

}  // namespace bh::launch
