// A guest's network from its beginning to its end, with netd killed, rules flushed and the host rebooted in between.
#include "tests/net/testbed.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>

using namespace bh;
using namespace bh::nettest;

namespace {

constexpr std::uint16_t kEcho = 7;

std::string missing(const std::vector<net::VmOnSystem>& vms) {
    std::string text;
    for (const auto& vm : vms) {
        for (const auto& part : vm.missing) text += vm.network.tap + ":" + part + " ";
    }
    return text;
}

net::VmNetwork with_uplink(net::VmNetwork network) {
    if (network.uplink.empty()) network.uplink = "up0";
    return network;
}

// Before the first guest the settings of an uplink are as the operator has them; compare after one has come and gone.
std::string empty_footprint(Testbed& bed) {
    bed.apply(kVmA);
    bed.remove(kVmA);
    return bed.footprint();
}

}  // namespace

TEST_CASE("a removed guest leaves exactly nothing", "[net]") {
    Testbed bed;
    const auto before = bed.footprint();
    {
        const auto a = bed.boot(kVmA);
        const auto b = bed.boot(kVmB);
        const Services in_a{a->space(), kEcho}, in_b{b->space(), kEcho};
        REQUIRE(echoes(bed.outside(), kVmA.address, kEcho, "a"));
        REQUIRE(echoes(bed.outside(), kVmB.address, kEcho, "b"));
        CHECK(bed.footprint() != before);
        bed.remove(kVmA);  // also while its process still has the tap
        CHECK(echoes(bed.outside(), kVmB.address, kEcho, "b stays"));
    }
    bed.remove(kVmB);
    CHECK(bed.footprint() == before);
    CHECK(bed.list().empty());
    bed.remove(kVmA);
    bed.remove(kVmB);
    CHECK(bed.footprint() == before);
}

TEST_CASE("vm_list reads back what was applied, and applying again changes nothing", "[net]") {
    Testbed bed;
    bed.apply(kVmA);
    bed.apply(kVmB);
    const auto once = bed.footprint();
    bed.apply(kVmB);
    bed.apply(kVmA);
    CHECK(bed.footprint() == once);
    const auto vms = bed.list();
    REQUIRE(vms.size() == 2);
    CHECK(missing(vms).empty());
    for (const auto& vm : vms) CHECK(vm.network == with_uplink(vm.network.owner == "op-a" ? kVmA : kVmB));
}

TEST_CASE("a blocked guest keeps its tap and nothing else, until it is applied again", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    Services in_a{a->space(), kEcho};
    Services outside{bed.outside(), kEcho};
    REQUIRE(echoes(bed.outside(), kVmA.address, kEcho, "before"));
    bed.block(kVmA);
    REQUIRE(bed.list().size() == 1);
    CHECK(bed.list()[0].blocked);
    const auto rules = bed.host().output({"nft", "list", "ruleset"});
    CHECK(rules.find(kVmA.address) == std::string::npos);
    CHECK(bed.host().output({"ip", "-6", "route", "show", kVmA.address}).empty());
    CHECK(bed.host().output({"ip", "-6", "neigh", "show", "proxy"}).empty());
    CHECK_THROWS(a->inject(udp_frame({kVmA.mac, kHostMac, kVmA.address, kOutside}, kEcho, "while blocked")));
    bed.block(kVmA);
    bed.apply(kVmA);
    CHECK(missing(bed.list()).empty());
    a->inject(udp_frame({kVmA.mac, kHostMac, kVmA.address, kOutside}, kEcho, "after"));
    REQUIRE(outside.heard_until("after"));
    CHECK(outside.heard() == std::vector<std::string>{"after"});
    CHECK(echoes(bed.outside(), kVmA.address, kEcho, "again"));
}

TEST_CASE("netd killed with -9 takes nothing down, and its successor adopts what is there without losing a packet",
          "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    bed.block(kVmB);
    const Services in_a{a->space(), kEcho};
    REQUIRE(echoes(bed.outside(), kVmA.address, kEcho, "before"));
    const auto running = bed.footprint();
    bed.kill_netd();
    CHECK(echoes_at_once(bed.outside(), kVmA.address, kEcho, "while it is dead"));
    CHECK(bed.footprint() == running);
    // Traffic all through the restart: each text must come back.
    std::atomic<bool> stop{false};
    std::atomic<int> sent{0}, lost{0};
    std::thread traffic{[&] {
        while (!stop) {
            if (!echoes_at_once(bed.outside(), kVmA.address, kEcho, std::to_string(++sent))) ++lost;
        }
    }};
    const bool before = eventually([&] { return sent > 20; });
    bed.start_netd();
    const int at_start = sent;
    const bool after = eventually([&] { return sent > at_start + 20; });
    stop = true;
    traffic.join();
    CHECK(before);
    CHECK(after);
    CHECK(lost == 0);
    CHECK(bed.footprint() == running);
    CHECK(missing(bed.list()).empty());
    bed.remove(kVmA);
    bed.remove(kVmB);
    CHECK(bed.list().empty());
}

