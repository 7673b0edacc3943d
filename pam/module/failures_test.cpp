#include "pam/module/failures.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh::guest;

TEST_CASE("after too many failures a network has to wait, others not, and the wait ends") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    Failures failures{places};
    for (int i = 0; i < kMaxFailures; ++i) {
        CHECK(failures.allow("2001:db8:1:2::5", 1000 + i).ok());
        REQUIRE(failures.record("2001:db8:1:2::5", 1000 + i));
    }
    const auto refused = failures.allow("2001:db8:1:2:ffff::9", 1000 + kMaxFailures);
    REQUIRE(!refused);
    CHECK(refused.failure().reason == "too_many_failures");
    CHECK(refused.failure().message.find("in 10 minutes") != std::string::npos);
    CHECK(failures.allow("2001:db8:1:3::5", 1020).ok());
    CHECK(failures.allow("192.0.2.7", 1020).ok());
    CHECK(failures.allow("2001:db8:1:2::5", 1000 + kFailureWindowSeconds).ok());
}

TEST_CASE("a clock that was set back forgets failures instead of locking out for years") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    Failures failures{places};
    for (int i = 0; i < kMaxFailures; ++i) REQUIRE(failures.record("192.0.2.7", 1'000'000));
    CHECK(!failures.allow("192.0.2.7", 1'000'000));
    CHECK(failures.allow("192.0.2.7", 500));
}

TEST_CASE("the record is bounded") {
    const sample::Directory directory;
    const Places places = sample::booted(directory);
    Failures failures{places};
    std::string many;
    for (std::size_t i = 0; i < kMaxFailureLines; ++i) many += "1000 198.51.100.1\n";
    REQUIRE(replace_file(places.failures(), many, 0600));
    REQUIRE(failures.record("192.0.2.7", 1000));
    const std::string text = *read_file(places.failures(), 1 << 20);
    CHECK(static_cast<std::size_t>(std::ranges::count(text, '\n')) == kMaxFailureLines);
    CHECK(text.ends_with("1000 192.0.2.7\n"));
}

TEST_CASE("an IPv6 client counts by its /64") {
    CHECK(failure_source("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::");
    CHECK(failure_source("192.0.2.7") == "192.0.2.7");
    CHECK(failure_source("") == "");
}
