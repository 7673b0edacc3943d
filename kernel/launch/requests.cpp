#include "kernel/launch/requests.hpp"

#include "kernel/ipc/args.hpp"
#include "kernel/launch/names.hpp"
#include "kernel/launch/tool.hpp"

#include <csignal>

namespace bh::launch {
namespace {

using ipc::Args;

constexpr std::size_t kMaxName = 96, kMaxArgs = 256, kMaxArg = 4096, kMaxPaths = 64, kMaxFds = 8, kMaxPath = 1024;

Status check_args(const std::vector<std::string>& args) {
    if (args.size() > kMaxArgs) return invalid("too_many_args", "\"args\" holds more than 256 arguments");
    for (const auto& arg : args) {
        if (arg.size() > kMaxArg) return invalid("long_arg", "\"args\" holds an argument of more than 4096 bytes");
        if (arg.find('\0') != std::string::npos) return invalid("bad_arg", "\"args\" holds a NUL");
    }
    return {};
}

// One spelling per path: absolute, no empty, "." or ".." component.
bool is_clean(const std::string& path) {
    if (path.size() < 2 || path.size() > kMaxPath || path.front() != '/' || path.back() == '/') return false;
    const std::string marked = path + "/";
    return marked.find("//") == std::string::npos && marked.find("/./") == std::string::npos &&
           marked.find("/../") == std::string::npos && path.find('\0') == std::string::npos;
}

Status check_spec(const UnitSpec& spec, const std::string& tap_owner, std::size_t passed_fds) {
    if (auto good = check_args(spec.args); !good) return good;
    if (spec.paths.size() > kMaxPaths) return invalid("too_many_paths", "\"spec.paths\" holds more than 64 paths");
    if (spec.fds.size() > kMaxFds) return invalid("too_many_fds", "\"spec.fds\" holds more than 8 descriptors");
    for (const auto& path : spec.paths) {
        if (!is_clean(path.path))
            return invalid("bad_path", "\"spec.paths\": \"" + path.path + "\" must be absolute, without . or .. or //");
    }
    for (const auto& fd : spec.fds) {
        if (!fd.tap.empty() && (tap_owner.empty() || fd.tap != tap_of(tap_owner))) {
            return Failure{BH_E_DENIED, "tap",
                           "\"spec.fds\": the tap \"" + fd.tap + "\" is not that of \"" + tap_owner + "\""};
        }
        if (fd.tap.empty() && fd.passed >= passed_fds)
            return invalid("bad_fd", "\"spec.fds\": a descriptor was not passed");
    }
    return {};
}

}  // namespace

Result<StartArgs> read_start_args(const nlohmann::json& object, std::size_t passed_fds) {
    StartArgs out;
    Args args{object};
    out.instance = args.text("instance", kMaxName);
    out.unit = args.text("unit", kMaxName);
    out.owner = args.text("owner", kMaxName);
    out.tap_owner = args.text_or("tap_owner", kMaxName, "");
    const auto& spec = args.object("spec");
    if (!is_unit_of(out.unit, out.owner)) args.refuse("unit", "must be the owner's op_id, or that and \"-suffix\"");
    if (!out.tap_owner.empty() && !is_plain_name(out.tap_owner)) args.refuse("tap_owner", "must be an op_id");
    if (auto done = args.finish(); !done) return done.failure();
    auto parsed = parse_unit_spec(spec.dump());
    if (!parsed) return parsed.failure().within("\"spec\"");
    if (auto good = check_spec(*parsed, out.tap_owner, passed_fds); !good) return good.failure();
    out.spec_text = to_json(*parsed);
    out.spec = std::move(*parsed);
    return out;
}

Result<std::string> read_instance_args(const nlohmann::json& object) {
    Args args{object};
    std::string instance = args.text("instance", kMaxName);
    if (auto done = args.finish(); !done) return done.failure();
    return instance;
}

Result<UnitArgs> read_unit_args(const nlohmann::json& object) {
    Args args{object};
    UnitArgs out{args.text("instance", kMaxName), args.text("unit", kMaxName)};
    if (!is_plain_name(out.unit.substr(0, 64)) || (out.unit.size() > 64 && !is_plain_name(out.unit.substr(64)))) {
        args.refuse("unit", "must be a unit's name");
    }
    if (auto done = args.finish(); !done) return done.failure();
    return out;
}

Result<SignalArgs> read_signal_args(const nlohmann::json& object) {
    Args args{object};
    SignalArgs out;
    out.number = static_cast<int>(args.integer("number", 1, SIGRTMAX));
    nlohmann::json rest = object;
    rest.erase("number");
    auto unit = read_unit_args(rest);
    if (!unit) return unit.failure();
    (void)args.text("instance", kMaxName);
    (void)args.text("unit", kMaxName);
    if (auto done = args.finish(); !done) return done.failure();
    out.instance = std::move(unit->instance);
    out.unit = std::move(unit->unit);
    return out;
}

Result<ListArgs> read_list_args(const nlohmann::json& object) {
    Args args{object};
    ListArgs out{args.text("instance", kMaxName), args.text_or("page", kMaxName, "")};
    if (auto done = args.finish(); !done) return done.failure();
    return out;
}

Result<RunArgs> read_run_args(const nlohmann::json& object) {
    Args args{object};
    RunArgs out;
    out.instance = args.text("instance", kMaxName);
    const auto& request = args.object("request");
    out.time = std::chrono::milliseconds{args.integer("deadline_ms", 1, kMaxRunMilliseconds)};
    if (auto done = args.finish(); !done) return done.failure();
    auto parsed = parse_run_request(request.dump());
    if (!parsed) return parsed.failure().within("\"request\"");
    if (auto good = check_args(parsed->args); !good) return good.failure();
    if (parsed->input.size() > kMaxToolInput) return invalid("long_input", "\"request.input\" is longer than 128 KiB");
    out.request = std::move(*parsed);
    return out;
}

}  // namespace bh::launch
