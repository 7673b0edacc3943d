#include "kernel/net/system.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::net;

namespace {

Assignment assignment(const char* tap, const char* owner, const char* address) {
    return {*InterfaceName::parse_tap(tap, "tap"),
            owner,
            *Ipv6Address::parse(address, "address"),
            *MacAddress::parse("52:54:00:00:00:01", "mac"),
            Mode::on_link,
            *InterfaceName::parse("eth0", "uplink"),
            3000,
            false};
}

const Assignment kA = assignment("bhaaaaaaaaaaaa", "a", "2001:db8::a");

Link tap_link(int index, const Assignment& a) { return {index, a.tap.text(), alias_of(a), kTapGroup, true}; }

std::string reason(const std::vector<Link>& links, const std::vector<InterfaceAddress>& addresses,
                   const std::vector<HostRoute>& routes, const Assignment& wanted) {
    auto conflict = conflict_with(links, addresses, routes, wanted);
    if (conflict) CHECK(conflict->code == BH_E_CONFLICT);
    return conflict ? conflict->reason : "none";
}

Snapshot complete(const Assignment& a) {
    Snapshot s;
    s.links = {{1, "eth0", "", 0, true}, tap_link(5, a)};
    s.addresses = {{5, gateway_address()}};
    s.routes = {{a.address, 5, kProtocol}};
    s.neighbours = {{a.address, 5, a.mac, true, kProtocol}};
    s.proxies = {{a.address, 1, std::nullopt, true, kProtocol}};
    s.table = true;
    s.sources = {{a.tap.text(), a.mac.text(), a.address.text()}};
    return s;
}

std::vector<std::string> missing(const Snapshot& s) { return missing_parts(s, own_taps(s.links).at(0)); }

}  // namespace

TEST_CASE("only an interface with our name and our alias is ours") {
    CHECK(own_taps(
              {tap_link(5, kA), {6, "bhbbbbbbbbbbbb", "something else", 0, true}, {7, "eth0", alias_of(kA), 0, true}})
              .size() == 1);
}

TEST_CASE("the same owner may apply again, also a changed address") {
    auto changed = assignment("bhaaaaaaaaaaaa", "a", "2001:db8::b");
    CHECK(reason({tap_link(5, kA)}, {}, {{kA.address, 5, kProtocol}}, kA) == "none");
    CHECK(reason({tap_link(5, kA)}, {}, {}, changed) == "none");
}

TEST_CASE("another owner's tap and another tap's address are conflicts, also when it is blocked") {
    CHECK(reason({tap_link(5, kA)}, {}, {}, assignment("bhaaaaaaaaaaaa", "b", "2001:db8::b")) == "tap_owner");
    CHECK(reason({tap_link(5, kA)}, {}, {}, assignment("bhbbbbbbbbbbbb", "b", "2001:db8::a")) == "address_owner");
    auto blocked = kA;
    blocked.blocked = true;
    CHECK(reason({tap_link(5, blocked)}, {}, {}, assignment("bhbbbbbbbbbbbb", "b", "2001:db8::a")) == "address_owner");
}

TEST_CASE("what others made is a conflict: an interface, an address of the host, a route") {
    CHECK(reason({{5, "bhaaaaaaaaaaaa", "", 0, true}}, {}, {}, kA) == "tap_foreign");
    CHECK(reason({}, {{1, kA.address}}, {}, kA) == "address_host");
    CHECK(reason({}, {}, {{kA.address, 1, 3}}, kA) == "address_routed");
    CHECK(reason({tap_link(5, kA)}, {}, {{kA.address, 1, 3}}, kA) == "address_routed");
}

TEST_CASE("a complete VM lacks nothing, and each part that is gone is named") {
    CHECK(missing(complete(kA)).empty());
    const auto without = [](auto&& change) {
        auto snapshot = complete(kA);
        change(snapshot);
        return missing(snapshot);
    };
    using Names = std::vector<std::string>;
    CHECK(without([](Snapshot& s) { s.links[1].up = false; }) == Names{"link"});
    CHECK(without([](Snapshot& s) { s.addresses.clear(); }) == Names{"gateway"});
    CHECK(without([](Snapshot& s) { s.routes[0].link = 1; }) == Names{"route"});
    CHECK(without([](Snapshot& s) { s.neighbours[0].permanent = false; }) == Names{"neighbour"});
    CHECK(without([](Snapshot& s) { s.neighbours[0].mac.reset(); }) == Names{"neighbour"});
    CHECK(without([](Snapshot& s) { s.proxies.clear(); }) == Names{"proxy"});
    CHECK(without([](Snapshot& s) { s.sources[0].mac = "52:54:00:00:00:02"; }) == Names{"rules"});
}

TEST_CASE("a blocked VM is complete without anything") {
    auto blocked = kA;
    blocked.blocked = true;
    Snapshot snapshot;
    snapshot.links = {tap_link(5, blocked)};
    CHECK(missing(snapshot).empty());
}
