#include "kernel/net/assignment.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::net;

namespace {

Assignment example() {
    return {*InterfaceName::parse_tap("bh0123456789ab", "tap"),
            std::string(64, 'a'),
            *Ipv6Address::parse("2001:db8:1111:2222:3333:4444:5555:6666", "address"),
            *MacAddress::parse("52:54:00:ab:cd:ef", "mac"),
            Mode::on_link,
            *InterfaceName::parse("abcdefghijklmno", "uplink"),
            4294967293U,
            false};
}

}  // namespace

TEST_CASE("an assignment comes back from its alias, and the longest one fits") {
    auto assignment = example();
    for (const bool blocked : {false, true}) {
        assignment.blocked = blocked;
        const auto alias = alias_of(assignment);
        CHECK(alias.size() <= 255);
        CHECK(parse_alias(assignment.tap, alias) == assignment);
    }
}

TEST_CASE("an alias that is not ours, or damaged, is no assignment") {
    const auto tap = example().tap;
    const auto alias = alias_of(example());
    CHECK_FALSE(parse_alias(tap, ""));
    CHECK_FALSE(parse_alias(tap, "uplink to the switch"));
    CHECK_FALSE(parse_alias(tap, alias + " "));
    CHECK_FALSE(parse_alias(tap, alias + " more"));
    CHECK_FALSE(parse_alias(tap, alias.substr(0, alias.size() - 1)));
    CHECK_FALSE(parse_alias(tap, "blockhost-vm/2" + alias.substr(14)));
    for (std::size_t cut = 0; cut < alias.size(); ++cut) CHECK_FALSE(parse_alias(tap, alias.substr(0, cut)));
}

TEST_CASE("an owner is an op_id and a mode is one of two words") {
    CHECK(parse_owner("0123abc-x", "owner"));
    for (const std::string& text :
         {std::string{}, std::string(65, 'a'), std::string{"A"}, std::string{"a b"}, std::string{"a_b"}})
        CHECK_FALSE(parse_owner(text, "owner"));
    CHECK(*parse_mode("routed", "mode") == Mode::routed);
    CHECK(*parse_mode("on-link", "mode") == Mode::on_link);
    CHECK(parse_mode("bridged", "mode").failure().message == "\"mode\": \"bridged\" must be \"routed\" or \"on-link\"");
}
