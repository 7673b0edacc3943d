// Who may ask netd for what, what it refuses, and how it runs.
#include "tests/net/testbed.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace bh;
using namespace bh::nettest;
using nlohmann::json;

namespace {

json args_of(const net::VmNetwork& n) {
    return {{"tap", n.tap},   {"owner", n.owner},   {"address", n.address}, {"mac", n.mac},
            {"mode", n.mode}, {"uplink", n.uplink}, {"uid", n.uid}};
}

bh::Failure failure_of(const Testbed& bed, uid_t user, const std::string& verb, const json& args) {
    bh::Failure failure{BH_OK, "", ""};
    as_user(user, kKernel, [&] {
        ipc::Client client{bed.socket(), "blockhost-netd"};
        auto answer = client.call(verb, args);
        if (!answer) failure = answer.failure();
    });
    return failure;
}

std::string line_of(pid_t pid, const std::string& key) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key + ":")) return line.substr(key.size() + 1);
    }
    return "";
}

std::uint64_t capabilities(pid_t pid, const std::string& set) { return std::stoull(line_of(pid, set), nullptr, 16); }

constexpr std::uint64_t kNetAdminOnly = std::uint64_t{1} << 12;

}  // namespace

TEST_CASE("each verb answers its own peer only", "[net]") {
    Testbed bed;
    const auto vm = args_of(kVmA);
    const json tap{{"tap", kVmA.tap}, {"owner", kVmA.owner}};
    const std::vector<std::pair<std::string, json>> verbs{{"vm_apply", vm},
                                                          {"vm_block", tap},
                                                          {"vm_remove", tap},
                                                          {"vm_list", json::object()},
                                                          {"status", json::object()}};
    for (const auto& [verb, args] : verbs) {
        INFO(verb);
        CHECK(failure_of(bed, kKernel, verb, args).code == BH_OK);
        CHECK(failure_of(bed, 0, verb, args).code == BH_E_DENIED);
        const auto stranger = failure_of(bed, kStranger, verb, args).code;
        CHECK((stranger == BH_E_DENIED || stranger == BH_E_UNKNOWN_OUTCOME));
    }
    REQUIRE(failure_of(bed, kKernel, "vm_apply", vm).code == BH_OK);
    CHECK(failure_of(bed, 0, "tap_open", tap).code == BH_OK);
    CHECK(failure_of(bed, kKernel, "tap_open", tap).code == BH_E_DENIED);
    const auto stranger = failure_of(bed, kStranger, "tap_open", tap).code;
    CHECK((stranger == BH_E_DENIED || stranger == BH_E_UNKNOWN_OUTCOME));
}

TEST_CASE("unknown verbs and bad values are refused, and the value is named", "[net]") {
    Testbed bed;
    const auto before = bed.footprint();
    CHECK(failure_of(bed, kKernel, "exec", {{"command", "id"}}).message.find("\"exec\"") != std::string::npos);
    const std::vector<std::pair<std::string, std::vector<json>>> wrong{
        {"tap", {"", "eth0", "up0", "bhAAAAAAAAAAAA", "bhaaaaaaaaaaaa; drop", 7, nullptr, std::string(200, 'b')}},
        {"owner", {"", "A", "a b", std::string(65, 'a'), 7}},
        {"address",
         {"", "198.51.100.7", "2001:db8:b10c:1::a/128", "fe80::2", "::1", "ff02::1", "2001:db8:ffff::1", "x", 1}},
        {"mac", {"", "52:54:00:00:00", "33:33:00:00:00:01", "00:00:00:00:00:00", "nonsense", 5}},
        {"mode", {"", "bridge", 1}},
        {"uplink", {"lo", "eth9", "../x", 1}},
        {"uid", {0, -1, "root", 4294967295U, 1.5}},
    };
    for (const auto& [field, values] : wrong) {
        for (const auto& value : values) {
            auto args = args_of(kVmA);
            args[field] = value;
            const auto failure = failure_of(bed, kKernel, "vm_apply", args);
            INFO(field << " = " << value.dump() << ": " << failure.message);
            CHECK(failure.code == BH_E_INVALID);
            CHECK(failure.message.find("\"" + field + "\"") != std::string::npos);
        }
        auto args = args_of(kVmA);
        args.erase(field);
        if (field != "uplink")
            CHECK(failure_of(bed, kKernel, "vm_apply", args).message == "\"" + field + "\" is missing");
    }
    auto args = args_of(kVmA);
    args["script"] = "up.sh";
    CHECK(failure_of(bed, kKernel, "vm_apply", args).message.find("\"script\"") != std::string::npos);
    CHECK(failure_of(bed, kKernel, "vm_list", {{"all", true}}).code == BH_E_INVALID);
    CHECK(bed.footprint() == before);
}

