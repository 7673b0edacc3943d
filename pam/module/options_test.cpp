#include "pam/module/options.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;

TEST_CASE("without arguments everything is where the package puts it") {
    const auto options = parse_options(0, nullptr);
    REQUIRE(options);
    CHECK(options->places.state == "/var/lib/blockhost-guest");
    CHECK(options->grace == std::int64_t{24} * 3600);
}

TEST_CASE("arguments move the places and the grace") {
    const char* const arguments[] = {"state=/a", "run=/b", "host_key=/c", "grace=60"};
    const auto options = parse_options(4, arguments);
    REQUIRE(options);
    CHECK(options->places.first_boot() == "/a/first-boot");
    CHECK(options->places.challenges() == "/b/challenges");
    CHECK(options->places.host_key == "/c");
    CHECK(options->grace == 60);
}

TEST_CASE("an argument with a typing error is named, not ignored") {
    for (const char* argument :
         {"grase=60", "grace=", "grace=-1", "grace=99999999999", "state=relative", "state", "debug"}) {
        const auto options = parse_options(1, &argument);
        REQUIRE(!options);
        CHECK(options.failure().message.find(argument) != std::string::npos);
    }
}
