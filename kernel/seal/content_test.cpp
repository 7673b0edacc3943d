#include "kernel/seal/content.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::seal;
using bh::crypto::bytes_of;
using bh::crypto::text_of;

TEST_CASE("details are written in one way and read back") {
    const ConnectionDetails details{"2001:db8::105", 22, "user", "ssh-ed25519 AAAAC3Nz"};
    const auto json = write_details(details);
    REQUIRE(json.ok());
    CHECK(text_of(json->view()) ==
          R"({"hostname":"2001:db8::105","port":22,"username":"user","host_key":"ssh-ed25519 AAAAC3Nz"})");
    CHECK(*parse_details(json->view()) == details);
    const ConnectionDetails admin{"host.example", 443, "", ""};
    CHECK(text_of(write_details(admin)->view()) == R"({"hostname":"host.example","port":443,"type":"admin"})");
    CHECK(*parse_details(write_details(admin)->view()) == admin);
}

TEST_CASE("members nobody knows, and another order, are read") {
    const auto details = parse_details(bytes_of(R"({ "username": "u", "x": [1], "port": 1, "hostname": "h" })"));
    REQUIRE(details.ok());
    CHECK(*details == ConnectionDetails{"h", 1, "u", ""});
}

TEST_CASE("a bad member is named") {
    const auto named = [](const char* json, const char* field) {
        INFO(json);
        const auto details = parse_details(bytes_of(json));
        REQUIRE_FALSE(details.ok());
        CHECK(details.failure().reason == "bad_details");
        CHECK(details.failure().message.find(field) != std::string::npos);
    };
    named("", "text");
    named("[]", "text");
    named("{\"hostname\":", "text");
    named(R"({"port":22,"username":"u"})", "hostname");
    named(R"({"hostname":7,"port":22,"username":"u"})", "hostname");
    named(R"({"hostname":"a b","port":22,"username":"u"})", "hostname");
    named(R"({"hostname":"h","username":"u"})", "port");
    named(R"({"hostname":"h","port":0,"username":"u"})", "port");
    named(R"({"hostname":"h","port":65536,"username":"u"})", "port");
    named(R"({"hostname":"h","port":"22","username":"u"})", "port");
    named(R"({"hostname":"h","port":22})", "username");
    named(R"({"hostname":"h","port":22,"username":"a\nb"})", "username");
    named(R"({"hostname":"h","port":22,"username":"u","host_key":"nospace"})", "host_key");
    named(R"({"hostname":"h","port":22,"username":"u","host_key":"a b c"})", "host_key");
    CHECK_FALSE(write_details({"", 22, "u", ""}).ok());
    CHECK_FALSE(write_details({"h\"", 22, "u", ""}).ok());
    CHECK_FALSE(write_details({"h", 22, std::string(33, 'u'), ""}).ok());
    CHECK_FALSE(write_details({std::string(254, 'h'), 22, "u", ""}).ok());
}
