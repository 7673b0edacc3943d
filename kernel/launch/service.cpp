#include "kernel/launch/service.hpp"

#include "kernel/launch/paths.hpp"
#include "kernel/launch/process.hpp"
#include "kernel/launch/starter.hpp"
#include "kernel/launch/tool.hpp"
#include "kernel/launch/usage.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>
#include <thread>

namespace bh::launch {
namespace {

constexpr std::size_t kPage = 100;
constexpr auto kEndingTime = std::chrono::seconds{2};
constexpr auto kLockLook = std::chrono::milliseconds{5};

Failure not_listed(const std::string& what, const std::string& name, const std::string& instance) {
    return {BH_E_DENIED, "not_listed",
            what + " \"" + name + "\" is not listed for the instance \"" + instance + "\" in launch.yaml"};
}

// Free while no supervisor of the unit lives: it holds the lock from before its unit runs until after its end is
// recorded.
Result<Fd> lock_unit(int directory, const std::string& unit) {
    Fd lock{::openat(directory, (unit + ".lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!lock.valid()) return Failure{BH_E_UNAVAILABLE, "launcher_state", "cannot lock the unit " + unit, 1000};
    // A supervisor that has recorded the end still has a few instructions to go.
    const auto deadline = std::chrono::steady_clock::now() + kEndingTime;
    while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            return Failure{BH_E_BUSY, "unit_ending", "the unit " + unit + " is starting or ending", 200};
        }
        std::this_thread::sleep_for(kLockLook);
    }
    return lock;
}

// What the unit wrote to stderr before it ended goes to our log, once: the supervisor left it in UNIT.err.
void log_last_words(int directory, const UnitRecord& record) {
    const std::string name = record.unit + ".err";
    const Fd file{::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!file.valid()) return;
    char words[1024];
    const ssize_t count = ::read(file.get(), words, sizeof words);
    for (ssize_t i = 0; i < count; ++i) {
        const bool plain = words[i] >= ' ' && words[i] < 127;
        if (!plain) words[i] = words[i] == '\n' ? '|' : '?';
    }
    if (count > 0) {
        std::fprintf(stderr, "blockhost-launch: unit %s/%s ended: %.*s\n", record.instance.c_str(), record.unit.c_str(),
                     static_cast<int>(count), words);
    }
    ::unlinkat(directory, name.c_str(), 0);
}

std::string cgroup_of(const UnitRecord& record) { return record.instance + "." + record.unit; }

}  // namespace

struct Service::Seen {
    UnitRecord record;
    RunRecord run;
    UnitState state = UnitState::kNever;

