#include "kernel/launch/limits.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bh::launch {
namespace {

constexpr std::uint64_t kTrialMemory = std::uint64_t{64} << 20;
constexpr std::uint32_t kTrialProcesses = 7;

bool put(const std::string& path, const std::string& text) {
    const Fd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    return fd.valid() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string first_line(const std::string& path) {
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);
    return line;
}

bool is_directory(const std::string& path) {
    struct stat now{};
    return ::stat(path.c_str(), &now) == 0 && S_ISDIR(now.st_mode);
}

bool make(const std::string& path) { return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

// Where the cgroup2 tree is: alone, or beside cgroup1.
std::string unified_root(const std::string& root) {
    for (const auto& each : {root, root + "/unified"}) {
        if (!first_line(each + "/cgroup.controllers").empty()) return each;
    }
    return {};
}

std::string sentence(const std::vector<std::string>& reasons) {
    std::string text;
    for (const auto& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
    return text;
}

}  // namespace

Result<std::vector<Fd>> Limits::enter(const std::string& name, std::uint64_t memory_bytes,
                                      std::uint32_t max_processes) const {
    std::vector<Fd> doors;
    for (const auto& hierarchy : hierarchies_) {
        const std::string path = hierarchy.path + "/" + name;
        const auto failed = [&](const char* what) {
            return Failure{BH_E_UNAVAILABLE, "cgroup", path + ": cannot " + what + " (" + std::strerror(errno) + ")",
                           1000};
        };
        if (!make(path)) return failed("make the cgroup");
        const std::string none = kind_ == "cgroup2" ? "max" : "-1";
        if (!hierarchy.memory_file.empty() &&
            !put(path + "/" + hierarchy.memory_file, memory_bytes == 0 ? none : std::to_string(memory_bytes))) {
            return failed("set the memory limit");
        }
        if (!hierarchy.processes_file.empty() &&
            !put(path + "/" + hierarchy.processes_file, max_processes == 0 ? "max" : std::to_string(max_processes))) {
            return failed("set the limit of processes");
        }
        Fd door{::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)};
        if (!door.valid()) return failed("open cgroup.procs");
        doors.push_back(std::move(door));
    }
    return doors;
}

void Limits::remove(const std::string& name) const {
    for (const auto& hierarchy : hierarchies_) ::rmdir((hierarchy.path + "/" + name).c_str());
}

Limits Limits::tried(std::string kind, std::vector<Hierarchy> hierarchies, std::vector<std::string>& why) {
    Limits limits;
    limits.kind_ = std::move(kind);
    limits.hierarchies_ = std::move(hierarchies);
    const std::string name = "trial-" + std::to_string(::getpid());
    auto doors = limits.enter(name, kTrialMemory, kTrialProcesses);
    bool inside = false;
    if (doors) {
        const pid_t child = ::fork();
        if (child == 0) {
            for (const Fd& door : *doors) {
                if (::write(door.get(), "0", 1) != 1) ::_exit(1);
            }
            ::_exit(0);
        }
        int status = -1;
        inside = child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
        for (const auto& hierarchy : limits.hierarchies_) {
            const std::string path = hierarchy.path + "/" + name + "/";
            if (!hierarchy.memory_file.empty()) {
                inside = inside && first_line(path + hierarchy.memory_file) == std::to_string(kTrialMemory);
            }
            if (!hierarchy.processes_file.empty()) {
                inside = inside && first_line(path + hierarchy.processes_file) == std::to_string(kTrialProcesses);
            }
        }
        doors->clear();
    }
    limits.remove(name);
    if (inside) return limits;
    why.push_back(limits.kind_ + ": " + (doors ? "a process put there was not limited" : doors.failure().message));
    return {};
}

Limits Limits::find(const std::string& parent, const std::string& root) {
    std::vector<std::string> why;
    if (const std::string unified = unified_root(root); !unified.empty()) {
        const std::string own = unified + "/" + parent;
        const std::string controllers = " " + first_line(unified + "/cgroup.controllers") + " ";
        if (controllers.find(" memory ") == std::string::npos || controllers.find(" pids ") == std::string::npos) {
            why.emplace_back("cgroup2: has no memory and pids controllers here");
        } else if (!put(unified + "/cgroup.subtree_control", "+memory +pids") || !make(own) ||
                   !put(own + "/cgroup.subtree_control", "+memory +pids")) {
            why.push_back(std::string{"cgroup2: the controllers can't be enabled ("} + std::strerror(errno) + ")");
        } else if (auto limits = tried("cgroup2", {{own, "memory.max", "pids.max"}}, why); limits.kind_ != "rlimit") {
            return limits;
        }
    } else {
        why.emplace_back("cgroup2: not mounted with controllers");
    }
    const std::string memory = root + "/memory", pids = root + "/pids";
    if (is_directory(memory) && is_directory(pids) && make(memory + "/" + parent) && make(pids + "/" + parent)) {
        auto limits =
            tried("cgroup1",
                  {{memory + "/" + parent, "memory.limit_in_bytes", ""}, {pids + "/" + parent, "", "pids.max"}}, why);
        if (limits.kind_ != "rlimit") {
            limits.why_ = sentence(why);
            return limits;
        }
    } else {
        why.emplace_back("cgroup1: no writable memory and pids hierarchies");
    }
    Limits none;
    none.why_ = sentence(why);
    return none;
}

}  // namespace bh::launch
