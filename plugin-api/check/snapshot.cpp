#include "plugin-api/check/snapshot.hpp"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

extern char** environ;

namespace bh::check {
namespace {

namespace fs = std::filesystem;

std::set<int> numbers_in(const char* folder) {
    std::set<int> numbers;
    for (const auto& entry : fs::directory_iterator{folder}) numbers.insert(std::stoi(entry.path().filename()));
    return numbers;
}

std::string line_of_status(const std::string& key) {
    std::ifstream file{"/proc/self/status"};
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key + ":")) return line.substr(key.size() + 1);
    return "";
}

std::map<int, std::string> open_files() {
    std::map<int, std::string> files;
    for (const int fd : numbers_in("/proc/self/fd")) {
        std::error_code gone;
        const auto target = fs::read_symlink("/proc/self/fd/" + std::to_string(fd), gone);
        // The iterator's own.
        if (!gone && ::fcntl(fd, F_GETFD) >= 0) files[fd] = target;
    }
    return files;
}

std::set<int> child_processes() {
    std::set<int> children;
    for (const int thread : numbers_in("/proc/self/task")) {
        std::ifstream file{"/proc/self/task/" + std::to_string(thread) + "/children"};
        for (int pid = 0; file >> pid;) children.insert(pid);
    }
    return children;
}

std::string handler_of(int number) {
    struct sigaction action{};
    if (sigaction(number, nullptr, &action) != 0) return "";
    std::ostringstream text;
    text << reinterpret_cast<void*>(action.sa_sigaction) << ' ' << action.sa_flags;
    return text.str();
}

std::string signal_name(int number) {
    const char* name = ::sigabbrev_np(number);
    return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(number);
}

}  // namespace

Snapshot Snapshot::take() {
    Snapshot now;
    for (int number = 1; number < NSIG; ++number) now.signals[number] = handler_of(number);
    now.signal_mask = line_of_status("SigBlk");
    now.umask = line_of_status("Umask");
    now.cwd = fs::current_path();
    now.locale = ::setlocale(LC_ALL, nullptr);
    for (char** entry = environ; *entry != nullptr; ++entry) now.environment.emplace_back(*entry);
    for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
        rlimit limit{};
        ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
        now.limits[resource] = {limit.rlim_cur, limit.rlim_max};
    }
    now.threads = numbers_in("/proc/self/task");
    now.children = child_processes();
    now.files = open_files();
    return now;
}

std::vector<std::string> differences(const Snapshot& before, const Snapshot& after, bool ongoing) {
    std::vector<std::string> found;
    for (const auto& [number, handler] : before.signals)
        if (after.signals.at(number) != handler) found.push_back("installed a handler for " + signal_name(number));
    if (before.signal_mask != after.signal_mask) found.emplace_back("changed the signal mask");
    if (before.umask != after.umask) found.emplace_back("changed the umask");
    if (before.cwd != after.cwd) found.push_back("changed the working directory to " + after.cwd);
    if (before.locale != after.locale) found.push_back("changed the locale to " + after.locale);
    if (before.environment != after.environment) found.emplace_back("changed the environment");
    if (before.limits != after.limits) found.emplace_back("changed a resource limit");
    for (const int pid : after.children)
        if (!before.children.contains(pid)) found.push_back("left the process " + std::to_string(pid));
    for (const auto& [fd, what] : before.files)
        if (!after.files.contains(fd)) found.push_back("closed the foreign descriptor " + std::to_string(fd));
    if (ongoing) return found;
    for (const auto& [fd, what] : after.files)
        if (!before.files.contains(fd)) found.push_back("leaked the descriptor " + std::to_string(fd) + ", " + what);
    const auto leaked = std::count_if(after.threads.begin(), after.threads.end(),
                                      [&](int thread) { return !before.threads.contains(thread); });
    if (leaked > 0) found.push_back("leaked " + std::to_string(leaked) + (leaked == 1 ? " thread" : " threads"));
    return found;
}

std::vector<std::string> inheritable(const Snapshot& before, const Snapshot& after) {
    std::vector<std::string> found;
    for (const auto& [fd, what] : after.files) {
        const int flags = ::fcntl(fd, F_GETFD);
        if (!before.files.contains(fd) && flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(what);
    }
    return found;
}

}  // namespace bh::check