TEST_CASE("after a reboot nothing is there, and applying again restores everything", "[net]") {
    Testbed bed;
    std::string before;
    {
        const auto a = bed.boot(kVmA);
        const Services in_a{a->space(), kEcho};
        REQUIRE(echoes(bed.outside(), kVmA.address, kEcho, "before"));
    }
    bed.reboot();
    bed.start_netd();
    CHECK(bed.list().empty());
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    const Services in_a{a->space(), kEcho}, in_b{b->space(), kEcho};
    CHECK(echoes(bed.outside(), kVmA.address, kEcho, "after"));
    CHECK(echoes(bed.outside(), kVmB.address, kEcho, "after"));
    CHECK(missing(bed.list()).empty());
}

TEST_CASE("tables of others are not touched", "[net]") {
    Testbed bed;
    for (const char* command :
         {"add table inet operator", "add set inet operator admins { type ipv6_addr; elements = { 2001:db8::1 }; }",
          "add chain inet operator c { type filter hook input priority 10; }",
          "add rule inet operator c tcp dport 22 counter accept"})
        bed.host().run({"nft", command});
    const auto mine = [&] { return bed.host().output({"nft", "-j", "-a", "list", "table", "inet", "operator"}); };
    const auto before = mine();
    bed.apply(kVmA);
    bed.block(kVmA);
    bed.apply(kVmA);
    bed.kill_netd();
    bed.start_netd();
    bed.remove(kVmA);
    CHECK(mine() == before);
}

TEST_CASE("a rule set that somebody flushed is reported and put back", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto running = bed.footprint();
    bed.host().run({"nft", "flush", "ruleset"});
    const auto status = bed.status();
    CHECK_FALSE(status.table);
    REQUIRE_FALSE(status.findings.empty());
    CHECK(status.findings[0].message.find("inet blockhost") != std::string::npos);
    CHECK(missing(bed.list()) == kVmA.tap + ":rules ");
    bed.apply(kVmA);
    CHECK(bed.footprint() == running);
    bed.host().run({"nft", "flush", "ruleset"});
    bed.remove(kVmA);
    CHECK(bed.footprint().find(kVmA.address) == std::string::npos);
}

TEST_CASE("what was taken away by hand is named, and applying again repairs it", "[net]") {
    Testbed bed;
    bed.apply(kVmA);
    const auto running = bed.footprint();
    bed.host().ip("-6 neigh del proxy " + kVmA.address + " dev up0");
    bed.host().ip("link set " + kVmA.tap + " down");
    CHECK(missing(bed.list()) == kVmA.tap + ":link " + kVmA.tap + ":gateway " + kVmA.tap + ":route " + kVmA.tap +
                                     ":neighbour " + kVmA.tap + ":proxy ");
    CHECK(bed.status().findings.size() == 5);
    bed.apply(kVmA);
    CHECK(bed.footprint() == running);
}

TEST_CASE("what an uplink that went down or away took with it is named, and applying again puts it back", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto b = bed.boot(kVmB);
    const Services in_a{a->space(), kEcho}, in_b{b->space(), kEcho};
    REQUIRE(echoes(bed.outside(), kVmA.address, kEcho, "before"));
    REQUIRE(echoes(bed.outside(), kVmB.address, kEcho, "before"));
    const auto up = [&bed] {
        bed.host().ip("link set up0 up");
        // The kernel forgets an interface's IPv6 addresses and routes with its link.
        (void)bed.host().output({"sh", "-c", "ip -6 address add " + kHost + "/64 dev up0 nodad 2>&1 || true"});
        (void)bed.host().output({"sh", "-c", "ip -6 route add default via " + kOutside + " 2>&1 || true"});
    };
    const auto proxies = [&bed] { return bed.host().output({"ip", "-6", "neigh", "show", "proxy"}); };
    SECTION("down and up") {
        bed.host().ip("link set up0 down");
        CHECK(proxies().empty());
        CHECK(missing(bed.list()) == kVmA.tap + ":proxy ");
        up();
    }
    SECTION("down and up, applied while it was down") {
        bed.host().ip("link set up0 down");
        bed.apply(kVmA);
        up();
    }
    SECTION("away and back") {
        bed.host().ip("link del up0");
        CHECK(missing(bed.list()) == kVmA.tap + ":proxy ");
        CHECK_THROWS_WITH(bed.apply(kVmA), Catch::Matchers::ContainsSubstring("\"uplink\""));
        bed.plug_uplink();
        CHECK(missing(bed.list()) == kVmA.tap + ":proxy ");
    }
    SECTION("another one in its place") {
        bed.host().ip("link del up0");
        bed.plug_uplink();
    }
    bed.apply(kVmA);
    CHECK(missing(bed.list()).empty());
    CHECK(proxies().find(kVmA.address) != std::string::npos);
    CHECK(echoes(bed.outside(), kVmA.address, kEcho, "on-link again"));
    CHECK(echoes(bed.outside(), kVmB.address, kEcho, "routed again"));
}

