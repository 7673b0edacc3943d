#include "kernel/net/config.hpp"

#include "kernel/config/yaml.hpp"
#include "kernel/ipc/args.hpp"
#include "kernel/ipc/daemon.hpp"

namespace bh::net {
namespace {

constexpr std::size_t kMaxPath = 107;  // of a Unix socket
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxUplinks = 16;
constexpr std::size_t kMaxPrefixes = 256;
constexpr std::size_t kMaxPorts = 256;
constexpr std::size_t kMaxText = 64;

// A user or group may be written as a name or as a number.
std::string account(ipc::Args& args, const nlohmann::json& object, const char* key, std::string_view absent) {
    const auto it = object.find(key);
    if (it != object.end() && it->is_number_integer()) {
        return std::to_string(args.integer(key, 0, 0xfffffffeLL));
    }
    return args.text_or(key, kMaxName, absent);
}

// Takes the list out of `object`, whose other keys are then read by Args, which has no lists of numbers.
Result<std::vector<std::uint16_t>> take_ports(nlohmann::json& object, const char* key) {
    std::vector<std::uint16_t> list;
    const nlohmann::json value = object.value(key, nlohmann::json::array());
    object.erase(key);
    const auto wrong = [&] {
        return invalid("bad_ports", "\"" + std::string{key} + "\" must be a list of at most " +
                                        std::to_string(kMaxPorts) + " port numbers from 1 to 65535");
    };
    if (!value.is_array() || value.size() > kMaxPorts) return wrong();
    for (const auto& port : value) {
        if (!port.is_number_integer() || port < 1 || port > 65535) return wrong();
        list.push_back(port.get<std::uint16_t>());
    }
    return list;
}

std::vector<std::string> texts_or_none(ipc::Args& args, const nlohmann::json& object, const char* key,
                                       std::size_t count) {
    return object.contains(key) ? args.texts(key, count, kMaxText) : std::vector<std::string>{};
}

Status read_accounts(ipc::Args& args, const nlohmann::json& object, NetdConfig& config) {
    const auto kernel = account(args, object, "kernel_user", "blockhost");
    const auto launcher = account(args, object, "launcher_user", "0");
    const auto user = account(args, object, "user", "");
    const auto group = account(args, object, "group", "");
    auto kernel_id = ipc::user_id(kernel, "kernel_user");
    if (!kernel_id) return kernel_id.failure();
    auto launcher_id = ipc::user_id(launcher, "launcher_user");
    if (!launcher_id) return launcher_id.failure();
    config.kernel_user = *kernel_id;
    config.launcher_user = *launcher_id;
    if (!user.empty()) {
        auto id = ipc::user_id(user, "user");
        if (!id) return id.failure();
        config.run_as = *id;
    }
    if (!group.empty()) {
        auto id = ipc::group_id(group, "group");
        if (!id) return id.failure();
        config.group = *id;
    }
    return {};
}

Status read_network(ipc::Args& args, const nlohmann::json& object, NetworkOptions& network) {
    for (const auto& text : args.texts("uplinks", kMaxUplinks, kMaxText)) {
        auto name = InterfaceName::parse(text, "uplinks");
        if (!name) return name.failure();
        network.rules.uplinks.push_back(*name);
    }
    for (const auto& text : texts_or_none(args, object, "prefixes", kMaxPrefixes)) {
        auto prefix = Ipv6Prefix::parse(text, "prefixes");
        if (!prefix) return prefix.failure();
        network.prefixes.push_back(*prefix);
    }
    network.tun = args.text_or("tun", 255, network.tun);
    network.rules.forward_others = args.flag_or("forward_others", false);
    return {};
}

Result<NetdConfig> read_object(nlohmann::json object) {
    if (!object.is_object()) return invalid("bad_config", "it must be a map of keys and values");
    NetdConfig config;
    auto tcp = take_ports(object, "open_tcp");
    if (!tcp) return tcp.failure();
    auto udp = take_ports(object, "open_udp");
    if (!udp) return udp.failure();
    config.network.rules.open_tcp = std::move(*tcp);
    config.network.rules.open_udp = std::move(*udp);
    ipc::Args args{object};
    config.socket = args.text("socket", kMaxPath);
    if (auto done = read_accounts(args, object, config); !done) return done.failure();
    if (auto done = read_network(args, object, config.network); !done) return done.failure();
    if (auto fine = args.finish(); !fine) return fine.failure();
    if (!config.socket.starts_with('/')) return invalid("bad_value", "\"socket\" must be an absolute path");
    if (config.network.rules.uplinks.empty())
        return invalid("bad_value",
                       "\"uplinks\" is empty; name the interface to the outside, see `ip -6 route show default`");
    return config;
}

}  // namespace

Result<NetdConfig> read_netd_config(const std::string& path) {
    auto object = read_yaml(path);
    if (!object) return object.failure();
    auto config = read_object(std::move(*object));
    if (!config) return config.failure().within(path);
    return config;
}

}  // namespace bh::net
