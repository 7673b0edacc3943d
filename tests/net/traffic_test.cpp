// What passes and what does not, with real packets. Each forbidden frame is followed by an allowed one of the same kind
// on the same way: when that one arrives, the forbidden one was seen and dropped, and nothing has to be waited for.
#include "tests/net/testbed.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::nettest;

namespace {

constexpr std::uint16_t kEcho = 7;
constexpr std::uint8_t kEchoRequest = 128, kEchoReply = 129, kRouterSolicitation = 133, kRouterAdvertisement = 134,
                       kSolicitation = 135, kAdvertisement = 136, kRedirect = 137;
using Texts = std::vector<std::string>;

// Positions of the counting rules in the chains that kernel/net/README.md lists.
constexpr std::size_t kNotIpv6 = 0, kBadSolicitation = 2, kOtherLinkTraffic = 3, kBadSource = 4;

Ends from_a(const std::string& to) { return {kVmA.mac, kHostMac, kVmA.address, to}; }

Frame ping(const std::string& from, const std::string& to) {
    return icmp6_frame({kVmA.mac, kHostMac, from, to}, kEchoRequest, {0, 1, 0, 1});
}

// The way to a guest is open: the first packets may be lost while its link comes up.
void wait_for(Testbed& bed, Guest& guest, const std::string& address) {
    constexpr std::uint16_t kProbe = 9;
    const Services there{guest.space(), kProbe};
    REQUIRE(echoes(bed.outside(), address, kProbe, "are you there?"));
}

bool is_echo_reply(const Frame& frame) { return is_icmp6(frame, kEchoReply); }

}  // namespace

TEST_CASE("outside and guests reach each other, on-link and routed", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    const Services in_a{a->space(), kEcho}, in_b{b->space(), kEcho}, outside{bed.outside(), kEcho};
    CHECK(echoes(bed.outside(), kVmA.address, kEcho, "to a"));
    CHECK(echoes(bed.outside(), kVmB.address, kEcho, "to b"));
    CHECK(echoes(a->space(), kOutside, kEcho, "from a"));
    CHECK(echoes(b->space(), kOutside, kEcho, "from b"));
    CHECK(echoes(bed.outside(), kVmA.address, kEcho, std::string(4000, 'f')));  // in fragments
    CHECK(echoes(b->space(), kOutside, kEcho, std::string(4000, 'g')));
    CHECK(Attempt{bed.outside(), kVmA.address, kEcho}.succeeds());
    CHECK(Attempt{bed.host(), kVmA.address, kEcho}.succeeds());  // the kernel's own look at port 22
}

TEST_CASE("an on-link guest is found by neighbour discovery, with the uplink's MAC", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const Services in_a{a->space(), kEcho};
    REQUIRE(echoes(bed.outside(), kVmA.address, kEcho, "hello"));
    const auto link = nlohmann::json::parse(bed.host().output({"ip", "-j", "link", "show", "up0"}));
    const auto neighbours = bed.outside().output({"ip", "-6", "neigh", "show", kVmA.address});
    CHECK(neighbours.find(link.at(0).at("address").get<std::string>()) != std::string::npos);
}

TEST_CASE("guests do not reach each other", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    wait_for(bed, *a, kVmA.address);
    wait_for(bed, *b, kVmB.address);
    Services in_a{a->space(), kEcho}, in_b{b->space(), kEcho};
    send_text(a->space(), kVmB.address, kEcho, "a to b");
    send_text(b->space(), kVmA.address, kEcho, "b to a");
    a->inject(udp_frame(from_a(kVmB.address), kEcho, "a to b, raw"));
    send_text(bed.outside(), kVmB.address, kEcho, "outside to b");
    send_text(bed.outside(), kVmA.address, kEcho, "outside to a");
    REQUIRE(in_b.heard_until("outside to b"));
    REQUIRE(in_a.heard_until("outside to a"));
    CHECK(eventually([&] { return bed.drops("forward_from_guest", 1) >= 3; }));
    CHECK(in_b.heard() == Texts{"outside to b"});
    CHECK(in_a.heard() == Texts{"outside to a"});
}

