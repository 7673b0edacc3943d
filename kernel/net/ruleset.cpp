#include "kernel/net/ruleset.hpp"

#include "kernel/net/links.hpp"

namespace bh::net {
namespace {

using nlohmann::json;

constexpr const char* kFamily = "inet";
constexpr const char* kTable = "blockhost";

// --- expressions -----------------------------------------------------------------------------------------------------

json meta(const char* key) { return {{"meta", {{"key", key}}}}; }
json payload(const char* protocol, const char* field) {
    return {{"payload", {{"protocol", protocol}, {"field", field}}}};
}
json match(json left, json right, const char* op = "==") {
    return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}
json any_of(json values) { return {{"set", std::move(values)}}; }
json concat(json parts) { return {{"concat", std::move(parts)}}; }
json from_tap() { return match(meta("iifgroup"), kTapGroup); }
json to_tap() { return match(meta("oifgroup"), kTapGroup); }
json from_uplink() { return match(meta("iifname"), "@uplinks"); }
json to_uplink() { return match(meta("oifname"), "@uplinks"); }
json ipv4() { return match(meta("nfproto"), "ipv4"); }
json ipv6() { return match(meta("nfproto"), "ipv6"); }
json source() { return concat({meta("iifname"), payload("ether", "saddr"), payload("ip6", "saddr")}); }
json destination() { return concat({payload("ip6", "daddr"), meta("oifname")}); }
json tracked() { return match({{"ct", {{"key", "state"}}}}, json::array({"established", "related"}), "in"); }
json to_host() { return match({{"fib", {{"result", "type"}, {"flags", json::array({"daddr"})}}}}, "local"); }
json icmpv6(json types) { return match(payload("icmpv6", "type"), any_of(std::move(types))); }
json on_this_link() { return match(payload("ip6", "hoplimit"), 255); }  // RFC 4861: never routed

json accept() { return {{"accept", nullptr}}; }
json drop() { return {{"drop", nullptr}}; }
json counter() { return {{"counter", nullptr}}; }
json jump(const char* chain) { return {{"jump", {{"target", chain}}}}; }
json notrack() { return {{"notrack", nullptr}}; }

const json kSolicitation = {"nd-neighbor-solicit", "nd-neighbor-advert"};
// Everything else that only makes sense between neighbours: router discovery, redirects, group membership.
const json kOtherLinkTraffic = {"nd-router-solicit",   "nd-router-advert",  "nd-redirect",         "mld-listener-query",
                                "mld-listener-report", "mld-listener-done", "mld2-listener-report"};
const json kErrors = {"destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"};

// --- objects ---------------------------------------------------------------------------------------------------------

json in_table(const char* name) { return {{"family", kFamily}, {"table", kTable}, {"name", name}}; }
json add(const char* what, json object) { return {{"add", {{what, std::move(object)}}}}; }
json table() { return {{"family", kFamily}, {"name", kTable}}; }

json set(const char* name, json type, json elements) {
    json object = in_table(name);
    object["type"] = std::move(type);
    if (!elements.empty()) object["elem"] = std::move(elements);
    return add("set", std::move(object));
}

// Before the kernel puts fragments together (-400): it leaves them as they are for what is not tracked.
constexpr int kBeforeDefragmentation = -450;

json hook_chain(const char* name, const char* hook, int priority) {
    json object = in_table(name);
    object.update({{"type", "filter"}, {"hook", hook}, {"prio", priority}, {"policy", "accept"}});
    return add("chain", std::move(object));
}

json chain(const char* name) { return add("chain", in_table(name)); }

json rule(const char* chain, json expressions) {
    return add("rule", {{"family", kFamily}, {"table", kTable}, {"chain", chain}, {"expr", std::move(expressions)}});
}

// --- rules -----------------------------------------------------------------------------------------------------------

void add_prerouting(json& out) {
    const char* all = "prerouting";
    const char* guest = "from_guest";
    out.push_back(hook_chain(all, "prerouting", kBeforeDefragmentation));
    out.push_back(chain(guest));
    out.push_back(rule(all, {from_tap(), jump(guest)}));
    out.push_back(rule(all, {from_uplink(), match(payload("ip6", "saddr"), "@vm_addresses"), counter(), drop()}));
    out.push_back(rule(all, {from_uplink(), match(payload("ip6", "daddr"), "@vm_addresses"), notrack()}));

    out.push_back(rule(guest, {match(meta("nfproto"), "ipv6", "!="), counter(), drop()}));
    out.push_back(
        rule(guest, {icmpv6(kSolicitation), on_this_link(), match(source(), "@vm_neighbour_sources"), accept()}));
    out.push_back(rule(guest, {icmpv6(kSolicitation), counter(), drop()}));
    out.push_back(rule(guest, {icmpv6(kOtherLinkTraffic), counter(), drop()}));
    out.push_back(rule(guest, {match(source(), "@vm_sources", "!="), counter(), drop()}));
    out.push_back(rule(guest, {to_host(), accept()}));  // the input chain decides, with connection tracking
    out.push_back(rule(guest, {notrack(), accept()}));
}

void add_input(json& out) {
    const char* all = "input";
    const char* guest = "input_from_guest";
    const char* uplink = "input_from_uplink";
    out.push_back(hook_chain(all, "input", 0));
    out.push_back(chain(guest));
    out.push_back(chain(uplink));
    out.push_back(rule(all, {match(meta("iifname"), "lo"), accept()}));
    out.push_back(rule(all, {from_tap(), jump(guest)}));
    out.push_back(rule(all, {from_uplink(), jump(uplink)}));

    out.push_back(rule(guest, {tracked(), accept()}));
    out.push_back(rule(guest, {icmpv6(kSolicitation), accept()}));
    out.push_back(rule(guest, {icmpv6({"echo-request"}), accept()}));
    out.push_back(rule(guest, {icmpv6(kErrors), accept()}));
    out.push_back(rule(guest, {counter(), drop()}));

    out.push_back(rule(uplink, {tracked(), accept()}));
    out.push_back(rule(uplink, {icmpv6(kSolicitation), on_this_link(), accept()}));
    out.push_back(rule(uplink, {icmpv6({"nd-router-advert"}), on_this_link(), accept()}));
    out.push_back(rule(uplink, {icmpv6({"mld-listener-query"}), accept()}));
    out.push_back(rule(uplink, {icmpv6({"echo-request"}), accept()}));
    out.push_back(rule(uplink, {icmpv6(kErrors), accept()}));
    out.push_back(rule(uplink, {match(payload("icmp", "type"), any_of({"echo-request", "destination-unreachable",
                                                                       "time-exceeded", "parameter-problem"})),
                                accept()}));
    // The host's own address by DHCP: answers come from the server's port to the client's.
    out.push_back(
        rule(uplink, {ipv4(), match(payload("udp", "sport"), 67), match(payload("udp", "dport"), 68), accept()}));
    out.push_back(
        rule(uplink, {ipv6(), match(payload("udp", "sport"), 547), match(payload("udp", "dport"), 546), accept()}));
    out.push_back(rule(uplink, {match(payload("tcp", "dport"), "@open_tcp"), accept()}));
    out.push_back(rule(uplink, {match(payload("udp", "dport"), "@open_udp"), accept()}));
    out.push_back(rule(uplink, {counter(), drop()}));
}

void add_forward(json& out, bool forward_others) {
    const char* all = "forward";
    const char* from_guest = "forward_from_guest";
    const char* to_guest = "forward_to_guest";
    out.push_back(hook_chain(all, "forward", 0));
    out.push_back(chain(from_guest));
    out.push_back(chain(to_guest));
    out.push_back(rule(all, {from_tap(), jump(from_guest)}));
    out.push_back(rule(all, {to_tap(), jump(to_guest)}));
    // We turned forwarding on for the guests' sake: nobody else gets a router out of it.
    if (!forward_others) out.push_back(rule(all, {ipv6(), counter(), drop()}));

    // Where it comes from was checked in prerouting. Anything but an uplink, another guest's tap first of all, is
    // closed.
    out.push_back(rule(from_guest, {to_uplink(), accept()}));
    out.push_back(rule(from_guest, {counter(), drop()}));

    out.push_back(rule(to_guest, {from_uplink(), match(destination(), "@vm_destinations"), accept()}));
    out.push_back(rule(to_guest, {counter(), drop()}));
}

// --- elements --------------------------------------------------------------------------------------------------------

json source_element(const Assignment& a, const std::string& address) {
    return concat({a.tap.text(), a.mac.text(), address});
}

struct SetElements {
    const char* set;
    json elements;
};

// What one guest may be the source of in neighbour discovery: its address, the link-local address of its MAC, and the
// unspecified address of duplicate address detection. Another link-local address would let it fill the host's table.
std::vector<SetElements> elements_of(const Assignment& a) {
    return {
        {"vm_sources", json::array({source_element(a, a.address.text())})},
        {"vm_neighbour_sources", json::array({source_element(a, a.address.text()),
                                              source_element(a, a.mac.link_local().text()), source_element(a, "::")})},
        {"vm_addresses", json::array({a.address.text()})},
        {"vm_destinations", json::array({concat({a.address.text(), a.tap.text()})})},
    };
}

json element_command(const char* verb, const SetElements& part) {
    json object = in_table(part.set);
    object["elem"] = part.elements;
    return {{verb, {{"element", std::move(object)}}}};
}

}  // namespace

json replace_table(const RulesetConfig& config, const std::vector<Assignment>& assignments) {
    json uplinks = json::array();
    for (const auto& name : config.uplinks) uplinks.push_back(name.text());
    json out = json::array();
    out.push_back(add("table", table()));  // so that the next line does not fail the first time
    out.push_back({{"delete", {{"table", table()}}}});
    out.push_back(add("table", table()));
    out.push_back(set("uplinks", "ifname", std::move(uplinks)));
    out.push_back(set("open_tcp", "inet_service", config.open_tcp));
    out.push_back(set("open_udp", "inet_service", config.open_udp));
    out.push_back(set("vm_sources", {"ifname", "ether_addr", "ipv6_addr"}, json::array()));
    out.push_back(set("vm_neighbour_sources", {"ifname", "ether_addr", "ipv6_addr"}, json::array()));
    out.push_back(set("vm_addresses", "ipv6_addr", json::array()));
    out.push_back(set("vm_destinations", {"ipv6_addr", "ifname"}, json::array()));
    for (const auto& assignment : assignments) {
        if (assignment.blocked) continue;
        for (auto& command : add_elements(assignment)) out.push_back(std::move(command));
    }
    add_prerouting(out);
    add_input(out);
    add_forward(out, config.forward_others);
    return out;
}

json add_elements(const Assignment& assignment) {
    json out = json::array();
    for (const auto& part : elements_of(assignment)) out.push_back(element_command("add", part));
    return out;
}

json delete_elements(const Assignment& assignment) {
    json out = add_elements(assignment);  // deleting what is not there would fail the whole transaction
    for (const auto& part : elements_of(assignment)) out.push_back(element_command("delete", part));
    return out;
}

json list_sources() { return json::array({{{"list", {{"set", in_table("vm_sources")}}}}}); }

std::vector<AllowedSource> allowed_sources(const json& objects) {
    std::vector<AllowedSource> sources;
    for (const auto& object : objects) {
        if (!object.contains("set") || object["set"].value("name", "") != "vm_sources") continue;
        for (const auto& element : object["set"].value("elem", json::array())) {
            const auto parts = element.value("concat", json::array());
            if (parts.size() == 3) sources.push_back({parts[0], parts[1], parts[2]});
        }
    }
    return sources;
}

}  // namespace bh::net
