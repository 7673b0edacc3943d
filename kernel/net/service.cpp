#include "kernel/net/service.hpp"

#include "kernel/ipc/args.hpp"

namespace bh::net {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = 64;
constexpr std::int64_t kMaxUid = 0xfffffffeLL - 1;

struct TapAndOwner {
    InterfaceName tap;
    std::string owner;
};

Result<TapAndOwner> parse_tap_and_owner(std::string_view tap, std::string_view owner) {
    auto name = InterfaceName::parse_tap(tap, "tap");
    if (!name) return name.failure();
    auto id = parse_owner(owner, "owner");
    if (!id) return id.failure();
    return TapAndOwner{*name, *id};
}

Result<TapAndOwner> read_tap_and_owner(const json& object) {
    ipc::Args args{object};
    const auto tap = args.text("tap", kMaxText);
    const auto owner = args.text("owner", kMaxText);
    if (auto fine = args.finish(); !fine) return fine.failure();
    return parse_tap_and_owner(tap, owner);
}

Result<Assignment> read_assignment(const json& object, const InterfaceName& default_uplink) {
    ipc::Args args{object};
    const auto tap = args.text("tap", kMaxText);
    const auto owner = args.text("owner", kMaxText);
    const auto address = args.text("address", kMaxText);
    const auto mac = args.text("mac", kMaxText);
    const auto mode = args.text("mode", kMaxText);
    const auto uplink = args.text_or("uplink", kMaxText, "");
    const auto uid = args.integer("uid", 1, kMaxUid);  // a VM never runs as root
    if (auto fine = args.finish(); !fine) return fine.failure();
    auto names = parse_tap_and_owner(tap, owner);
    if (!names) return names.failure();
    auto address_value = Ipv6Address::parse(address, "address");
    if (!address_value) return address_value.failure();
    auto mac_value = MacAddress::parse(mac, "mac");
    if (!mac_value) return mac_value.failure();
    auto mode_value = parse_mode(mode, "mode");
    if (!mode_value) return mode_value.failure();
    auto uplink_value = uplink.empty() ? Result<InterfaceName>{default_uplink} : InterfaceName::parse(uplink, "uplink");
    if (!uplink_value) return uplink_value.failure();
    return Assignment{names->tap,
                      names->owner,
                      *address_value,
                      *mac_value,
                      *mode_value,
                      *uplink_value,
                      static_cast<std::uint32_t>(uid),
                      false};
}

Status read_nothing(const json& object) { return ipc::Args{object}.finish(); }

json vm_json(const Observed& observed) {
    const auto& a = observed.assignment;
    return {{"tap", a.tap.text()}, {"owner", a.owner},          {"address", a.address.text()},
            {"mac", a.mac.text()}, {"mode", mode_text(a.mode)}, {"uplink", a.uplink.text()},
            {"uid", a.uid},        {"blocked", a.blocked},      {"missing", observed.missing}};
}

Result<ipc::Reply> answer(const Status& status) {
    if (!status) return status.failure();
    return ipc::Reply{};
}

ipc::Handler vm_apply(Network& network) {
    return [&network](ipc::Request& request) -> Result<ipc::Reply> {
        auto wanted = read_assignment(request.args, network.default_uplink());
        if (!wanted) return wanted.failure();
        return answer(network.apply(*wanted));
    };
}

ipc::Handler on_tap(Network& network, Status (Network::*verb)(const InterfaceName&, const std::string&)) {
    return [&network, verb](ipc::Request& request) -> Result<ipc::Reply> {
        auto names = read_tap_and_owner(request.args);
        if (!names) return names.failure();
        return answer((network.*verb)(names->tap, names->owner));
    };
}

ipc::Handler tap_open(Network& network) {
    return [&network](ipc::Request& request) -> Result<ipc::Reply> {
        auto names = read_tap_and_owner(request.args);
        if (!names) return names.failure();
        auto fd = network.open_tap(names->tap, names->owner);
        if (!fd) return fd.failure();
        ipc::Reply reply;
        reply.fds.push_back(std::move(*fd));
        return reply;
    };
}

ipc::Handler vm_list(Network& network) {
    return [&network](ipc::Request& request) -> Result<ipc::Reply> {
        if (auto fine = read_nothing(request.args); !fine) return fine.failure();
        auto observed = network.list();
        if (!observed) return observed.failure();
        ipc::Reply reply;
        reply.ok["vms"] = json::array();
        for (const auto& vm : *observed) reply.ok["vms"].push_back(vm_json(vm));
        return reply;
    };
}

ipc::Handler status(Network& network) {
    return [&network](ipc::Request& request) -> Result<ipc::Reply> {
        if (auto fine = read_nothing(request.args); !fine) return fine.failure();
        auto report = network.status();
        if (!report) return report.failure();
        json changed = json::array();
        for (const auto& c : report->changed) changed.push_back({{"key", c.key}, {"from", c.from}, {"to", c.to}});
        json findings = json::array();
        for (const auto& f : report->findings) {
            findings.push_back(
                {{"field", f.field}, {"severity", f.severity}, {"message", f.message}, {"remedy", f.remedy}});
        }
        json uplinks = json::array();
        for (const auto& name : network.uplinks()) uplinks.push_back(name.text());
        return ipc::Reply{{{"table", report->table},
                           {"forwarding", report->forwarding},
                           {"uplinks", uplinks},
                           {"changed", changed},
                           {"findings", findings}},
                          {}};
    };
}

}  // namespace

std::map<std::string, ipc::Verb> netd_verbs(Network& network, uid_t kernel_user, uid_t launcher_user) {
    const auto kernel = [kernel_user](const ipc::Peer& peer) { return peer.uid == kernel_user; };
    const auto launcher = [launcher_user](const ipc::Peer& peer) { return peer.uid == launcher_user; };
    return {
        {"vm_apply", {vm_apply(network), kernel}},
        {"vm_block", {on_tap(network, &Network::block), kernel}},
        {"vm_remove", {on_tap(network, &Network::remove), kernel}},
        {"vm_list", {vm_list(network), kernel}},
        {"tap_open", {tap_open(network), launcher}},
        {"status", {status(network), kernel}},
    };
}

}  // namespace bh::net
