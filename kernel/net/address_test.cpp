#include "kernel/net/address.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::net;

TEST_CASE("an address is read in any form and written in the canonical one") {
    auto address = Ipv6Address::parse("2001:0DB8:0:0::0007", "address");
    REQUIRE(address);
    CHECK(address->text() == "2001:db8::7");
    CHECK(*address == *Ipv6Address::parse("2001:db8::7", "address"));
}

TEST_CASE("what is no address is refused, and the field is named") {
    using namespace std::string_view_literals;
    for (const auto text : {""sv, "192.0.2.1"sv, "2001:db8::7/128"sv, "fe80::1%eth0"sv, "2001:db8::g"sv,
                            "2001:db8::7\0x"sv, "2001:db8::7; drop"sv, "@vm_addresses"sv}) {
        auto address = Ipv6Address::parse(text, "address");
        REQUIRE_FALSE(address);
        CHECK(address.failure().code == BH_E_INVALID);
        CHECK(address.failure().message.starts_with("\"address\": "));
    }
}

TEST_CASE("only global unicast and unique local addresses are assignable") {
    for (const char* text : {"2001:db8::7", "3fff:ffff::1", "fd12::1"})
        CHECK(Ipv6Address::parse(text, "a")->assignable());
    for (const char* text : {"::", "::1", "::ffff:192.0.2.1", "fe80::2", "ff02::1", "64:ff9b::1", "4000::1"})
        CHECK_FALSE(Ipv6Address::parse(text, "a")->assignable());
}

TEST_CASE("a prefix holds the addresses that agree in its first bits") {
    auto prefix = Ipv6Prefix::parse("2001:db8:b10c::/47", "prefixes");
    REQUIRE(prefix);
    CHECK(prefix->text() == "2001:db8:b10c::/47");
    CHECK(prefix->contains(*Ipv6Address::parse("2001:db8:b10d:ffff::1", "a")));
    CHECK_FALSE(prefix->contains(*Ipv6Address::parse("2001:db8:b10e::", "a")));
    CHECK(Ipv6Prefix::parse("::/0", "p")->contains(*Ipv6Address::parse("2001:db8::1", "a")));
}

TEST_CASE("a prefix with host bits, a wrong length or none is refused") {
    for (const char* text :
         {"2001:db8::1/64", "2001:db8::", "2001:db8::/129", "2001:db8::/-1", "2001:db8::/6 4", "x/64"}) {
        auto prefix = Ipv6Prefix::parse(text, "prefixes");
        REQUIRE_FALSE(prefix);
        CHECK(prefix.failure().message.starts_with("\"prefixes\": "));
    }
}

TEST_CASE("the link-local address of a MAC is its modified EUI-64") {
    auto mac = MacAddress::parse("52:54:00:AB:cd:ef", "mac");
    REQUIRE(mac);
    CHECK(mac->text() == "52:54:00:ab:cd:ef");
    CHECK(mac->link_local().text() == "fe80::5054:ff:feab:cdef");
}

TEST_CASE("a MAC of the wrong shape, a multicast and an all-zero one are refused") {
    for (const char* text : {"", "52:54:00:ab:cd", "52-54-00-ab-cd-ef", "525400abcdef", "52:54:00:ab:cd:eg",
                             "52:54:00:ab:cd:ef:00", "33:33:00:00:00:01", "00:00:00:00:00:00", "+2:54:00:ab:cd:ef"}) {
        auto mac = MacAddress::parse(text, "mac");
        REQUIRE_FALSE(mac);
        CHECK(mac.failure().message.starts_with("\"mac\": "));
    }
}

TEST_CASE("an interface name is short and without surprises") {
    for (const char* text : {"eth0", "enp3s0.100", "br-lan_1", "abcdefghijklmno"})
        CHECK(InterfaceName::parse(text, "uplink"));
    for (const char* text : {"", ".", "..", "eth0/../all", "eth 0", "abcdefghijklmnop", "eth0\n", "*"})
        CHECK_FALSE(InterfaceName::parse(text, "uplink"));
}

TEST_CASE("a tap of ours is bh and twelve hex digits") {
    CHECK(InterfaceName::parse_tap("bh0123456789ab", "tap"));
    for (const char* text :
         {"bh0123456789a", "bh0123456789abc", "BH0123456789ab", "bh0123456789aB", "tap0123456789a", "bh*"}) {
        auto tap = InterfaceName::parse_tap(text, "tap");
        REQUIRE_FALSE(tap);
        CHECK(tap.failure().message.starts_with("\"tap\": "));
    }
}
