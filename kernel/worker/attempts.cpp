#include "kernel/worker/attempts.hpp"

#include "kernel/ipc/fd.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

namespace bh::worker {
namespace {

constexpr std::size_t kMostOfPath = 512;

// What build_root() puts there, to be read.
constexpr std::array<std::string_view, 13> kThere = {"/usr",
                                                     "/bin",
                                                     "/sbin",
                                                     "/lib",
                                                     "/lib32",
                                                     "/lib64",
                                                     "/dev/random",
                                                     "/dev/urandom",
                                                     "/etc/ld.so.cache",
                                                     "/etc/localtime",
                                                     "/etc/ssl/certs",
                                                     "/proc/self",
                                                     "/proc/sys/kernel/random/boot_id"};
constexpr std::array<std::string_view, 4> kWritable = {"/tmp", "/dev/null", "/dev/zero", "/proc/self/fd"};
// What libraries and runtimes of languages look for, and do without: no news, and it would bury what is.
constexpr std::array<std::string_view, 17> kHarmless = {"/etc/ld.so.preload",
                                                        "/etc/nsswitch.conf",
                                                        "/etc/resolv.conf",
                                                        "/etc/hosts",
                                                        "/etc/host.conf",
                                                        "/etc/gai.conf",
                                                        "/etc/services",
                                                        "/etc/ssl/openssl.cnf",
                                                        "/etc/ssl/cert.pem",
                                                        "/etc/pki",
                                                        "/proc/cpuinfo",
                                                        "/proc/filesystems",
                                                        "/proc/meminfo",
                                                        "/proc/stat",
                                                        "/proc/sys/vm/overcommit_memory",
                                                        "/sys/devices/system/cpu",
                                                        "/sys/kernel/mm/transparent_hugepage"};

bool within(std::string_view path, std::string_view place) {
    return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}
template <class Places>
bool within_any(std::string_view path, const Places& places) {
    return std::ranges::any_of(places, [&](std::string_view place) { return within(path, place); });
}

// Bytes of another process. -> how many.
std::size_t read_memory(int proc, pid_t pid, std::uint64_t address, void* out, std::size_t size) {
    const Fd memory{::openat(proc, (std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC)};
    if (!memory.valid()) return 0;
    const ssize_t got = ::pread(memory.get(), out, size, static_cast<off_t>(address));
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string read_path(int proc, pid_t pid, std::uint64_t address) {
    std::array<char, kMostOfPath> text{};
    // A page at most at a time: the next one may not be there.
    constexpr std::uint64_t kPage = 4096;
    const std::size_t first = std::min<std::size_t>(text.size(), kPage - address % kPage);
    std::size_t got = read_memory(proc, pid, address, text.data(), first);
    if (got == first && std::find(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(got), '\0') ==
                            text.begin() + static_cast<std::ptrdiff_t>(got))
        got += read_memory(proc, pid, address + first, text.data() + first, text.size() - first);
    const auto end = std::find(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(got), '\0');
    return {text.begin(), end};
}

// A number of /proc/PID/status; 0 if it is not there.
std::uint64_t status_number(int proc, pid_t pid, std::string_view name) {
    const Fd file{::openat(proc, (std::to_string(pid) + "/status").c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> block{};
    const ssize_t size = file.valid() ? ::read(file.get(), block.data(), block.size()) : 0;
    const std::string_view text{block.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
    const auto at = text.find("\n" + std::string{name});
    const auto from = at == std::string_view::npos ? at : text.find_first_of("0123456789", at);
    std::uint64_t number = 0;
    if (from != std::string_view::npos) std::from_chars(text.data() + from, text.data() + text.size(), number);
    return number;
}

}  // namespace

bool opens_file(int call) { return call == SYS_open || call == SYS_openat || call == SYS_openat2 || call == SYS_creat; }

std::string attempt_on(const Plan& plan, const std::string& path, bool write) {
    if (path.empty()) return {};
    // The worker stays in "/".
    const std::string name = std::filesystem::path{path.front() == '/' ? path : "/" + path}.lexically_normal().string();
    // Of granted paths the inner one has the say.
    const Plan::Path* granted = nullptr;
    for (const auto& place : plan.paths) {
        if (within(name, place.path) && (granted == nullptr || place.path.size() > granted->path.size()))
            granted = &place;
    }
    if (granted != nullptr ? granted->write || !write : within_any(name, kWritable)) return {};
    if (write) {
        const auto folder = std::filesystem::path{name}.parent_path();
        for (const auto& place : plan.paths) {
            if (place.write && std::filesystem::path{place.path}.parent_path() == folder)
                return "write " + name + " (there launch.yaml grants " + place.path +
                       " alone: if the plugin makes or replaces files, grant it the directory in worker.write)";
        }
        return "write " + name;
    }
    // Directories on the way to what is there.
    const auto leads_to = [&](std::string_view place) { return name == "/" || within(place, name); };
    if (within_any(name, kThere) || within_any(name, kHarmless) || std::ranges::any_of(kThere, leads_to) ||
        std::ranges::any_of(plan.paths, [&](const Plan::Path& place) { return leads_to(place.path); }))
        return {};
    return "open " + name;
}

std::string attempt_of(const Plan& plan, int proc, pid_t pid, const seccomp_data& call) {
    const bool at = call.nr == SYS_openat || call.nr == SYS_openat2;
    std::uint64_t flags = call.args[at ? 2 : 1];
    if (call.nr == SYS_creat) flags = O_WRONLY | O_CREAT;
    if (call.nr == SYS_openat2) {
        open_how how{};
        if (read_memory(proc, pid, call.args[2], &how, sizeof how) != sizeof how) return {};
        flags = how.flags;
    }
    const std::string path = read_path(proc, pid, call.args[at ? 1 : 0]);
    // Below a directory that it has open: that one was looked at when it was opened.
    if (at && static_cast<int>(call.args[0]) != AT_FDCWD && !path.starts_with('/')) return {};
    return attempt_on(plan, path, (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
}

std::vector<std::string> limits_reached(const Plan& plan, int proc, pid_t pid) {
    constexpr std::uint64_t kKibibyte = 1024, kAlmost = 8;  // an eighth of it left is too little for most blocks
    std::vector<std::string> reached;
    if (plan.max_threads != 0 && status_number(proc, pid, "Threads:") >= plan.max_threads)
        reached.push_back("its limit of " + std::to_string(plan.max_threads) + " threads");
    if (plan.rlimits && plan.memory_bytes != 0 &&
        status_number(proc, pid, "VmData:") * kKibibyte >= plan.memory_bytes - plan.memory_bytes / kAlmost)
        reached.push_back("its limit of " + std::to_string(plan.memory_bytes >> 20U) + " MiB of memory");
    const Fd place{::openat(proc, (std::to_string(pid) + "/root/tmp").c_str(), O_PATH | O_CLOEXEC)};
    struct statvfs scratch{};
    if (place.valid() && ::fstatvfs(place.get(), &scratch) == 0 && scratch.f_blocks != 0 && scratch.f_bfree == 0)
        reached.push_back("its " + std::to_string(kScratchBytes >> 20U) + " MiB of /tmp");
    return reached;
}

}  // namespace bh::worker
