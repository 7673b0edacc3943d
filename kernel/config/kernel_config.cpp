#include "kernel/config/kernel_config.hpp"

#include "kernel/config/yaml.hpp"
#include "kernel/ipc/args.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace blockhost {
namespace {

using ipc::Args;
constexpr std::size_t kPath = 1024;
constexpr std::size_t kName = 64;
constexpr std::int64_t kYear = 366 * 86400LL;

bool is_name(std::string_view text, std::size_t max) {
    return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

std::string absolute(Args& args, const char* name) {
    auto path = args.text(name, kPath);
    if (!path.empty() && path[0] != '/') args.refuse(name, "must be an absolute path");
    return path;
}

std::string absolute_or(Args& args, const char* name, const std::string& absent) {
    auto path = args.text_or(name, kPath, absent);
    if (path.empty() || path[0] != '/') args.refuse(name, "must be an absolute path");
    return path;
}

FinalityRule finality(Args& args, const char* name) {
    const std::string text = args.text(name, 32);
    if (text == "safe") return {FinalityRule::Kind::safe, 0};
    if (text == "finalized") return {FinalityRule::Kind::finalized, 0};
    constexpr std::string_view kPrefix = "latest+";
    FinalityRule rule{FinalityRule::Kind::latest, 0};
    const char* begin = text.data() + std::min(kPrefix.size(), text.size());
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, rule.depth);
    if (text.rfind(kPrefix, 0) != 0 || error != std::errc{} || stop != end || rule.depth > 512) {
        args.refuse(name, "must be latest+N (N at most 512), safe or finalized");
    }
    return rule;
}

bh::Status read_paths(Args& top, KernelConfig& config) {
    Args args{top.object("paths"), "paths."};
    config.paths.state = absolute(args, "state");
    config.paths.run = absolute(args, "run");
    config.paths.plugins = absolute(args, "plugins");
    config.paths.images = absolute_or(args, "images", config.paths.state + "/images");
    return args.finish();
}

bh::Status read_host(Args& top, KernelConfig& config) {
    Args args{top.object("host"), "host."};
    config.host.name = args.text("name", 32);
    if (!is_name(config.host.name, 32)) args.refuse("name", "must be 1 to 32 of a-z, 0-9 and -");
    config.host.login_user = args.text_or("login_user", 32, "user");
    if (!is_name(config.host.login_user, 32) || config.host.login_user == "root") {
        args.refuse("login_user", "must be 1 to 32 of a-z, 0-9 and -, and not root");
    }
    config.host.group = args.text_or("group", kName, "blockhost");
    config.host.seal_text = args.text_or("seal_text", 256, "blockhost-access");
    if (args.list_or_empty("resolvers", 8).empty()) {
        config.host.resolvers = {};
    } else {
        config.host.resolvers = args.texts("resolvers", 8, 64);
    }
    return args.finish();
}

bh::Status read_chains(Args& top, KernelConfig& config) {
    std::size_t index = 0;
    for (const auto& entry : top.list_or_empty("chains", 16)) {
        const std::string where = "chains[" + std::to_string(index++) + "].";
        if (!entry.is_object())
            return bh::invalid("bad_argument", where + " must be a map with \"instance\" and \"finality\"");
        Args args{entry, where};
        ChainConfig chain;
        chain.instance = args.text("instance", kName);
        chain.finality = finality(args, "finality");
        if (auto bad = args.finish(); !bad) return bad;
        config.chains.push_back(std::move(chain));
    }
    if (config.chains.empty()) top.refuse("chains", "must name at least one chain instance");
    return {};
}

bh::Status read_placement(Args& top, KernelConfig& config) {
    Args args{top.object("placement"), "placement."};
    config.placement.hypervisor = args.text("hypervisor", kName);
    config.placement.storage = args.text("storage", kName);
    config.placement.ipv6 = args.text("ipv6", kName);
    config.placement.default_image = args.text("default_image", kName);
    return args.finish();
}

bh::Status read_timing(Args& top, KernelConfig& config) {
    Args args{top.object_or_empty("timing"), "timing."};
    auto& timing = config.timing;
    const auto seconds = [&](const char* name, std::int64_t min, std::chrono::seconds& value) {
        value = std::chrono::seconds{args.integer_or(name, min, kYear, value.count())};
    };
    seconds("undo_window_s", 0, timing.undo_window);
    seconds("guard_span_s", 0, timing.guard_span);
    seconds("statement_lifetime_s", 60, timing.statement_lifetime);
    seconds("statement_renew_s", 10, timing.statement_renew);
    seconds("build_deadline_s", 60, timing.build_deadline);
    timing.guard_checks = static_cast<std::uint32_t>(args.integer_or("guard_checks", 1, 100, timing.guard_checks));
    timing.poll = std::chrono::milliseconds{args.integer_or("poll_ms", 50, 600000, timing.poll.count())};
    if (timing.statement_renew >= timing.statement_lifetime)
        args.refuse("statement_renew_s", "must be less than statement_lifetime_s");
    return args.finish();
}

bh::Status read_limits(Args& top, KernelConfig& config) {
    Args args{top.object_or_empty("limits"), "limits."};
    config.limits.parallel_jobs =
        static_cast<std::uint32_t>(args.integer_or("parallel_jobs", 1, 64, config.limits.parallel_jobs));
    config.limits.max_vms = static_cast<std::uint32_t>(args.integer_or("max_vms", 0, 1000000, 0));
    return args.finish();
}

bh::Status read_sockets(Args& top, KernelConfig& config) {
    Args args{top.object_or_empty("sockets"), "sockets."};
    const std::string& run = config.paths.run;
    config.sockets.signer = absolute_or(args, "signer", run + "/signer/signer.sock");
    config.sockets.netd = absolute_or(args, "netd", run + "/netd/netd.sock");
    config.sockets.launch = absolute_or(args, "launch", run + "/launch/launch.sock");
    config.sockets.api = absolute_or(args, "api", run + "/api/api.sock");
    return args.finish();
}

bh::Result<PluginConfig> read_plugin_config(const std::filesystem::path& path) {
    auto tree = read_yaml(path.string());
    if (!tree) return tree.failure();
    if (!tree->is_object()) return bh::invalid("bad_config", path.string() + ": must be a map");
    PluginConfig plugin;
    plugin.instance = path.stem().string();
    Args args{*tree};
    plugin.plugin = args.text("plugin", 128);
    plugin.sha256 = args.text("sha256", 64);
    if (plugin.sha256.size() != 64 || plugin.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
        args.refuse("sha256", "must be the 64 lower-case hex digits that `blockhost plugin list` shows");
    }
    plugin.kind = args.text("kind", 16);
    if (plugin.kind != "chain" && plugin.kind != "hypervisor" && plugin.kind != "storage" && plugin.kind != "ipv6") {
        args.refuse("kind", "must be chain, hypervisor, storage or ipv6");
    }
    if (args.text_or("isolation", 16, "inprocess") != "inprocess") args.refuse("isolation", "must be inprocess");
    plugin.config = args.object_or_empty("config");
    const auto& secrets = args.object_or_empty("secrets");
    for (const auto& [name, file] : secrets.items()) {
        if (!file.is_string() || file.get_ref<const std::string&>().rfind('/', 0) != 0) {
            args.refuse("secrets", "must map names to absolute paths of files");
            break;
        }
        plugin.secrets[name] = file.get<std::string>();
    }
    Args grants{args.object_or_empty("grants"), "grants."};
    const auto list = [&](const char* name) {
        return grants.list_or_empty(name, 64).empty() ? std::vector<std::string>{} : grants.texts(name, 64, 256);
    };
    plugin.grants.keys = list("keys");
    plugin.grants.services = list("services");
    plugin.grants.connect = list("connect");
    for (const auto& done : {args.finish(), grants.finish()}) {
        if (!done) return done.failure().within(path.string());
    }
    if (!is_name(plugin.instance, kName)) {
        return bh::invalid("bad_config", path.string() + ": the file's name is the instance's: a-z, 0-9 and - only");
    }
    return plugin;
}

}  // namespace

bh::Result<KernelConfig> read_kernel_config(const std::string& path) {
    auto tree = read_yaml(path);
    if (!tree) return tree.failure();
    if (!tree->is_object()) return bh::invalid("bad_config", path + ": must be a map");
    KernelConfig config;
    Args top{*tree};
    for (const auto part :
         {read_paths, read_host, read_chains, read_placement, read_timing, read_limits, read_sockets}) {
        if (auto bad = part(top, config); !bad) return bad.failure().within(path);
    }
    if (auto bad = top.finish(); !bad) return bad.failure().within(path);
    return config;
}

bh::Result<std::vector<PluginConfig>> read_plugin_configs(const std::string& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator it{directory, error}, end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == ".yaml") files.push_back(it->path());
    }
    if (error) return bh::invalid("no_directory", "cannot list " + directory + ": " + error.message());
    std::sort(files.begin(), files.end());
    std::vector<PluginConfig> plugins;
    for (const auto& file : files) {
        auto plugin = read_plugin_config(file);
        if (!plugin) return plugin.failure();
        plugins.push_back(std::move(*plugin));
    }
    return plugins;
}

}  // namespace blockhost