    [[nodiscard]] nlohmann::json document(const Usage& usage = {}) const {
        Unit unit;
        unit.unit = record.unit;
        unit.state = state == UnitState::kRunning ? "running" : "ended";
        unit.uid = record.uid;
        unit.pid = state == UnitState::kRunning ? run.pid : 0;
        unit.since = {run.since};
        if (state == UnitState::kEnded && run.exit_code >= 0) unit.exit_code = run.exit_code;
        if (state == UnitState::kEnded && run.signal >= 0) unit.signal = run.signal;
        unit.limits = record.limits;
        unit.cpu_ns = usage.cpu_ns;
        unit.memory_bytes = usage.memory_bytes;
        unit.net_rx_bytes = usage.net_rx_bytes;
        unit.net_tx_bytes = usage.net_tx_bytes;
        return nlohmann::json::parse(to_json(unit));
    }
};

Service::Service(LaunchConfig config, Registry registry, Limits limits, std::string supervisor, std::string worker)
    : config_{std::move(config)},
      registry_{std::move(registry)},
      limits_{std::move(limits)},
      supervisor_{std::move(supervisor)},
      workers_{std::move(worker), config_.kernel_gid},
      netd_{config_.netd_socket, "blockhost-netd"} {}

Result<const InstanceConfig*> Service::instance(const std::string& name) const {
    const auto it = config_.instances.find(name);
    if (it == config_.instances.end()) {
        return Failure{BH_E_DENIED, "not_listed", "the instance is not listed in launch.yaml"};
    }
    return &it->second;
}

Result<std::optional<Service::Seen>> Service::look(const std::string& instance, const std::string& unit) const {
    auto record = registry_.find(instance, unit);
    if (!record) return record.failure();
    if (!*record) return std::optional<Seen>{};
    auto directory = registry_.instance_directory(instance);
    if (!directory) return directory.failure();
    Seen seen{std::move(**record), {}, UnitState::kNever};
    const ReadRecord read = read_run_record(directory->get(), unit.c_str(), seen.run);
    if (read == ReadRecord::kDamaged) {
        return Failure{BH_E_CORRUPT, "launcher_state", config_.state + "/" + instance + "/" + unit + ".run is damaged"};
    }
    seen.state = state_of(read, seen.run);
    if (seen.state == UnitState::kEnded) log_last_words(directory->get(), seen.record);
    return std::optional{std::move(seen)};
}

Result<Service::Seen> Service::started(const std::string& instance, const std::string& unit) const {
    auto seen = look(instance, unit);
    if (!seen) return seen.failure();
    if (*seen && (*seen)->state != UnitState::kNever) return std::move(**seen);
    return Failure{BH_E_NOT_FOUND, "no_unit", "the unit " + unit + " was not started since the machine booted"};
}

// The uid that the unit has, or one that nobody has: a uid is free again when its unit has ended and its files are
// gone.
Result<uid_t> Service::uid_for(const StartArgs& request) {
    auto records = registry_.all();
    if (!records) return records.failure();
    std::set<uid_t> taken;
    for (const auto& record : *records) {
        if (record.instance == request.instance && record.unit == request.unit) {
            if (record.owner != request.owner)
                return Failure{BH_E_CONFLICT, "other_owner", "the unit belongs to another VM"};
            return record.uid;
        }
        const auto seen = look(record.instance, record.unit);
        const auto home = config_.instances.find(record.instance);
        const auto spec = parse_unit_spec(record.spec);
        const bool over = seen && *seen && (*seen)->state != UnitState::kRunning && home != config_.instances.end() &&
                          spec && std::ranges::all_of(spec->paths, [&](const UnitPath& path) {
                              return path.access != "rw" || is_gone(home->second.directories, path.path);
                          });
        if (!over || !end_all_of(record.uid)) {
            taken.insert(record.uid);
            continue;
        }
        limits_.remove(cgroup_of(record));
        registry_.remove(record);
    }
    for (std::uint32_t i = 0; i < config_.uid_count; ++i) {
        if (!taken.contains(config_.first_uid + i)) return config_.first_uid + i;
    }
    return Failure{BH_E_EXHAUSTED, "no_uid", "every uid of the range in launch.yaml is in use: widen \"uids.count\""};
}

Status Service::grant(const StartArgs& request, uid_t uid) const {
    auto records = registry_.all();
    if (!records) return records.failure();
    const Grantee grantee{uid, config_.kernel_uid, config_.kernel_gid, [&](uid_t owner, const std::string& path) {
                              // What a storage's worker or tool made is given to the VM that uses it.
                              const auto made_there = [&](const auto& entry) {
                                  const auto& worker = entry.second.worker;
                                  return worker && worker->uid == owner && writes(*worker, path);
                              };
                              if (std::ranges::any_of(config_.instances, made_there)) return true;
                              const auto taken = [&](const UnitRecord& record) { return record.uid == owner; };
                              return owner >= config_.first_uid && owner - config_.first_uid < config_.uid_count &&
                                     std::ranges::none_of(*records, taken);
                          }};
    const auto& directories = config_.instances.at(request.instance).directories;
    for (const auto& path : request.spec.paths) {
        if (auto granted = grant_path(directories, path, grantee); !granted) return granted;
    }
    return {};
}

Result<Fd> Service::tap(const std::string& name, const std::string& owner) {
    if (config_.netd_socket.empty())
        return Failure{BH_E_DENIED, "no_netd", "launch.yaml names no netd_socket: no taps here"};
    auto answer = netd_.call("tap_open", {{"tap", name}, {"owner", owner}});
    if (!answer) return answer.failure();
    if (answer->fds.size() != 1)
        return Failure{BH_E_UNAVAILABLE, "netd", "blockhost-netd gave no descriptor for " + name, 1000};
    return std::move(answer->fds.front());
}

// The unit's descriptors in order; those that were opened here stay in `taps`.
Result<std::vector<int>> Service::collect(const StartArgs& request, const std::vector<Fd>& passed,
                                          std::vector<Fd>& taps) {
    std::vector<int> fds;
    for (const auto& fd : request.spec.fds) {
        if (fd.tap.empty()) {
            fds.push_back(passed[fd.passed].get());
            continue;
        }
        auto opened = tap(fd.tap, request.tap_owner);
        if (!opened) return opened.failure();
        taps.push_back(std::move(*opened));
        fds.push_back(taps.back().get());
    }
    return fds;
}

Status Service::launch(const StartArgs& request, const UnitRecord& record, const std::vector<Fd>& passed) {
    auto directory = registry_.instance_directory(request.instance);
    if (!directory) return directory.failure();
    auto lock = lock_unit(directory->get(), request.unit);
    if (!lock) return lock.failure();
    // What an ended unit may have left behind runs under this uid and would share everything with the new one.
    if (auto ended = end_all_of(record.uid); !ended) return ended;
    if (auto saved = registry_.save(record); !saved) return saved;
    if (auto granted = grant(request, record.uid); !granted) return granted;
    std::vector<Fd> taps;
    auto fds = collect(request, passed, taps);
    if (!fds) return fds.failure();
    auto doors = limits_.enter(cgroup_of(record), request.spec.memory_bytes, request.spec.max_processes);
    if (!doors) return doors.failure();
    UnitStart start;
    start.supervisor = supervisor_;
    start.unit = request.unit;
    start.program = config_.instances.at(request.instance).programs.at(request.spec.program);
    start.spec = &request.spec;
    start.uid = record.uid;
    start.gid = record.uid;  // a group of its own, too: the kernel's group opens much more than this unit
    start.limits = record.limits;
    start.doors = std::move(*doors);
    start.fds = std::move(*fds);
    start.state_directory = directory->get();
    start.lock = lock->get();
    return start_unit(start);
}

Result<nlohmann::json> Service::start(const nlohmann::json& args, const std::vector<Fd>& fds) {
    const auto request = read_start_args(args, fds.size());
    if (!request) return request.failure();
    const auto home = instance(request->instance);
    if (!home) return home.failure();
    if (!(*home)->programs.contains(request->spec.program)) {
        return not_listed("the program", request->spec.program, request->instance);
    }
    const std::scoped_lock lock{mutex_};
    const auto before = look(request->instance, request->unit);
    if (!before) return before.failure();
    if (*before && (*before)->record.owner != request->owner) {
        return Failure{BH_E_CONFLICT, "other_owner", "the unit belongs to another VM"};
    }
    if (*before && (*before)->state == UnitState::kRunning) {
        if ((*before)->record.spec == request->spec_text) return (*before)->document();
        return Failure{BH_E_CONFLICT, "other_spec", "the unit " + request->unit + " runs with another spec"};
    }
    const auto uid = uid_for(*request);
    if (!uid) return uid.failure();
    const UnitRecord record{request->instance, request->unit, request->owner, *uid, limits_.kind(), request->spec_text};
    if (auto started = launch(*request, record, fds); !started) return started.failure();
    const auto after = look(request->instance, request->unit);
    if (!after) return after.failure();
    return (*after)->document();
}

Result<nlohmann::json> Service::status(const nlohmann::json& args) {
    const auto request = read_unit_args(args);
    if (!request) return request.failure();
    if (const auto home = instance(request->instance); !home) return home.failure();
    const std::scoped_lock lock{mutex_};
    const auto seen = started(request->instance, request->unit);
    if (!seen) return seen.failure();
    return seen->document(seen->state == UnitState::kRunning ? usage_of_unit(seen->run.pid, seen->record.spec)
                                                             : Usage{});
}

Result<nlohmann::json> Service::signal(const nlohmann::json& args) {
    const auto request = read_signal_args(args);
    if (!request) return request.failure();
    if (const auto home = instance(request->instance); !home) return home.failure();
    const std::scoped_lock lock{mutex_};
    const auto seen = started(request->instance, request->unit);
    if (!seen) return seen.failure();
    const bool whole = request->number == SIGKILL;
    if (!whole && seen->state != UnitState::kRunning) return nlohmann::json::object();
    const auto sent = whole ? end_all_of(seen->record.uid) : signal_process(seen->run, request->number);
    if (!sent) return sent.failure();
    return nlohmann::json::object();
}

Result<nlohmann::json> Service::list(const nlohmann::json& args) {
    const auto request = read_list_args(args);
    if (!request) return request.failure();
    if (const auto home = instance(request->instance); !home) return home.failure();
    const std::scoped_lock lock{mutex_};
    const auto names = registry_.names(request->instance, request->page, kPage);
    if (!names) return names.failure();
    nlohmann::json units = nlohmann::json::array();
    for (const auto& name : *names) {
        const auto seen = look(request->instance, name);
        if (!seen) return seen.failure();
        if (*seen && (*seen)->state != UnitState::kNever) units.push_back((*seen)->document());
    }
    return nlohmann::json{{"units", std::move(units)}, {"next", names->size() < kPage ? "" : names->back()}};
}

Result<nlohmann::json> Service::run(const nlohmann::json& args) {
    const auto request = read_run_args(args);
    if (!request) return request.failure();
    const auto home = instance(request->instance);
    if (!home) return home.failure();
    const auto tool = (*home)->tools.find(request->request.program);
    if (tool == (*home)->tools.end()) return not_listed("the tool", request->request.program, request->instance);
    if (!allows(tool->second, request->request.args)) {
        return invalid("bad_args",
                       "the arguments fit no command that launch.yaml lists for " + request->request.program);
    }
    ToolRun wanted{tool->first,
                   tool->second.path,
                   request->request.args,
                   request->request.input,
                   config_.kernel_uid,
                   config_.kernel_gid,
                   std::chrono::steady_clock::now() + request->time};
    if ((*home)->worker) workers_.confine(wanted, *(*home)->worker);
    auto result = run_tool(wanted);
    if (!result) return result.failure();
    return nlohmann::json::parse(to_json(*result));
}

Result<const WorkerConfig*> Service::worker(const std::string& name) const {
    const auto home = instance(name);
    if (!home) return home.failure();
    if (!(*home)->worker) {
        return Failure{BH_E_DENIED, "not_listed",
                       "launch.yaml gives the instance " + name + " no \"worker\": add one, with a user of its own"};
    }
    return &*(*home)->worker;
}

Result<nlohmann::json> Service::worker_start(const nlohmann::json& args, const std::vector<Fd>& fds) {
    const auto name = read_instance_args(args);
    if (!name) return name.failure();
    const auto config = worker(*name);
    if (!config) return config.failure();
    const auto pid = workers_.start(*name, **config, limits_, fds);
    if (!pid) return pid.failure();
    return nlohmann::json{{"pid", *pid}, {"limits", limits_.kind()}, {"limits_why", limits_.explanation()}};
}

Result<nlohmann::json> Service::worker_end(const nlohmann::json& args) {
    const auto name = read_instance_args(args);
    if (!name) return name.failure();
    const auto config = worker(*name);
    if (!config) return config.failure();
    if (auto ended = workers_.end(*name, **config, limits_); !ended) return ended.failure();
    return nlohmann::json::object();
}

Result<nlohmann::json> Service::check(const nlohmann::json& args) {
    if (!args.empty()) return invalid("unknown_argument", "check takes no arguments");
    nlohmann::json programs = nlohmann::json::object(), workers = nlohmann::json::array();
    for (const auto& [name, home] : config_.instances) {
        for (const auto& [program, path] : home.programs) programs[name][program] = ::access(path.c_str(), X_OK) == 0;
        for (const auto& [program, tool] : home.tools) programs[name][program] = ::access(tool.path.c_str(), X_OK) == 0;
        if (home.worker) workers.push_back(name);
    }
    return nlohmann::json{{"limits", limits_.kind()},
                          {"limits_why", limits_.explanation()},
                          {"uids", {{"first", config_.first_uid}, {"count", config_.uid_count}}},
                          {"programs", std::move(programs)},
                          {"workers", std::move(workers)}};
}

}  // namespace bh::launch
