#include "kernel/launch/workers.hpp"

#include "kernel/launch/child.hpp"
#include "kernel/launch/process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <iterator>

namespace bh::launch {
namespace {

constexpr std::size_t kDescriptors = 3;

// A unit's cgroup is "instance.unit", and no unit is called "worker": its name is a VM's op_id.
std::string cgroup_of(const std::string& instance) { return instance + ".worker"; }

void add_paths(const WorkerConfig& config, std::vector<std::string>& args) {
    for (const auto& path : config.read) args.push_back("ro:" + path);
    for (const auto& path : config.write) args.push_back("rw:" + path);
}

std::vector<std::string> arguments_of(const WorkerConfig& config, const Limits& limits) {
    // An rlimit counts the user's tasks, those of tools with them; a cgroup holds the worker's alone.
    const std::uint32_t threads = config.threads + (limits.kind() == "rlimit" ? config.tool_tasks : 0);
    std::vector<std::string> args{limits.kind(), std::to_string(config.memory_bytes), std::to_string(threads),
                                  config.local_sockets ? "local" : "none"};
    add_paths(config, args);
    return args;
}

}  // namespace

Workers::~Workers() {
    for (auto& [instance, running] : running_) {
        running.lifeline.reset();
        ::kill(running.pid, SIGKILL);
        ::waitpid(running.pid, nullptr, 0);
    }
}

Result<pid_t> Workers::start(const std::string& instance, const WorkerConfig& config, const Limits& limits,
                             std::span<const Fd> fds) {
    if (fds.size() != kDescriptors) return invalid("bad_fds", "a worker is started with three descriptors");
    const std::scoped_lock lock{mutex_};
    if (auto ended = end_locked(instance, config, limits); !ended) return ended.failure();
    // The watching process is no thread of the plugin's.
    auto doors = limits.enter(cgroup_of(instance), config.memory_bytes, config.threads + 2);
    if (!doors) return doors.failure();
    int lifeline[2];
    if (::pipe2(lifeline, O_CLOEXEC) != 0)
        return Failure{BH_E_UNAVAILABLE, "descriptors", "no descriptors left for a worker", 1000};
    const Fd far_end{lifeline[0]};
    Fd near_end{lifeline[1]};
    Child child;
    child.program = program_;
    child.args = arguments_of(config, limits);
    child.fds = {-1, -1, -1, fds[0].get(), fds[1].get(), fds[2].get(), far_end.get()};
    for (const Fd& door : *doors) child.doors.push_back(door.get());
    child.drop_to = true;
    child.dies_with_thread = false;
    child.uid = config.uid;
    child.gid = gid_;
    const auto pid = start_child(child);
    if (!pid) return pid.failure();
    running_[instance] = {*pid, std::move(near_end)};
    return *pid;
}

void Workers::confine(ToolRun& run, const WorkerConfig& config) const {
    std::vector<std::string> args{"tool"};
    add_paths(config, args);
    args.emplace_back("--");
    args.push_back(run.program);
    args.insert(args.end(), std::make_move_iterator(run.args.begin()), std::make_move_iterator(run.args.end()));
    run.program = program_;
    run.args = std::move(args);
    run.uid = config.uid;
    run.gid = gid_;
}

Status Workers::end_locked(const std::string& instance, const WorkerConfig& config, const Limits& limits) {
    if (const auto it = running_.find(instance); it != running_.end()) {
        // Not reaped yet, so the number is still its own.
        ::kill(it->second.pid, SIGKILL);
        ::waitpid(it->second.pid, nullptr, 0);
        running_.erase(it);
    }
    if (auto ended = end_all_of(config.uid); !ended) return ended;
    limits.remove(cgroup_of(instance));
    return {};
}

Status Workers::end(const std::string& instance, const WorkerConfig& config, const Limits& limits) {
    const std::scoped_lock lock{mutex_};
    return end_locked(instance, config, limits);
}

}  // namespace bh::launch
