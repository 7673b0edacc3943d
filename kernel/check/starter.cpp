#include "kernel/check/starter.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string>

namespace bh::check {
namespace {

constexpr int kEndPatienceMs = 5000;
constexpr int kAboveTargets = 16;
const std::array<const char*, 3> kEnvironment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", nullptr};

Failure no_descriptors() { return {BH_E_UNAVAILABLE, "descriptors", "no descriptors left for a worker", 1000}; }

// {read, write}
bool make_pipe(Fd& read, Fd& write) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = Fd{ends[0]};
    write = Fd{ends[1]};
    return true;
}

// posix_spawn() with these descriptors as 0, -1 (this process's own), -1, 3, 4 ...; everything else is closed.
int spawn(pid_t& pid, const std::string& program, const std::vector<std::string>& arguments,
          const std::vector<Fd>& targets) {
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (std::size_t i = 0; i < targets.size(); ++i)
        if (targets[i].valid()) posix_spawn_file_actions_adddup2(&actions, targets[i].get(), static_cast<int>(i));
    posix_spawn_file_actions_addclosefrom_np(&actions, static_cast<int>(targets.size()));
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(),
                                    const_cast<char* const*>(kEnvironment.data()));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

void kill_children(pid_t pid) {
    const std::string number = std::to_string(pid);
    std::ifstream children{"/proc/" + number + "/task/" + number + "/children"};
    for (pid_t child = 0; children >> child;) ::kill(child, SIGKILL);
}

}  // namespace

Result<worker::Starter::Started> DirectStarter::start(const std::string&, int control, int report, int plugin) {
    const std::scoped_lock lock{mutex_};
    if (auto ended = end_locked(); !ended) return ended.failure();
    Fd input, far_end, near_end;
    if (!make_pipe(input, readers_) || !make_pipe(far_end, near_end)) return no_descriptors();
    std::vector<Fd> targets;
    for (const int fd : {input.get(), -1, -1, control, report, plugin, far_end.get()}) {
        // Above every target, so that none is overwritten before it was taken.
        targets.emplace_back(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, kAboveTargets));
        if (fd >= 0 && !targets.back().valid()) return no_descriptors();
    }
    pid_t pid = -1;
    if (const int error = spawn(pid, program_, arguments_, targets); error != 0)
        return Failure{BH_E_UNAVAILABLE, "no_worker", program_ + " can't be started: " + std::strerror(error)};
    pid_ = pid;
    lifeline_ = std::move(near_end);
    return Started{pid, "rlimit", "there is no launcher, so no cgroup and no user of its own"};
}

Status DirectStarter::end_locked() {
    if (pid_ < 0) return {};
    // The plugin's process first: without the one that watches over it its system calls fail, and it could answer so
    // before it ends.
    kill_children(pid_);
    // Not reaped yet, so the number is still its own.
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    lifeline_.reset();
    pollfd gone{readers_.get(), 0, 0};
    if (::poll(&gone, 1, kEndPatienceMs) != 1)
        return Failure{BH_E_UNAVAILABLE, "worker_stays", "a process of the worker can't be ended", 1000};
    readers_.reset();
    return {};
}

Status DirectStarter::end(const std::string&) {
    const std::scoped_lock lock{mutex_};
    return end_locked();
}

}  // namespace bh::check
