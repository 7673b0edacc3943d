#include "pam/guest/first_boot.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;

namespace {

constexpr std::string_view kMetaData = "instance-id: i-1\nlocal-hostname: bh-7-3fa91c\n";

std::string user_data() {
    std::string map = stored_first_boot(sample::first_boot());
    const auto at = map.find("  instance_id");
    map.erase(at, map.find('\n', at) + 1 - at);
    return "#cloud-config\npackages: [vim]\n" + map + "runcmd:\n  - [ls]\n";
}

std::string with(std::string text, std::string_view old, std::string_view fresh) {
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), fresh);
}

void refuses(const std::string& user_data, std::string_view meta_data, std::string_view names) {
    const auto result = parse_first_boot(user_data, meta_data);
    REQUIRE(!result);
    CHECK(result.failure().reason == "bad_first_boot");
    INFO(result.failure().message);
    CHECK(result.failure().message.find(names) != std::string::npos);
}

}  // namespace

TEST_CASE("first-boot data is read between whatever else user-data holds") {
    const auto result = parse_first_boot(user_data(), kMetaData);
    INFO((result ? "" : result.failure().message));
    REQUIRE(result);
    CHECK(*result == sample::first_boot());
}

TEST_CASE("what is stored reads back equal") {
    FirstBoot first_boot = sample::first_boot();
    first_boot.sudo = false;
    first_boot.cloud_init = true;
    first_boot.resolvers = "2001:db8::53 192.0.2.53";
    first_boot.credential = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
    first_boot.seal_text = "Open the details of VM 7";
    CHECK(*parse_stored_first_boot(stored_first_boot(first_boot)) == first_boot);
}

TEST_CASE("keys that this version does not know are ignored") {
    CHECK(parse_first_boot(with(user_data(), "  vm:", "  colour: \"blue\"\n  vm:"), kMetaData).ok());
}

TEST_CASE("first-boot data is refused with the name of what is wrong") {
    const std::string good = user_data();
    refuses("#cloud-config\n", kMetaData, "blockhost:");
    refuses(good + "blockhost:\n", kMetaData, "second");
    refuses(with(good, "  token: \"7\"\n", ""), kMetaData, "\"token\" is missing");
    refuses(with(good, "  token: \"7\"\n", "  token: \"7\"\n  token: \"8\"\n"), kMetaData, "\"token\" occurs twice");
    refuses(with(good, "token: \"7\"", "token: 7"), kMetaData, "line");
    refuses(with(good, "token: \"7\"", "token: \"\\x37\""), kMetaData, "line");
    refuses(with(good, "token: \"7\"", "token: \"07\""), kMetaData, "\"token\"");
    refuses(with(good, "format: \"1\"", "format: \"2\""), kMetaData, "\"format\"");
    refuses(with(good, "login_user: \"user\"", "login_user: \"root\""), kMetaData, "\"login_user\"");
    refuses(with(good, "login_user: \"user\"", "login_user: \"a b\""), kMetaData, "\"login_user\"");
    refuses(with(good, "vm: \"bh-7-3fa91c\"", "vm: \"../x\""), kMetaData, "\"vm\"");
    refuses(with(good, "chain: \"eip155:31337\"", "chain: \"cosmos:1\""), kMetaData, "\"chain\"");
    refuses(with(good, "statement_key: \"0x", "statement_key: \"0xab"), kMetaData, "\"statement_key\"");
    refuses(with(good, "52:54:00:12:34:56", "52:54:00:12:34"), kMetaData, "\"mac\"");
    refuses(with(good, "2001:db8:b10c::7", "10.0.0.1"), kMetaData, "\"address\"");
    refuses(with(good, "fe80::1", "fe80::1; reboot"), kMetaData, "\"gateway\"");
    refuses(with(good, "resolvers: \"\"", "resolvers: \"1.1.1.1  2.2.2.2\""), kMetaData, "\"resolvers\"");
    refuses(with(good, "sudo: \"yes\"", "sudo: \"maybe\""), kMetaData, "\"sudo\"");
    refuses(good, "local-hostname: x\n", "instance-id");
    refuses(good, "instance-id: a\"b\n", "instance-id");
    refuses(good + std::string(kMaxUserData, '#'), kMetaData, "64 KiB");
}
