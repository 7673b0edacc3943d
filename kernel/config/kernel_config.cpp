#include "kernel/config/kernel_config.hpp"

#include "kernel/config/yaml.hpp"
#include "kernel/ipc/args.hpp"

#include <algorithm>
#include <filesystem>

namespace bh {
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

life::FinalityRule finality(Args& args, const char* name) {
    const auto rule = life::parse_finality(args.text(name, 32));
    if (!rule) args.refuse(name, rule.failure().message);
    return rule ? *rule : life::FinalityRule{};
}

Status read_paths(Args& top, KernelConfig& config) {
    Args args{top.object("paths"), "paths."};
    config.paths.state = absolute(args, "state");
    config.paths.run = absolute(args, "run");
    config.paths.plugins = absolute(args, "plugins");
    config.paths.images = absolute_or(args, "images", config.paths.state + "/images");
    config.paths.libexec = absolute_or(args, "libexec", "/usr/lib/blockhost");
    return args.finish();
}

Status read_host(Args& top, KernelConfig& config) {
    Args args{top.object("host"), "host."};
    auto& engine = config.engine;
    engine.host_name = args.text("name", 32);
    if (!is_name(engine.host_name, 32)) args.refuse("name", "must be 1 to 32 of a-z, 0-9 and -");
    engine.login_user = args.text_or("login_user", 32, "user");
    if (!is_name(engine.login_user, 32) || engine.login_user == "root") {
        args.refuse("login_user", "must be 1 to 32 of a-z, 0-9 and -, and not root");
    }
    config.host.group = args.text_or("group", kName, "blockhost");
    config.host.seal_text = args.text_or("seal_text", 256, "blockhost-access");
    if (!args.list_or_empty("resolvers", 8).empty()) config.host.resolvers = args.texts("resolvers", 8, 64);
    return args.finish();
}

Status read_chains(Args& top, KernelConfig& config) {
    std::size_t index = 0;
    for (const auto& entry : top.list_or_empty("chains", 16)) {
        const std::string where = "chains[" + std::to_string(index++) + "].";
        if (!entry.is_object())
            return invalid("bad_argument", where + " must be a map with \"instance\" and \"finality\"");
        Args args{entry, where};
        life::ChainConfig chain;
        chain.instance = args.text("instance", kName);
        chain.finality = finality(args, "finality");
        const auto& early = args.object_or_empty("early_start");
        for (const auto& [token, amount] : early.items()) {
            const bool digits =
                amount.is_string() && !amount.get_ref<const std::string&>().empty() &&
                amount.get_ref<const std::string&>().size() <= 78 &&
                amount.get_ref<const std::string&>().find_first_not_of("0123456789") == std::string::npos;
            if (!digits) {
                args.refuse("early_start", "must map tokens to quoted whole numbers of their smallest unit");
                break;
            }
            chain.early_start[token] = Amount{amount.get<std::string>()};
        }
        chain.guard_agree = static_cast<std::uint32_t>(args.integer_or("guard_agree", 0, 64, 0));
        if (auto bad = args.finish(); !bad) return bad;
        config.engine.chains.push_back(std::move(chain));
    }
    if (config.engine.chains.empty()) top.refuse("chains", "must name at least one chain instance");
    return {};
}

Status read_placement(Args& top, KernelConfig& config) {
    Args args{top.object("placement"), "placement."};
    auto& engine = config.engine;
    engine.hypervisor = args.text("hypervisor", kName);
    engine.storage = args.text("storage", kName);
    engine.ipv6 = args.text("ipv6", kName);
    engine.default_image = args.text("default_image", kName);
    engine.max_vms = static_cast<std::uint32_t>(args.integer_or("max_vms", 0, 1000000, 0));
    config.max_granted = static_cast<std::uint64_t>(args.integer_or("max_granted", 0, 1000000, 8));
    engine.parallel_per_instance =
        static_cast<std::uint32_t>(args.integer_or("parallel_per_instance", 1, 64, engine.parallel_per_instance));
    return args.finish();
}

Status read_timing(Args& top, KernelConfig& config) {
    Args args{top.object_or_empty("timing"), "timing."};
    auto& engine = config.engine;
    // Keys in seconds unless their name says otherwise; `per_second` is the unit of the value they set.
    const auto read = [&](const char* name, std::int64_t min, std::int64_t per_second, std::int64_t& value) {
        value = args.integer_or(name, min, kYear, value / per_second) * per_second;
    };
    read("undo_window_s", 0, 1000, engine.undo_window_ms);
    read("guard_span_s", 0, 1000, engine.guard.span_ms);
    read("statement_lifetime_s", 60, 1, engine.statement_lifetime_s);
    read("statement_renew_s", 10, 1000, engine.statement_renew_ms);
    read("create_deadline_s", 10, 1000, engine.long_deadline_ms);
    read("watch_s", 1, 1000, engine.watch_ms);
    engine.guard.checks =
        static_cast<decltype(engine.guard.checks)>(args.integer_or("guard_checks", 1, 100, engine.guard.checks));
    read("safety_poll_s", 1, 1000, engine.safety_poll_ms);
    engine.poll_ms = args.integer_or("poll_ms", 50, 600000, engine.poll_ms);
    if (engine.statement_renew_ms >= engine.statement_lifetime_s * 1000)
        args.refuse("statement_renew_s", "must be less than statement_lifetime_s");
    return args.finish();
}

bool is_amount(const nlohmann::json& value) {
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    return !text.empty() && text.size() <= 78 && text.find_first_not_of("0123456789") == std::string::npos &&
           (text == "0" || text.front() != '0');
}

Status read_funds(Args& top, KernelConfig& config) {
    constexpr std::int64_t kMostDeliveries = 100'000;
    Args args{top.object_or_empty("funds"), "funds."};
    auto& funds = config.funds;
    funds.reserve_deliveries =
        static_cast<std::uint32_t>(args.integer_or("reserve_deliveries", 0, kMostDeliveries, funds.reserve_deliveries));
    const auto& chains = config.engine.chains;
    for (const auto& [instance, amount] : args.object_or_empty("reserve").items()) {
        const auto named = [&name = instance](const life::ChainConfig& chain) { return chain.instance == name; };
        if (std::none_of(chains.begin(), chains.end(), named) || !is_amount(amount)) {
            args.refuse("reserve", "must map chain instances to quoted whole numbers of the coin's smallest unit");
            break;
        }
        funds.reserve[instance] = Amount{amount.get<std::string>()};
    }
    funds.credit_outages = args.flag_or("credit_outages", funds.credit_outages);
    funds.credit_min_s = args.integer_or("credit_min_s", 0, kYear, funds.credit_min_s);
    funds.credit_max_s = args.integer_or("credit_max_s", 1, kYear, funds.credit_max_s);
    return args.finish();
}

Status read_sockets(Args& top, KernelConfig& config) {
    Args args{top.object_or_empty("sockets"), "sockets."};
    const std::string& run = config.paths.run;
    config.sockets.signer = absolute_or(args, "signer", run + "/signer/signer.sock");
    config.sockets.netd = absolute_or(args, "netd", run + "/netd/netd.sock");
    config.sockets.launch = absolute_or(args, "launch", run + "/launch/launch.sock");
    config.sockets.api = absolute_or(args, "api", run + "/api/api.sock");
    return args.finish();
}

// grants.chains: which chain instance a name of the manifest means, and what may be done there.
Status read_chain_grants(Args& grants, PluginConfig& plugin) {
    for (const auto& [name, entry] : grants.object_or_empty("chains").items()) {
        const std::string where = "grants.chains." + name + ".";
        if (!entry.is_object()) return invalid("bad_argument", where + " must be a map with \"instance\"");
        Args args{entry, where};
        PluginConfig::Grants::Chain chain;
        chain.instance = args.text("instance", kName);
        chain.contracts = args.texts("contracts", 64, 128);
        if (!args.list_or_empty("submit", 64).empty()) chain.submit = args.texts("submit", 64, 256);
        for (const auto& prefix : chain.submit) {
            const bool good = prefix.size() >= 10 && prefix.size() % 2 == 0 && prefix.starts_with("0x") &&
                              prefix.find_first_not_of("0123456789abcdef", 2) == std::string::npos;
            if (!good)
                args.refuse("submit", "must list what a call's data begins with: 0x and at least 4 bytes in hex");
        }
        if (auto bad = args.finish(); !bad) return bad;
        plugin.grants.chains[name] = std::move(chain);
    }
    return {};
}

Result<PluginConfig> read_plugin_config(const std::filesystem::path& path) {
    auto tree = read_yaml(path.string());
    if (!tree) return tree.failure();
    if (!tree->is_object()) return invalid("bad_config", path.string() + ": must be a map");
    PluginConfig plugin;
    plugin.instance = path.stem().string();
    Args args{*tree};
    plugin.plugin = args.text("plugin", 128);
    if (tree->contains("sha256"))
        args.refuse("sha256", "is no key any more: remove it; `blockhost plugin enable " + plugin.plugin + "` pins");
    plugin.kind = args.text("kind", 16);
    if (plugin.kind != "chain" && plugin.kind != "hypervisor" && plugin.kind != "storage" && plugin.kind != "ipv6") {
        args.refuse("kind", "must be chain, hypervisor, storage or ipv6");
    }
    plugin.isolation = args.text_or("isolation", 16, "");
    if (!plugin.isolation.empty() && plugin.isolation != "process" && plugin.isolation != "inprocess")
        args.refuse("isolation", "must be process or inprocess");
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
    if (auto bad = read_chain_grants(grants, plugin); !bad) return bad.failure().within(path.string());
    for (const auto& done : {args.finish(), grants.finish()}) {
        if (!done) return done.failure().within(path.string());
    }
    if (!is_name(plugin.instance, kName)) {
        return invalid("bad_config", path.string() + ": the file's name is the instance's: a-z, 0-9 and - only");
    }
    return plugin;
}

}  // namespace

Result<KernelConfig> read_kernel_config(const std::string& path) {
    auto tree = read_yaml(path);
    if (!tree) return tree.failure();
    if (!tree->is_object()) return invalid("bad_config", path + ": must be a map");
    KernelConfig config;
    Args top{*tree};
    for (const auto part :
         {read_paths, read_host, read_chains, read_placement, read_timing, read_funds, read_sockets}) {
        if (auto bad = part(top, config); !bad) return bad.failure().within(path);
    }
    if (auto bad = top.finish(); !bad) return bad.failure().within(path);
    return config;
}

Result<std::vector<PluginConfig>> read_plugin_configs(const std::string& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator it{directory, error}, end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == ".yaml") files.push_back(it->path());
    }
    if (error) return invalid("no_directory", "cannot list " + directory + ": " + error.message());
    std::sort(files.begin(), files.end());
    std::vector<PluginConfig> plugins;
    for (const auto& file : files) {
        auto plugin = read_plugin_config(file);
        if (!plugin) return plugin.failure();
        plugins.push_back(std::move(*plugin));
    }
    return plugins;
}

}  // namespace bh
