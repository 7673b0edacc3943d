#include "kernel/net/network.hpp"

#include "kernel/net/tun.hpp"

#include <algorithm>

namespace bh::net {
namespace {

void append(nlohmann::json& to, nlohmann::json from) {
    for (auto& command : from) to.push_back(std::move(command));
}

// Elements of a tap that the rules know, also when the tap itself was removed behind our back.
std::vector<Assignment> assignments_in_rules(const Snapshot& snapshot, const InterfaceName& tap,
                                             const InterfaceName& any_uplink) {
    std::vector<Assignment> found;
    for (const auto& source : snapshot.sources) {
        if (source.tap != tap.text()) continue;
        auto address = Ipv6Address::parse(source.address, "address");
        auto mac = MacAddress::parse(source.mac, "mac");
        if (address && mac) found.push_back({tap, "", *address, *mac, Mode::routed, any_uplink, 0, false});
    }
    return found;
}

}  // namespace

Result<Network> Network::open(NetworkOptions options) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.failure();
    return Network{std::move(options), std::move(*netlink)};
}

Status Network::start() {
    auto links = list_links(netlink_);
    if (!links) return links.failure();
    std::vector<std::string> names{"default"};  // what interfaces that come later begin with
    for (const auto& link : *links) {
        const bool other = link.name != "lo" && link.group != kTapGroup;
        if (other && InterfaceName::parse(link.name, "interface")) names.push_back(link.name);
    }
    // Closed first, then a router.
    if (auto done = nft_.run(replace_table(options_.rules, assignments_of(own_taps(*links)))); !done)
        return done.failure();
    if (auto done = enable_forwarding(sysctls_, names); !done) return done.failure();
    return sweep_proxies();
}

Status Network::check(const Assignment& wanted) const {
    const std::string address = wanted.address.text();
    if (!wanted.address.assignable()) {
        return invalid("address_kind", "\"address\": " + address +
                                           " can't be a VM's; take one from a global (2000::/3) or unique local "
                                           "(fc00::/7) prefix");
    }
    const auto& prefixes = options_.prefixes;
    if (!prefixes.empty() &&
        std::none_of(prefixes.begin(), prefixes.end(), [&](const auto& p) { return p.contains(wanted.address); })) {
        return invalid("address_outside", "\"address\": " + address +
                                              " is in none of the \"prefixes\" of netd.yaml; add its prefix there if "
                                              "it is yours");
    }
    const auto& uplinks = options_.rules.uplinks;
    if (std::find(uplinks.begin(), uplinks.end(), wanted.uplink) == uplinks.end()) {
        return invalid("uplink_unknown", "\"uplink\": " + wanted.uplink.text() +
                                             " is none of the \"uplinks\" of netd.yaml; add it there");
    }
    return {};
}

Status Network::apply(const Assignment& wanted) {
    if (auto fine = check(wanted); !fine) return fine.failure();
    auto links = list_links(netlink_);
    if (!links) return links.failure();
    auto addresses = list_addresses(netlink_);
    if (!addresses) return addresses.failure();
    auto routes = list_host_routes(netlink_);
    if (!routes) return routes.failure();
    if (auto conflict = conflict_with(*links, *addresses, *routes, wanted)) return *conflict;
    const auto uplink =
        std::find_if(links->begin(), links->end(), [&](const Link& l) { return l.name == wanted.uplink.text(); });
    if (uplink == links->end()) {
        return Failure{BH_E_UNAVAILABLE, "uplink_missing",
                       "\"uplink\": there is no interface " + wanted.uplink.text() +
                           " now; connect it, or correct \"uplinks\" in netd.yaml"};
    }
    const auto taps = own_taps(*links);
    const auto tap =
        std::find_if(taps.begin(), taps.end(), [&](const OwnTap& t) { return t.assignment.tap == wanted.tap; });
    if (tap != taps.end()) {
        if (tap->assignment != wanted) {
            if (auto done = change_tap(*tap, wanted); !done) return done.failure();
        }
        return connect(tap->link, *uplink, wanted);
    }
    auto made = make_tap(wanted);
    if (!made) return made.failure();
    auto done = connect(*made, *uplink, wanted);
    if (!done) (void)remove(wanted.tap, wanted.owner);  // the first failure is the one to report
    return done;
}

