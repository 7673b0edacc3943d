#include "kernel/plugins/guest_messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace bh;
using namespace bh::plugins;

namespace {

const std::string kHello =
    R"({"v":1,"type":"hello","ok":{"version":"0.1.0","vm":"bh-7-3fa91c","ssh_host_key":"ssh-ed25519 AAAAC3Nz","boot_id":"5f0c2a70-8c0e-4c5e-9a52-0d9ad0a3f7a1","uptime_s":11,"sshd":"listening","sequence":"0"}})";

std::string with(const std::string& from, const std::string& to) {
    std::string text = kHello;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a guest's hello is read field by field") {
    const auto hello = parse_hello_answer(kHello);
    REQUIRE(hello);
    CHECK(hello->vm_id == "bh-7-3fa91c");
    CHECK(hello->host_key == "ssh-ed25519 AAAAC3Nz");
    CHECK(hello->uptime_s == 11);
    CHECK(hello->sshd == "listening");
}

TEST_CASE("a hello with a missing, long or strange field is not taken") {
    const std::string bad[] = {
        "",
        "[]",
        with(R"("v":1)", R"("v":2)"),
        with(R"("type":"hello")", R"("type":"statement")"),
        with(R"("version":"0.1.0",)", ""),
        with("bh-7-3fa91c", "../../etc"),
        with("ssh-ed25519 AAAAC3Nz", "ssh-ed25519 AAAA\\ncommand"),
        with("ssh-ed25519 AAAAC3Nz", "ssh-ed25519"),
        with("ssh-ed25519 AAAAC3Nz", "a b c"),
        with("ssh-ed25519 AAAAC3Nz", "ssh-ed25519 " + std::string(2000, 'A')),
        with(R"("uptime_s":11)", R"("uptime_s":-1)"),
        with(R"("uptime_s":11)", R"("uptime_s":"11")"),
        with(R"("sshd":"listening")", R"("sshd":"<b>listening</b>")"),
        kHello + std::string(20000, ' '),
    };
    for (const auto& answer : bad) {
        INFO(answer.substr(0, 200));
        const auto hello = parse_hello_answer(answer);
        REQUIRE_FALSE(hello);
        CHECK(hello.failure().code == BH_E_UNAVAILABLE);
    }
}

TEST_CASE("a guest's own sentence is never passed on") {
    const auto hello = parse_hello_answer(
        R"({"v":1,"type":"hello","error":{"reason":"no_anchors","message":"call 555-1234 for a refund"}})");
    REQUIRE_FALSE(hello);
    CHECK(hello.failure().message == "the guest refused hello: no_anchors");
    const auto odd = parse_hello_answer(R"({"v":1,"type":"hello","error":{"reason":"<script>"}})");
    CHECK(odd.failure().message == "the guest refused hello: no reason");
}

TEST_CASE("a statement is sent as hex and its sequence read as a decimal number") {
    CHECK(statement_request({0x01, 0xff}) == R"({"v":1,"type":"statement","statement":"0x01ff"})");
    CHECK(parse_statement_answer(R"({"v":1,"type":"statement","ok":{"sequence":"18446744073709551615"}})").value() ==
          18446744073709551615ULL);
    for (const char* sequence : {R"("")", R"("18446744073709551616")", R"("-1")", "7", R"("7x")"}) {
        INFO(sequence);
        CHECK_FALSE(
            parse_statement_answer(std::string{R"({"v":1,"type":"statement","ok":{"sequence":)"} + sequence + "}}"));
    }
}
