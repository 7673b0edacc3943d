#include "kernel/launch/config.hpp"

#include "kernel/config/yaml.hpp"
#include "kernel/ipc/args.hpp"
#include "kernel/ipc/daemon.hpp"
#include "kernel/launch/names.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace bh::launch {
namespace {

using ipc::Args;

constexpr std::size_t kMaxPath = 4096, kMaxName = 64, kMaxEntries = 64;
constexpr std::uint32_t kToolTasks = 64;
constexpr std::int64_t kFirstUidMin = 1000, kLastUid = 4294967293;

void need_absolute(Args& args, const char* field, const std::string& path) {
    if (path.empty() || path.front() != '/') args.refuse(field, "must be an absolute path");
}

// A directory that the units may use is a place that nobody can swap later: links in its path are followed now.
std::string canonical(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real{::realpath(path.c_str(), nullptr), &std::free};
    return real ? std::string{real.get()} : path;
}

Result<std::vector<std::vector<std::regex>>> read_commands(const nlohmann::json& list, const std::string& where) {
    std::vector<std::vector<std::regex>> commands;
    if (!list.is_array() || list.empty()) {
        return invalid("bad_command", where + " must be a list of commands, each a list of patterns");
    }
    for (const auto& entry : list) {
        std::vector<std::regex> patterns;
        if (!entry.is_array()) return invalid("bad_command", where + ": each command is a list of patterns");
        for (const auto& pattern : entry) {
            if (!pattern.is_string()) return invalid("bad_pattern", where + ": a pattern must be a string: quote it");
            try {
                patterns.emplace_back(pattern.get<std::string>(), std::regex::ECMAScript | std::regex::optimize);
            } catch (const std::regex_error&) {
                return invalid("bad_pattern",
                               where + ": \"" + pattern.get<std::string>() + "\" is no regular expression");
            }
        }
        commands.push_back(std::move(patterns));
    }
    return commands;
}

// Numbers may stand unquoted.
std::string account(const nlohmann::json& from, const char* name) {
    const auto it = from.find(name);
    return it == from.end() ? std::string{} : it->is_string() ? it->get<std::string>() : it->dump();
}

Result<WorkerConfig> read_worker(const nlohmann::json& object, const std::string& where) {
    constexpr std::int64_t kMebibyte = std::int64_t{1} << 20, kMaxMemory = std::int64_t{1} << 20, kMaxThreads = 4096;
    WorkerConfig worker;
    auto user = ipc::user_id(account(object, "user"), where + ".user");
    if (!user) return user.failure();
    worker.uid = *user;
    nlohmann::json rest = object;
    rest.erase("user");
    Args args{rest, where + "."};
    worker.memory_bytes = static_cast<std::uint64_t>(args.integer_or("memory_mib", 16, kMaxMemory, 256) * kMebibyte);
    worker.threads = static_cast<std::uint32_t>(args.integer_or("threads", 8, kMaxThreads, worker.threads));
    worker.local_sockets = args.flag_or("local_sockets", false);
    for (auto [name, list] : {std::pair{"read", &worker.read}, std::pair{"write", &worker.write}}) {
        if (rest.contains(name)) *list = args.texts(name, kMaxEntries, kMaxPath);
        for (auto& path : *list) {
            need_absolute(args, name, path);
            path = canonical(path);
            if (path == "/" || path == "/tmp" || path == "/proc" || path == "/dev" || path == "/etc" || path == "/usr")
                args.refuse(name, "must not hold " + path + ", which a worker has one of its own of");
        }
    }
    if (auto done = args.finish(); !done) return done.failure();
    if (worker.uid == 0) return invalid("bad_worker", where + ".user must not be root");
    return worker;
}

Result<InstanceConfig> read_instance(const nlohmann::json& object, const std::string& where) {
    InstanceConfig instance;
    Args args{object, where + "."};
    const auto& programs = args.object_or_empty("programs");
    const auto& tools = args.object_or_empty("tools");
    const auto& worker = args.object_or_empty("worker");
    if (object.contains("directories")) instance.directories = args.texts("directories", kMaxEntries, kMaxPath);
    for (auto& directory : instance.directories) {
        need_absolute(args, "directories", directory);
        directory = canonical(directory);
    }
    if (auto done = args.finish(); !done) return done.failure();
    if (object.contains("worker")) {
        auto read = read_worker(worker, where + ".worker");
        if (!read) return read.failure();
        instance.worker = std::move(*read);
    }
    for (const auto& [name, path] : programs.items()) {
        if (!path.is_string() || path.get<std::string>().substr(0, 1) != "/") {
            return invalid("bad_program", where + ".programs." + name + " must be the absolute path of a program");
        }
        instance.programs[name] = path.get<std::string>();
    }
    for (const auto& [name, tool] : tools.items()) {
        const std::string inner = where + ".tools." + name;
        if (!tool.is_object()) return invalid("bad_tool", inner + " must have path and commands");
        Args fields{tool, inner + "."};
        const std::string path = fields.text("path", kMaxPath);
        need_absolute(fields, "path", path);
        const auto& list = fields.list_or_empty("commands", kMaxEntries);
        if (auto done = fields.finish(); !done) return done.failure();
        auto commands = read_commands(list, inner + ".commands");
        if (!commands) return commands.failure();
        instance.tools[name] = {path, std::move(*commands)};
    }
    if (instance.worker && !instance.tools.empty()) instance.worker->tool_tasks = kToolTasks;
    return instance;
}

// A user is what keeps a worker apart from everything else of the host.
Status check_worker_users(const LaunchConfig& config) {
    std::map<uid_t, std::string> users{{config.kernel_uid, "the kernel"}};
    for (const auto& [name, instance] : config.instances) {
        if (!instance.worker) continue;
        const uid_t uid = instance.worker->uid;
        const std::string where = "instances." + name + ".worker.user must be a user of its own, it is that of ";
        if (uid >= config.first_uid && uid - config.first_uid < config.uid_count)
            return invalid("bad_worker", where + "the units (\"uids\")");
        if (const auto [other, fresh] = users.emplace(uid, "the worker of " + name); !fresh)
            return invalid("bad_worker", where + other->second);
    }
    return {};
}

Result<LaunchConfig> read(const nlohmann::json& object) {
    LaunchConfig config;
    Args args{object};
    const std::string run = args.text("run", kMaxPath);
    config.socket = run + "/launch/launch.sock";
    config.state = args.text("state", kMaxPath);
    config.netd_socket = args.text_or("netd_socket", kMaxPath, "");
    config.cgroup = args.text_or("cgroup", kMaxName, "blockhost");
    if (!is_plain_name(config.cgroup)) args.refuse("cgroup", "must be a name of [a-z0-9-]");
    const auto& kernel = args.object("kernel");
    const auto& uids = args.object("uids");
    const auto& instances = args.object("instances");
    need_absolute(args, "run", run);
    need_absolute(args, "state", config.state);
    if (auto done = args.finish(); !done) return done.failure();

    for (const auto& [name, value] : kernel.items()) {
        if (name != "user" && name != "group")
            return invalid("unknown_key", "\"kernel." + name + "\" is not known here");
    }
    auto user = ipc::user_id(account(kernel, "user"), "kernel.user");
    if (!user) return user.failure();
    auto group = ipc::group_id(account(kernel, "group"), "kernel.group");
    if (!group) return group.failure();
    config.kernel_uid = *user;
    config.kernel_gid = *group;

    Args range{uids, "uids."};
    config.first_uid = static_cast<uid_t>(range.integer("first", kFirstUidMin, kLastUid));
    config.uid_count = static_cast<std::uint32_t>(range.integer("count", 1, 1000000));
    if (config.first_uid + std::int64_t{config.uid_count} > kLastUid)
        range.refuse("count", "goes beyond the last user id");
    if (config.kernel_uid >= config.first_uid && config.kernel_uid - config.first_uid < config.uid_count) {
        range.refuse("first", "and count include the kernel's own user: choose another range");
    }
    if (auto done = range.finish(); !done) return done.failure();

    for (const auto& [name, value] : instances.items()) {
        if (!is_plain_name(name))
            return invalid("bad_instance", "instances: \"" + name + "\" must be a name of [a-z0-9-]");
        if (!value.is_object()) return invalid("bad_instance", "instances." + name + " must be an object");
        auto instance = read_instance(value, "instances." + name);
        if (!instance) return instance.failure();
        config.instances[name] = std::move(*instance);
    }
    if (auto own = check_worker_users(config); !own) return own.failure();
    return config;
}

}  // namespace

Result<LaunchConfig> read_launch_config(const std::string& path) {
    auto yaml = read_yaml(path);
    if (!yaml) return yaml.failure();
    if (!yaml->is_object()) return invalid("bad_config", path + ": must be a map of keys");
    auto config = read(*yaml);
    return config ? std::move(config) : Result<LaunchConfig>{config.failure().within(path)};
}

bool writes(const WorkerConfig& worker, const std::string& path) {
    return std::ranges::any_of(worker.write,
                               [&](const std::string& granted) { return path.starts_with(granted + "/"); });
}

bool allows(const Tool& tool, const std::vector<std::string>& args) {
    return std::ranges::any_of(tool.commands, [&](const std::vector<std::regex>& patterns) {
        return std::equal(
            args.begin(), args.end(), patterns.begin(), patterns.end(),
            [](const std::string& arg, const std::regex& pattern) { return std::regex_match(arg, pattern); });
    });
}

}  // namespace bh::launch