TEST_CASE("a guest sends only from its own address and MAC", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    Services outside{bed.outside(), kEcho};
    const std::string other_mac = "52:54:00:00:00:ff";
    a->inject(udp_frame({kVmA.mac, kHostMac, kVmB.address, kOutside}, kEcho, "as b"));
    a->inject(udp_frame({kVmB.mac, kHostMac, kVmB.address, kOutside}, kEcho, "as b with its mac"));
    a->inject(udp_frame({other_mac, kHostMac, kVmA.address, kOutside}, kEcho, "with another mac"));
    a->inject(udp_frame({kVmA.mac, kHostMac, kHost, kOutside}, kEcho, "as the host"));
    a->inject(udp_frame({kVmA.mac, kHostMac, "2001:db8:b10c:1::a1", kOutside}, kEcho, "as a neighbour"));
    a->inject(udp_frame({kVmA.mac, kHostMac, kLinkLocalA, kOutside}, kEcho, "from link-local"));
    a->inject(udp_frame({kVmA.mac, kHostMac, "::", kOutside}, kEcho, "from nowhere"));
    a->inject(udp_frame(from_a(kOutside), kEcho, "as itself"));
    REQUIRE(outside.heard_until("as itself"));
    CHECK(outside.heard() == Texts{"as itself"});
    CHECK(bed.drops("from_guest", kBadSource) >= 7);
}

TEST_CASE("a guest has no IPv4, and the host's ARP does not answer it", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    Services outside{bed.outside(), kEcho};
    const Ends v4{kVmA.mac, kHostMac, "198.51.100.66", "198.51.100.1"};
    a->inject(arp_request({kVmA.mac, "", "198.51.100.66", "198.51.100.2"}));
    a->inject(ipv4_udp_frame(v4, kEcho, "by ipv4"));
    a->inject(ping(kVmA.address, kHost));
    REQUIRE(a->receives(is_echo_reply));
    CHECK_FALSE(a->received(is_arp));
    CHECK(bed.drops("from_guest", kNotIpv6) == 1);
    CHECK(bed.host().output({"ip", "-4", "neigh", "show", "dev", kVmA.tap}).empty());
}

TEST_CASE("a guest can't announce a router or answer for others", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    Services in_b{b->space(), kEcho};
    const auto routes = bed.host().output({"ip", "-6", "route"});
    const auto other = bed.drops("from_guest", kOtherLinkTraffic);
    const Ends to_all{kVmA.mac, "33:33:00:00:00:01", kLinkLocalA, "ff02::1"};
    const Ends to_host{kVmA.mac, kHostMac, kLinkLocalA, "fe80::1"};
    a->inject(icmp6_frame(to_all, kRouterAdvertisement, router_advertisement_body()));
    a->inject(icmp6_frame(to_all, kRouterSolicitation, {0, 0, 0, 0}));
    a->inject(icmp6_frame(to_host, kRedirect, neighbour_body(kOutside, 2, kVmA.mac)));
    CHECK(bed.drops("from_guest", kOtherLinkTraffic) >= other + 3);

    const auto forged = bed.drops("from_guest", kBadSolicitation);
    constexpr std::uint8_t kOverride = 0x60;
    // From the gateway's own address, from B's, from a third link-local one, and right but come over a router.
    for (const auto& from : {std::string{"fe80::1"}, kVmB.address, std::string{"fe80::66"}}) {
        a->inject(icmp6_frame({kVmA.mac, kHostMac, from, "fe80::1"}, kAdvertisement,
                              neighbour_body(from, 2, kVmA.mac, kOverride)));
        a->inject(
            icmp6_frame({kVmA.mac, kHostMac, from, "fe80::1"}, kSolicitation, neighbour_body("fe80::1", 1, kVmA.mac)));
    }
    a->inject(icmp6_frame(to_host, kSolicitation, neighbour_body("fe80::1", 1, kVmA.mac), 254));
    CHECK(bed.drops("from_guest", kBadSolicitation) >= forged + 7);
    // These pass the rules, because their source is A's own: the host's entries are permanent and do not move.
    a->inject(icmp6_frame(to_host, kAdvertisement, neighbour_body(kVmB.address, 2, kVmA.mac, kOverride)));
    a->inject(icmp6_frame(to_host, kAdvertisement, neighbour_body(kVmA.address, 2, kVmB.mac, kOverride)));
    a->inject(ping(kVmA.address, kHost));
    REQUIRE(a->receives(is_echo_reply));

    CHECK(bed.host().output({"ip", "-6", "route"}) == routes);
    CHECK(bed.host().output({"ip", "-6", "neigh", "show", kVmB.address, "nud", "permanent"}) ==
          kVmB.address + " dev " + kVmB.tap + " lladdr " + kVmB.mac + " PERMANENT proto 98 \n");
    CHECK(bed.host().output({"ip", "-6", "neigh", "show", kVmA.address, "nud", "permanent"}) ==
          kVmA.address + " dev " + kVmA.tap + " lladdr " + kVmA.mac + " PERMANENT proto 98 \n");
    CHECK(bed.host().output({"ip", "-6", "neigh", "show", "fe80::66"}).empty());
    CHECK_FALSE(b->received([](const Frame& f) { return is_icmp6(f, kRouterAdvertisement); }));
    CHECK(echoes(bed.outside(), kVmB.address, kEcho, "still b"));
}

