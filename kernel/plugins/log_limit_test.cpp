#include "kernel/plugins/log_limit.hpp"

#include <catch2/catch_test_macros.hpp>

using bh::plugins::LogLimit;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000, kStart = 1000 * kSecond;

std::uint64_t admitted_of(LogLimit& limit, std::uint64_t lines, std::uint64_t now) {
    std::uint64_t admitted = 0;
    for (std::uint64_t i = 0; i < lines; ++i) admitted += limit.admit(now).admitted ? 1 : 0;
    return admitted;
}

}  // namespace

TEST_CASE("a burst is admitted, what is beyond is left out and counted") {
    LogLimit limit;
    CHECK(admitted_of(limit, LogLimit::kBurst, kStart) == LogLimit::kBurst);
    const auto first = limit.admit(kStart);
    CHECK_FALSE(first.admitted);
    CHECK(first.first_left_out);
    CHECK_FALSE(limit.admit(kStart).first_left_out);
    const auto next = limit.admit(kStart + kSecond);
    CHECK(next.admitted);
    CHECK(next.left_out == 2);
    CHECK(limit.admit(kStart + kSecond).left_out == 0);
}

TEST_CASE("after the burst so many lines a second pass, and after a rest the burst is there again") {
    LogLimit limit;
    (void)admitted_of(limit, 10 * LogLimit::kBurst, kStart);
    for (std::uint64_t second = 1; second <= 5; ++second)
        CHECK(admitted_of(limit, 10000, kStart + second * kSecond) == LogLimit::kPerSecond);
    CHECK(admitted_of(limit, 10000, kStart + 3600 * kSecond) == LogLimit::kBurst);
}

TEST_CASE("a plugin that logs now and then loses nothing") {
    LogLimit limit;
    for (std::uint64_t i = 0; i < 5000; ++i) CHECK(limit.admit(kStart + i * kSecond / LogLimit::kPerSecond).admitted);
}