Result<Link> Network::make_tap(const Assignment& wanted) {
    auto fd = net::open_tap(options_.tun, wanted.tap);
    if (!fd) return fd.failure();
    auto link = find_link(netlink_, wanted.tap);
    if (!link) return link.failure();
    if (!*link)
        return Failure{BH_E_INTERNAL, "tap_vanished", "the tap " + wanted.tap.text() + " vanished while it was made"};
    // Persistent last: whatever fails or is killed before takes the tap with it.
    if (auto done = set_tap_owner(*fd, wanted.uid); !done) return done.failure();
    if (auto done = adopt_tap(netlink_, **link, alias_of(wanted)); !done) return done.failure();
    if (auto done = make_persistent(*fd); !done) return done.failure();
    return **link;
}

Status Network::change_tap(const OwnTap& tap, const Assignment& wanted) {
    const Assignment& old = tap.assignment;
    if (old.uid != wanted.uid) {
        auto fd = net::open_tap(options_.tun, wanted.tap);
        if (!fd) return fd.failure();
        if (auto done = set_tap_owner(*fd, wanted.uid); !done) return done.failure();
    }
    // The intent first: whatever is cut off after it is finished from the alias.
    if (auto done = set_alias(netlink_, tap.link, alias_of(wanted)); !done) return done.failure();
    const bool same_traffic = old.address == wanted.address && old.mac == wanted.mac && old.uplink == wanted.uplink &&
                              old.mode == wanted.mode;
    return same_traffic ? Status{} : withdraw(tap.link, old);
}

Status Network::set_rules(const nlohmann::json& commands) {
    auto done = nft_.run(commands);
    if (done || done.failure().code != BH_E_NOT_FOUND) return done;
    // Somebody removed our table (`nft flush ruleset`): put all of it back.
    auto links = list_links(netlink_);
    if (!links) return links.failure();
    return nft_.run(replace_table(options_.rules, assignments_of(own_taps(*links))));
}

Status Network::connect(const Link& tap, const Link& uplink, const Assignment& wanted) {
    if (auto done = set_rules(add_elements(wanted)); !done) return done.failure();
    if (auto done = prepare_tap(sysctls_, wanted.tap); !done) return done.failure();
    if (auto done = set_up(netlink_, tap, true); !done) return done.failure();
    if (auto done = add_gateway(netlink_, tap); !done) return done.failure();
    if (auto done = add_host_route(netlink_, wanted.address, tap.index); !done) return done.failure();
    if (auto done = set_neighbour(netlink_, wanted.address, wanted.mac, tap.index); !done) return done.failure();
    if (wanted.mode == Mode::routed) return {};
    if (auto done = enable_proxy(sysctls_, wanted.uplink); !done) return done.failure();
    return add_proxy(netlink_, wanted.address, uplink.index);
}

Status Network::withdraw(const Link& tap, const Assignment& old) {
    if (auto done = set_rules(delete_elements(old)); !done) return done.failure();
    if (old.mode == Mode::on_link) {
        auto uplink = find_link(netlink_, old.uplink);
        if (!uplink) return uplink.failure();
        if (*uplink) {
            if (auto done = remove_proxy(netlink_, old.address, (*uplink)->index); !done) return done.failure();
        }
    }
    if (auto done = remove_neighbour(netlink_, old.address, tap.index); !done) return done.failure();
    return remove_host_route(netlink_, old.address, tap.index);
}

Result<std::optional<OwnTap>> Network::find_own(const InterfaceName& tap, const std::string& owner) {
    auto link = find_link(netlink_, tap);
    if (!link) return link.failure();
    if (!*link) return std::optional<OwnTap>{};
    auto assignment = parse_alias(tap, (*link)->alias);
    if (!assignment) {
        return Failure{BH_E_CONFLICT, "tap_foreign",
                       "\"tap\": " + tap.text() + " was not made by netd; it is left alone"};
    }
    if (assignment->owner != owner) {
        return Failure{BH_E_CONFLICT, "tap_owner", "\"tap\": " + tap.text() + " belongs to " + assignment->owner};
    }
    return std::optional<OwnTap>{OwnTap{**link, *assignment}};
}

Status Network::block(const InterfaceName& tap, const std::string& owner) {
    auto own = find_own(tap, owner);
    if (!own) return own.failure();
    if (!*own) return {};
    Assignment blocked = (*own)->assignment;
    blocked.blocked = true;
    // The intent first: a netd that is killed now puts up rules without this VM.
    if (auto done = set_alias(netlink_, (*own)->link, alias_of(blocked)); !done) return done.failure();
    if (auto done = withdraw((*own)->link, blocked); !done) return done.failure();
    return set_up(netlink_, (*own)->link, false);
}

