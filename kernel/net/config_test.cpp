#include "kernel/net/config.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace bh::net;

namespace {

bh::Result<NetdConfig> read_text(const std::string& text) {
    char pattern[] = "/tmp/bh-netd-config-XXXXXX";
    const std::filesystem::path directory = ::mkdtemp(pattern);
    std::ofstream{directory / "netd.yaml"} << text;
    auto config = read_netd_config(directory / "netd.yaml");
    std::filesystem::remove_all(directory);
    return config;
}

const std::string kLeast = "socket: /run/x/netd.sock\nkernel_user: 3000\nuplinks: [eth0]\n";

}  // namespace

TEST_CASE("the least configuration gets closed defaults") {
    auto config = read_text(kLeast);
    REQUIRE(config);
    CHECK(config->socket == "/run/x/netd.sock");
    CHECK(config->kernel_user == 3000);
    CHECK(config->launcher_user == 0);
    CHECK_FALSE(config->run_as);
    CHECK_FALSE(config->group);
    CHECK(config->network.tun == "/dev/net/tun");
    CHECK(config->network.rules.uplinks.size() == 1);
    CHECK(config->network.rules.open_tcp.empty());
    CHECK(config->network.rules.open_udp.empty());
    CHECK_FALSE(config->network.rules.forward_others);
}

TEST_CASE("every key is read") {
    auto config =
        read_text(kLeast +
                  "launcher_user: root\nuser: 3002\ngroup: 3000\ntun: /run/x/tun\nprefixes: ['2001:db8:1::/64']\n"
                  "open_tcp: [80, 443]\nopen_udp: [51820]\nforward_others: true\n");
    REQUIRE(config);
    CHECK(config->run_as == 3002);
    CHECK(config->group == 3000);
    CHECK(config->network.tun == "/run/x/tun");
    REQUIRE(config->network.prefixes.size() == 1);
    CHECK(config->network.prefixes[0].text() == "2001:db8:1::/64");
    CHECK(config->network.rules.open_tcp == std::vector<std::uint16_t>{80, 443});
    CHECK(config->network.rules.open_udp == std::vector<std::uint16_t>{51820});
    CHECK(config->network.rules.forward_others);
}

TEST_CASE("a mistake in netd.yaml names the file and the key") {
    const auto message = [](const std::string& text) {
        auto config = read_text(text);
        REQUIRE_FALSE(config);
        CHECK(config.failure().code == BH_E_INVALID);
        CHECK(config.failure().message.find("netd.yaml") != std::string::npos);
        return config.failure().message;
    };
    const auto names = [&](const std::string& text, const std::string& key) {
        INFO(text);
        CHECK(message(text).find(key) != std::string::npos);
    };
    names(kLeast + "colour: blue\n", "\"colour\"");
    names("kernel_user: 3000\nuplinks: [eth0]\n", "\"socket\"");
    names("socket: run/netd.sock\nkernel_user: 3000\nuplinks: [eth0]\n", "\"socket\"");
    names("socket: /run/x\nkernel_user: 3000\n", "\"uplinks\"");
    names("socket: /run/x\nkernel_user: 3000\nuplinks: []\n", "\"uplinks\"");
    names("socket: /run/x\nkernel_user: 3000\nuplinks: eth0\n", "\"uplinks\"");
    names("socket: /run/x\nkernel_user: 3000\nuplinks: ['eth0; drop']\n", "\"uplinks\"");
    names("socket: /run/x\nkernel_user: no-such-user-here\nuplinks: [eth0]\n", "kernel_user");
    names(kLeast + "open_tcp: 22\n", "\"open_tcp\"");
    names(kLeast + "open_tcp: [0]\n", "\"open_tcp\"");
    names(kLeast + "open_udp: [65536]\n", "\"open_udp\"");
    names(kLeast + "open_udp: ['22']\n", "\"open_udp\"");
    names(kLeast + "prefixes: ['2001:db8::1/64']\n", "\"prefixes\"");
    names(kLeast + "forward_others: maybe\n", "\"forward_others\"");
    names(kLeast + "user: -1\n", "\"user\"");
}
