#include "plugins/chain-evm/rpc/url.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::evm;

TEST_CASE("a URL's parts are where a client needs them") {
    const auto plain = *parse_url("http://127.0.0.1:8545");
    CHECK(plain.host == "127.0.0.1");
    CHECK(plain.port == 8545);
    CHECK_FALSE(plain.encrypted);
    CHECK(plain.path == "/");
    CHECK(plain.authority() == "127.0.0.1:8545");
    const auto keyed = *parse_url("https://user:pass@node.example/v3/key?a=b");
    CHECK(keyed.encrypted);
    CHECK(keyed.host == "node.example");
    CHECK(keyed.port == 443);
    CHECK(keyed.path == "/v3/key?a=b");
    CHECK(keyed.user_info == "user:pass");
    CHECK(keyed.origin == "https://node.example");
    CHECK(keyed.authority() == "node.example");
    const auto six = *parse_url("http://[2001:db8::1]:80?x");
    CHECK(six.host == "2001:db8::1");
    CHECK(six.authority() == "[2001:db8::1]");
    CHECK(six.path == "/?x");
    CHECK(parse_url("https://[2001:db8::1]:8443/")->authority() == "[2001:db8::1]:8443");
}

TEST_CASE("what is no URL of an endpoint is refused without repeating it") {
    for (const char* text : {"", "node.example", "ftp://node.example", "http://", "http:///path", "http://a b/",
                             "http://a#b", "http://a:", "http://a:0", "http://a:65536", "http://a:80x", "http://a:b:1",
                             "http://[::1", "http://[]:1", "http://[::1]x", "http://[host]:1", "http://user@"}) {
        const auto url = parse_url(text);
        CAPTURE(text);
        REQUIRE_FALSE(url.ok());
        CHECK(url.failure().reason == "bad_url");
    }
    CHECK(parse_url("ftp://canary@host").failure().message.find("canary") == std::string::npos);
}
