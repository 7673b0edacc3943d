#include "plugins/ipv6-static/config.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh;
using namespace bh::ipv6_static;

namespace {

std::string config(const std::string& prefix, const std::string& more = R"("mode":"routed")") {
    return R"({"prefix":")" + prefix + R"(",)" + more + "}";
}

Judged judged(const std::string& text) {
    auto result = judge_config(text);
    REQUIRE(result);
    return *result;
}

// "severity field" of each finding; each must say what to do.
std::vector<std::string> findings(const std::string& text) {
    std::vector<std::string> list;
    for (const auto& finding : judged(text).findings) {
        CHECK_FALSE(finding.message.empty());
        CHECK_FALSE(finding.remedy.empty());
        list.push_back(finding.severity + " " + finding.field);
    }
    return list;
}

using Findings = std::vector<std::string>;

}  // namespace

TEST_CASE("a global prefix is taken without a word") {
    const auto result =
        judged(config("2a01:4f8:1:2::/64", R"("mode":"routed","uplink":"eth0","reserved":["2a01:4f8:1:2::1"])"));
    CHECK(result.findings.empty());
    CHECK(result.config.prefix.text() == "2a01:4f8:1:2::/64");
    CHECK(result.config.mode == "routed");
    CHECK(result.config.uplink == "eth0");
    CHECK(result.config.reserved == std::vector<std::string>{"2a01:4f8:1:2::", "2a01:4f8:1:2::1"});
}

TEST_CASE("prefixes that work only in part are taken with a warning") {
    CHECK(findings(config("2001:db8:1::/64")) == Findings{"warning /prefix"});
    CHECK(findings(config("3fff:1::/64")) == Findings{"warning /prefix"});
    CHECK(findings(config("fd12:3456::/64")) == Findings{"warning /prefix"});
    CHECK(findings(config("2a01::/120")) == Findings{"warning /prefix"});
    CHECK(findings(config("2a01::/64", R"("mode":"on-link")")) == Findings{"warning /reserved"});
}

TEST_CASE("a prefix that can't be used is an error of that field") {
    for (const char* text :
         {"", "2a01::", "2a01::1/64", "2a01::/129", "2a01::/x", "192.0.2.0/24", "2a01:g::/64", "fe80::/64", "ff00::/32",
          "::/64", "::/0", "4000::/64", "2a00::/16", "2a01::/125", "2a01::/128"}) {
        INFO(text);
        CHECK(findings(config(text)) == Findings{"error /prefix"});
    }
}

TEST_CASE("a prefix in an unusual spelling is refused with the usual one") {
    for (const char* text : {"2A01:0::/64", "2a01:0:0::/64", "2a01::/064"}) {
        const auto result = judged(config(text));
        REQUIRE(result.findings.size() == 1);
        CHECK(result.findings[0].severity == "error");
        CHECK(result.findings[0].remedy == "Write 2a01::/64.");
    }
}

TEST_CASE("reserved addresses must be addresses of the prefix; spellings and repetitions do not matter") {
    CHECK(findings(config("2a01::/64", R"("mode":"routed","reserved":["2a01::1","x","2a02::1"])")) ==
          Findings{"error /reserved/1", "error /reserved/2"});
    const auto result =
        judged(config("2a01::/64", R"("mode":"routed","reserved":["2a01::f","2A01:0:0::F","2a01::2"])"));
    CHECK(result.config.reserved == std::vector<std::string>{"2a01::", "2a01::2", "2a01::f"});
}

TEST_CASE("a wrong mode and a wrong interface name are errors of their fields") {
    CHECK(findings(config("2a01::/64", R"("mode":"bridged")")) == Findings{"error /mode"});
    CHECK(findings(config("2a01::/64", R"("mode":"routed","uplink":"eth0; reboot")")) == Findings{"error /uplink"});
    CHECK(findings(config("2a01::/64", R"("mode":"routed","uplink":"abcdefghijklmnop")")) == Findings{"error /uplink"});
}

TEST_CASE("a configuration of another shape is a failure that names the field") {
    for (const char* text : {"", "[]", "{}", R"({"prefix":5,"mode":"routed"})", R"({"prefix":"2a01::/64"})",
                             R"({"prefix":"2a01::/64","mode":"routed","reserved":"2a01::1"})"}) {
        CHECK_FALSE(judge_config(text));
    }
    CHECK(judge_config(R"({"prefix":"2a01::/64"})").failure().message.find("/mode") != std::string::npos);
}