TEST_CASE("another owner's tap and address, and what the host has itself, are conflicts", "[net]") {
    Testbed bed;
    bed.apply(kVmA);
    const auto before = bed.footprint();
    const auto conflicts = [&](const std::string& verb, const json& args) {
        const auto failure = failure_of(bed, verb == "tap_open" ? 0 : kKernel, verb, args);
        INFO(verb << " " << args.dump() << ": " << failure.message);
        CHECK(failure.code == BH_E_CONFLICT);
        CHECK(bed.footprint() == before);
    };
    auto args = args_of(kVmA);
    args["owner"] = "op-x";
    conflicts("vm_apply", args);
    args = args_of(kVmB);
    args["address"] = kVmA.address;
    conflicts("vm_apply", args);
    args["address"] = kHost;
    conflicts("vm_apply", args);
    for (const char* verb : {"vm_block", "vm_remove", "tap_open"})
        conflicts(verb, {{"tap", kVmA.tap}, {"owner", "op-x"}});
    CHECK(failure_of(bed, 0, "tap_open", {{"tap", kVmB.tap}, {"owner", kVmB.owner}}).code == BH_E_NOT_FOUND);
}

TEST_CASE("an interface with a name like ours that netd did not make is left alone", "[net]") {
    Testbed bed;
    bed.host().ip("tuntap add dev " + kVmA.tap + " mode tap");
    const auto before = bed.footprint();
    for (const char* verb : {"vm_block", "vm_remove"})
        CHECK(failure_of(bed, kKernel, verb, {{"tap", kVmA.tap}, {"owner", kVmA.owner}}).code == BH_E_CONFLICT);
    CHECK(failure_of(bed, kKernel, "vm_apply", args_of(kVmA)).code == BH_E_CONFLICT);
    CHECK(bed.footprint() == before);
}

TEST_CASE("a tap is opened by one process at a time", "[net]") {
    Testbed bed;
    const auto a = bed.boot(kVmA);
    const auto failure = failure_of(bed, 0, "tap_open", {{"tap", kVmA.tap}, {"owner", kVmA.owner}});
    CHECK(failure.code == BH_E_BUSY);
    CHECK(failure.message.find(kVmA.tap) != std::string::npos);
}

TEST_CASE("netd has one capability and its own user, however it was started", "[net]") {
    for (const auto start : {Start::as_root_with_user, Start::as_user_with_capability}) {
        Testbed bed{start};
        for (const char* set : {"CapPrm", "CapEff"}) CHECK(capabilities(bed.netd(), set) == kNetAdminOnly);
        CHECK(capabilities(bed.netd(), "CapAmb") == 0);
        CHECK(std::stoul(line_of(bed.netd(), "Uid")) == kNetd);
        CHECK(std::stoul(line_of(bed.netd(), "NoNewPrivs")) == 1);
        if (start == Start::as_root_with_user) CHECK(capabilities(bed.netd(), "CapBnd") == kNetAdminOnly);
        bed.apply(kVmA);
        CHECK(bed.list().size() == 1);
        CHECK(bed.list()[0].missing.empty());
        CHECK(bed.stop_netd() == 0);
        CHECK_FALSE(std::filesystem::exists(bed.socket()));
        CHECK(bed.host().output({"ip", "-6", "neigh", "show", "proxy"}).find(kVmA.address) != std::string::npos);
    }
}

TEST_CASE("status says what was changed on the host", "[net]") {
    Testbed bed;
    bed.apply(kVmA);
    const auto status = bed.status();
    CHECK(status.table);
    CHECK(status.forwarding);
    CHECK(status.uplinks == std::vector<std::string>{"up0"});
    CHECK(status.findings.empty());
    std::vector<std::string> keys;
    for (const auto& change : status.changed) keys.push_back(change.key + " " + change.from + ">" + change.to);
    CHECK(keys == std::vector<std::string>{"net.ipv6.conf.default.accept_ra 1>2", "net.ipv6.conf.up0.accept_ra 1>2",
                                           "net.ipv6.conf.all.forwarding 0>1", "net.ipv6.conf.up0.proxy_ndp 0>1",
                                           "net.ipv6.neigh.up0.proxy_delay 80>0"});
}

TEST_CASE("netd that can't work says why and ends", "[net]") {
    const Space space;
    char pattern[] = "/tmp/bh-netd-XXXXXX";
    const std::string directory = ::mkdtemp(pattern);
    const auto write = [&](const std::string& more) {
        std::ofstream{directory + "/netd.yaml"} << "socket: " << directory
                                                << "/d/s\nkernel_user: 3900\nuplinks: [up0]\n"
                                                << more;
    };
    const std::vector<std::string> netd{BLOCKHOST_NETD, "--config", directory + "/netd.yaml"};
    write("colour: blue\n");
    CHECK_THROWS_WITH(space.run(netd), Catch::Matchers::ContainsSubstring("\"colour\""));
    write("");
    auto without = netd;
    without.insert(without.begin(), {"setpriv", "--reuid=3902", "--regid=3902", "--clear-groups"});
    std::filesystem::permissions(directory, std::filesystem::perms::others_read | std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
    CHECK_THROWS_WITH(space.run(without), Catch::Matchers::ContainsSubstring("netd needs CAP_NET_ADMIN"));
    CHECK_THROWS_WITH(space.run({BLOCKHOST_NETD}), Catch::Matchers::ContainsSubstring("usage:"));
    std::filesystem::remove_all(directory);
}