TEST_CASE("a guest reaches no service of the host, but its gateway answers to ping", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    Services ssh{bed.host(), kClosedPort}, open{bed.host(), kOpenPort};
    for (const auto& host : {kHost, std::string{"fe80::1"}}) {
        a->inject(udp_frame(from_a(host), kClosedPort, "closed"));
        a->inject(udp_frame(from_a(host), kOpenPort, "open to the uplink only"));
    }
    send_text(a->space(), kHost, kOpenPort, "open to the uplink only");
    const Attempt attempt{a->space(), kHost, kOpenPort};
    a->inject(ping(kVmA.address, "fe80::1"));
    CHECK(a->receives(is_echo_reply));
    CHECK(eventually([&] { return bed.drops("input_from_guest", 4) >= 6; }));
    send_text(bed.outside(), kHost, kOpenPort, "from outside");
    REQUIRE(open.heard_until("from outside"));
    CHECK(open.heard() == Texts{"from outside"});
    CHECK(ssh.heard().empty());
    CHECK(attempt.unanswered());
}

TEST_CASE("from the uplink only the listed ports of the host are open, and its loopback is its own", "[net]") {
    Testbed bed;
    Services closed{bed.host(), kClosedPort}, open{bed.host(), kOpenPort};
    const Attempt to_closed{bed.outside(), kHost, kClosedPort};
    send_text(bed.outside(), kHost, kClosedPort, "closed");
    send_text(bed.outside(), "::ffff:198.51.100.2", kClosedPort, "closed, by IPv4");
    CHECK(Attempt{bed.outside(), kHost, kOpenPort}.succeeds());
    CHECK(Attempt{bed.outside(), "::ffff:198.51.100.2", kOpenPort}.succeeds());
    CHECK(echoes(bed.outside(), kHost, kOpenPort, "open"));
    CHECK(to_closed.unanswered());
    CHECK(closed.heard().empty());
    CHECK(Attempt{bed.host(), "::1", kClosedPort}.succeeds());
    CHECK(echoes(bed.host(), "::1", kClosedPort, "loopback"));
    const Services outside{bed.outside(), kClosedPort};  // what the host itself asks for comes back
    CHECK(Attempt{bed.host(), kOutside, kClosedPort}.succeeds());
    CHECK(echoes(bed.host(), kOutside, kClosedPort, "reply"));
}

TEST_CASE("outside can't pretend to be a guest, nor use the host as a router", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    wait_for(bed, *a, kVmA.address);
    Services in_a{a->space(), kEcho};
    bed.outside().ip("-6 address add " + kVmB.address + "/128 dev lo nodad");
    bed.outside().ip("-6 route add " + kVmA.address + "/128 via " + kHost + " src " + kVmB.address);
    send_text(bed.outside(), kVmA.address, kEcho, "as b");
    CHECK(eventually([&] { return bed.drops("prerouting", 1) >= 1; }));
    send_text(bed.outside(), "2001:db8:b10c:2::77", kEcho, "to nobody");  // would come back to outside
    CHECK(eventually([&] { return bed.drops("forward", 2) >= 1; }));
    bed.outside().ip("-6 route del " + kVmA.address + "/128");
    bed.outside().ip("-6 address del " + kVmB.address + "/128 dev lo");
    send_text(bed.outside(), kVmA.address, kEcho, "as itself");
    REQUIRE(in_a.heard_until("as itself"));
    CHECK(in_a.heard() == Texts{"as itself"});
}
