#include "kernel/plugins/endpoint.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::plugins;

TEST_CASE("endpoints are read into one spelling") {
    const auto text = [](std::string_view from) {
        const auto endpoint = parse_endpoint(from);
        return endpoint ? endpoint->text() : endpoint.failure().reason;
    };
    CHECK(text("node.example.org:8545") == "node.example.org:8545");
    CHECK(text("Node.Example.ORG:8545") == "node.example.org:8545");
    CHECK(text("192.0.2.7:1") == "192.0.2.7:1");
    CHECK(text("[2001:DB8:0::0001]:65535") == "[2001:db8::1]:65535");
    CHECK(parse_endpoint("[::1]:80")->is_address);
    CHECK_FALSE(parse_endpoint("localhost:80")->is_address);
    CHECK(make_endpoint("2001:db8::1", 80)->text() == "[2001:db8::1]:80");
}

TEST_CASE("what is no endpoint, or could be read as another one, is refused") {
    for (const char* text : {"",           "host",           "host:",         "host:0",       "host:65536",
                             "host:80x",   "host:+80",       "host:080",      ":80",          "ho st:80",
                             "host:80:90", "::1:80",         "[::1]",         "[::1]80",      "[::1:80",
                             "[host]:80",  "-a.org:80",      "a-.org:80",     "a..org:80",    "a.org.:80",
                             "127.1:80",   "0x7f000001:80",  "2130706433:80", "1.2.3.4.5:80", "300.1.1.1:80",
                             "a.0x1:80",   "h\xc3\xb6st:80", "user@host:80"}) {
        INFO(text);
        const auto endpoint = parse_endpoint(text);
        REQUIRE_FALSE(endpoint);
        CHECK(endpoint.failure().reason == "bad_host");
    }
    CHECK_FALSE(parse_endpoint(std::string(64, 'a') + ":80"));
    CHECK_FALSE(make_endpoint(std::string_view{"host\0.evil", 10}, 80));
    CHECK_FALSE(make_endpoint(std::string_view{"127.0.0.1\0x", 11}, 80));
    CHECK_FALSE(make_endpoint("host", 0));
}

TEST_CASE("a setting may be a URL; its scheme has a port") {
    const auto text = [](std::string_view from) {
        const auto endpoint = endpoint_of_setting(from);
        return endpoint ? endpoint->text() : endpoint.failure().reason;
    };
    CHECK(text("https://rpc.example.org/v1/key?x#y") == "rpc.example.org:443");
    CHECK(text("http://rpc.example.org:8545") == "rpc.example.org:8545");
    CHECK(text("ws://[::1]/") == "[::1]:80");
    CHECK(text("wss://[::1]:99/") == "[::1]:99");
    CHECK(text("rpc.example.org:8545") == "rpc.example.org:8545");
    CHECK(text("https://good.example.org@evil.example.org/") == "bad_host");
    CHECK(text("ftp://rpc.example.org") == "bad_host");
    CHECK(text("https://") == "bad_host");
}