TEST_CASE("the rest of a tap that was deleted by hand goes with vm_remove", "[net]") {
    Testbed bed;
    const auto before = empty_footprint(bed);
    bed.apply(kVmA);
    bed.host().ip("link del " + kVmA.tap);
    CHECK(bed.footprint() != before);
    bed.remove(kVmA);
    CHECK(bed.footprint() == before);
}

TEST_CASE("a guest may get another address, and the old one closes", "[net]") {
    Testbed bed;
    const auto before = empty_footprint(bed);
    auto changed = kVmA;
    changed.address = "2001:db8:b10c:1::a2";
    bed.apply(kVmA);
    bed.apply(changed);
    CHECK(bed.footprint().find(kVmA.address + "\n") == std::string::npos);
    CHECK(bed.footprint().find(kVmA.address + " ") == std::string::npos);
    CHECK(missing(bed.list()).empty());
    bed.remove(changed);
    CHECK(bed.footprint() == before);
}

TEST_CASE("an apply that fails leaves nothing and says what to do", "[net]") {
    Testbed bed;
    const auto before = bed.footprint();
    const auto tun = bed.socket().substr(0, bed.socket().size() - std::string{"netd/netd.sock"}.size()) + "tun";
    REQUIRE(::chown(tun.c_str(), 0, 0) == 0);
    CHECK_THROWS_WITH(bed.apply(kVmA), Catch::Matchers::ContainsSubstring("\"tun\" in netd.yaml"));
    CHECK(bed.footprint() == before);
    CHECK(bed.status().findings.at(0).field == "/tun");
    REQUIRE(::chown(tun.c_str(), kNetd, kNetd) == 0);
    bed.host().ip("link set up0 down");
    bed.host().ip("link set up0 name up1");
    CHECK_THROWS_WITH(bed.apply(kVmA), Catch::Matchers::ContainsSubstring("\"uplink\""));
    CHECK(bed.host().output({"ip", "link"}).find(kVmA.tap) == std::string::npos);
    CHECK(bed.status().findings.at(0).field == "/uplinks");
}

TEST_CASE("sixty guests: what an apply, a list and a removal cost", "[net]") {
    Testbed bed;
    constexpr int kGuests = 60;
    const auto numbered = [](int i) {
        char tap[20], address[40], mac[20];
        std::snprintf(tap, sizeof tap, "bh%012x", i);
        std::snprintf(address, sizeof address, "2001:db8:b10c:1::1:%x", i);
        std::snprintf(mac, sizeof mac, "52:54:00:01:00:%02x", i);
        return net::VmNetwork{tap, "op-" + std::to_string(i), address, mac, "on-link", "", kVmProcess};
    };
    const auto before = empty_footprint(bed);
    const auto timed = [](const char* what, const std::function<void()>& body) {
        const auto start = std::chrono::steady_clock::now();
        body();
        const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
        std::printf("%-24s %8.2f ms\n", what, spent.count());
        return spent.count();
    };
    timed("60 applies", [&] {
        for (int i = 0; i < kGuests; ++i) bed.apply(numbered(i));
    });
    const auto last = timed("the last apply again", [&] { bed.apply(numbered(kGuests - 1)); });
    CHECK(last < 2000);
    timed("vm_list of 60", [&] { CHECK(bed.list().size() == kGuests); });
    // Links that come and go make the kernel's lists inconsistent halfway: they are read again until they are whole.
    const Fd nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    const pid_t churn = bed.host().start(
        {"sh", "-c", "trap exit TERM; while ip link add x0 type veth peer name x1 && ip link del x0; do :; done"},
        nowhere.get());
    for (int i = 0; i < 40; ++i) {
        const auto vms = bed.list();
        CHECK(vms.size() == kGuests);
        CHECK(missing(vms).empty());
    }
    ::kill(churn, SIGTERM);  // the shell ends when its `ip` has
    ::waitpid(churn, nullptr, 0);
    (void)bed.host().output({"sh", "-c", "ip link del x0 2>&1 || true"});
    CHECK(missing(bed.list()).empty());
    bed.kill_netd();
    timed("start with 60", [&] { bed.start_netd(); });
    CHECK(missing(bed.list()).empty());
    timed("60 removals", [&] {
        for (int i = 0; i < kGuests; ++i) bed.remove(numbered(i));
    });
    CHECK(bed.footprint() == before);
}
