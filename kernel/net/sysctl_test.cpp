#include "kernel/net/sysctl.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace bh::net;

namespace {

// A directory in the place of /proc/sys/net.
class Tree {
public:
    Tree() {
        char pattern[] = "/tmp/bh-sysctl-XXXXXX";
        root_ = ::mkdtemp(pattern);
    }
    ~Tree() { std::filesystem::remove_all(root_); }
    void put(const std::string& path, const std::string& value) const {
        std::filesystem::create_directories((root_ / path).parent_path());
        std::ofstream{root_ / path} << value << "\n";
    }
    [[nodiscard]] std::string root() const { return root_; }

private:
    std::filesystem::path root_;
};

}  // namespace

TEST_CASE("a setting is written only when it differs, and the change is recorded") {
    const Tree tree;
    tree.put("ipv6/conf/eth0.1/proxy_ndp", "0");
    Sysctls sysctls{tree.root()};
    REQUIRE(sysctls.ensure("ipv6/conf/eth0.1/proxy_ndp", "1"));
    REQUIRE(sysctls.ensure("ipv6/conf/eth0.1/proxy_ndp", "1"));
    CHECK(*sysctls.read("ipv6/conf/eth0.1/proxy_ndp") == "1");
    REQUIRE(sysctls.changes().size() == 1);
    CHECK(sysctls.changes()[0].key == "net.ipv6.conf.eth0/1.proxy_ndp");
    CHECK(sysctls.changes()[0].from == "0");
    CHECK(sysctls.changes()[0].to == "1");
}

TEST_CASE("becoming a router keeps the advertisements that the host lives on") {
    const Tree tree;
    tree.put("ipv6/conf/all/forwarding", "0");
    tree.put("ipv6/conf/eth0/accept_ra", "1");
    tree.put("ipv6/conf/eth1/accept_ra", "0");
    Sysctls sysctls{tree.root()};
    REQUIRE(enable_forwarding(sysctls, {"eth0", "eth1", "gone"}));
    CHECK(*sysctls.read("ipv6/conf/all/forwarding") == "1");
    CHECK(*sysctls.read("ipv6/conf/eth0/accept_ra") == "2");
    CHECK(*sysctls.read("ipv6/conf/eth1/accept_ra") == "0");
    REQUIRE(sysctls.changes().size() == 2);
    CHECK(sysctls.changes()[0].key == "net.ipv6.conf.eth0.accept_ra");  // before forwarding, which drops the routes
}

TEST_CASE("a host that forwards already is left as it is") {
    const Tree tree;
    tree.put("ipv6/conf/all/forwarding", "1");
    tree.put("ipv6/conf/eth0/accept_ra", "1");
    Sysctls sysctls{tree.root()};
    REQUIRE(enable_forwarding(sysctls, {"eth0"}));
    CHECK(sysctls.changes().empty());
}

TEST_CASE("a setting that can't be had names its key") {
    const Tree tree;
    Sysctls sysctls{tree.root()};
    auto done = sysctls.ensure("ipv6/conf/eth9/proxy_ndp", "1");
    REQUIRE_FALSE(done);
    CHECK(done.failure().message.find("net.ipv6.conf.eth9.proxy_ndp") != std::string::npos);
}
