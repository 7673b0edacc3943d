#include "kernel/daemon/first_boot.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;

namespace {

life::GuestFacts facts() {
    return {"eip155:31337",
            "0x5FbDB2315678afecb367f032d93F642f64180aa3",
            "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
            "7",
            "bh-7-3fa91c",
            "bh-7-3fa91c",
            "user",
            "2001:db8:b10c::7",
            "fe80::1",
            "52:54:00:12:34:56"};
}

}  // namespace

TEST_CASE("first-boot data holds the trust anchors, line by line, and is the same each time") {
    const auto port =
        daemon::make_first_boot({"0x" + std::string(64, 'a'), "blockhost-access", {"2001:db8::53", "2001:db8::54"}});
    const auto data = port->first_boot(facts());
    REQUIRE(data);
    CHECK(data->user_data.rfind("#cloud-config\nblockhost:\n  format: \"1\"\n  vm: \"bh-7-3fa91c\"\n", 0) == 0);
    CHECK(data->user_data.find("  token: \"7\"\n") != std::string::npos);
    CHECK(data->user_data.find("  resolvers: \"2001:db8::53 2001:db8::54\"\n") != std::string::npos);
    CHECK(data->meta_data == "instance-id: bh-7-3fa91c\nlocal-hostname: bh-7-3fa91c\n");
    CHECK(data->network_config.find("2001:db8:b10c::7/128") != std::string::npos);
    CHECK(data->user_data == port->first_boot(facts())->user_data);
}

TEST_CASE("a value that could break out of its line is refused") {
    const auto port = daemon::make_first_boot({"0xaa", "", {}});
    for (const char* bad : {"a\"b", "a\nb", "a\\b"}) {
        auto broken = facts();
        broken.login_user = bad;
        const auto data = port->first_boot(broken);
        REQUIRE_FALSE(data);
        CHECK(data.failure().message.find("login_user") != std::string::npos);
    }
}