Status Network::remove(const InterfaceName& tap, const std::string& owner) {
    auto own = find_own(tap, owner);
    if (!own) return own.failure();
    if (*own) {
        Assignment ending = (*own)->assignment;
        ending.blocked = true;
        if (auto done = set_alias(netlink_, (*own)->link, alias_of(ending)); !done) return done.failure();
        if (auto done = withdraw((*own)->link, ending); !done) return done.failure();
        return remove_link(netlink_, (*own)->link);
    }
    auto snapshot = take_snapshot(netlink_, nft_);
    if (!snapshot) return snapshot.failure();
    auto commands = nlohmann::json::array();
    for (const auto& left : assignments_in_rules(*snapshot, tap, default_uplink()))
        append(commands, delete_elements(left));
    if (!commands.empty()) {
        if (auto done = nft_.run(commands); !done) return done.failure();
    }
    return sweep_proxies();
}

// Proxies that carry our mark and no VM any more: their tap was removed by hand, or netd was killed in between.
Status Network::sweep_proxies() {
    auto links = list_links(netlink_);
    if (!links) return links.failure();
    auto proxies = list_proxies(netlink_);
    if (!proxies) return proxies.failure();
    const auto assignments = assignments_of(own_taps(*links));
    for (const auto& proxy : *proxies) {
        const bool used = std::any_of(assignments.begin(), assignments.end(), [&](const Assignment& a) {
            return a.address == proxy.address && a.mode == Mode::on_link && !a.blocked;
        });
        if (used || proxy.protocol != kProtocol) continue;
        if (auto done = remove_proxy(netlink_, proxy.address, proxy.link); !done) return done.failure();
    }
    return {};
}

Result<std::vector<Observed>> Network::list() {
    auto snapshot = take_snapshot(netlink_, nft_);
    if (!snapshot) return snapshot.failure();
    std::vector<Observed> observed;
    for (const auto& tap : own_taps(snapshot->links))
        observed.push_back({tap.assignment, missing_parts(*snapshot, tap)});
    return observed;
}

Result<Fd> Network::open_tap(const InterfaceName& tap, const std::string& owner) {
    auto own = find_own(tap, owner);
    if (!own) return own.failure();
    if (!*own) {
        return Failure{BH_E_NOT_FOUND, "no_tap", "\"tap\": there is no " + tap.text() + "; vm_apply makes it"};
    }
    return net::open_tap(options_.tun, tap);
}

Result<StatusReport> Network::status() {
    auto snapshot = take_snapshot(netlink_, nft_);
    if (!snapshot) return snapshot.failure();
    StatusReport report;
    report.table = snapshot->table;
    report.changed = sysctls_.changes();
    auto forwarding = sysctls_.read("ipv6/conf/all/forwarding");
    report.forwarding = forwarding && *forwarding != "0";
    const auto find = [&](std::string field, std::string message, std::string remedy) {
        report.findings.push_back({std::move(field), "error", std::move(message), std::move(remedy)});
    };
    if (!report.table) find("", "The nftables table \"inet blockhost\" is gone.", "Restart blockhost-netd.");
    if (!report.forwarding) {
        find("", "This host does not forward IPv6, so no VM can be reached.",
             "Restart blockhost-netd, and find out who sets net.ipv6.conf.all.forwarding to 0.");
    }
    for (const auto& name : options_.rules.uplinks) {
        const Link* link = snapshot->link(name);
        if (link == nullptr)
            find("/uplinks", "There is no interface " + name.text() + ".",
                 "Connect it, or correct \"uplinks\" in netd.yaml.");
        if (link != nullptr && !link->up)
            find("/uplinks", "The uplink " + name.text() + " is down.",
                 "Bring it up: ip link set " + name.text() + " up");
    }
    if (auto tun = check_tun_device(options_.tun); !tun)
        find("/tun", tun.failure().message, "Correct the device node, or \"tun\" in netd.yaml.");
    for (const auto& tap : own_taps(snapshot->links)) {
        for (const auto& part : missing_parts(*snapshot, tap))
            find("", "The VM " + tap.assignment.owner + " lacks its " + part + " on " + tap.link.name + ".",
                 "The kernel applies it again; if it does not, see its log.");
    }
    return report;
}

}  // namespace bh::net
