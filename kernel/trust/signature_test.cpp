// Signatures by real keys, made and verified by the real ssh-keygen.
#include "kernel/trust/signature.hpp"

#include "kernel/trust/testing.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cstdlib>

using namespace bh::trust;
using namespace bh::trust::testing;

namespace {

constexpr const char* kText = R"({"id": "org.example.thing"})";

TrustedKeys trusting(const Publisher& publisher, const std::string& options = {}) {
    return {"# ours\n\nacme@example.org " + options + publisher.public_key, {}, "/etc/trust"};
}

std::string why(const std::string& text, const std::string& signature, const TrustedKeys& trusted,
                const std::string& reason) {
    const auto signer = verify_signature(text, signature, trusted);
    REQUIRE_FALSE(signer);
    CHECK(signer.failure().reason == reason);
    CHECK(signer.failure().code == BH_E_DENIED);
    return signer.failure().message;
}

}  // namespace

TEST_CASE("a good signature names its publisher and key") {
    const Publisher acme;
    const auto signer = verify_signature(kText, acme.sign(kText), trusting(acme));
    REQUIRE(signer);
    CHECK(signer->publisher == "acme@example.org");
    CHECK(signer->key.starts_with("SHA256:"));
    CHECK(signer->key.size() == 50);
    CHECK(verify_signature(kText, acme.sign(kText), trusting(acme, "namespaces=\"blockhost-plugin\" ")));
}

TEST_CASE("a signature of another text, for another purpose, or cut short is refused") {
    const Publisher acme;
    const auto trusted = trusting(acme);
    const std::string good = acme.sign(kText);
    CHECK_THAT(why(std::string{kText} + " ", good, trusted, "bad_signature"), ContainsSubstring("incorrect signature"));
    CHECK_THAT(why(kText, acme.sign(kText, "file"), trusted, "bad_signature"), ContainsSubstring("namespace"));
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{40}, good.size() / 2, good.size() - 30})
        why(kText, good.substr(0, size), trusted, "bad_signature");
    std::string flipped = good;
    flipped[good.size() / 2] = flipped[good.size() / 2] == 'A' ? 'B' : 'A';
    CHECK_FALSE(verify_signature(kText, flipped, trusted));
    why(kText, std::string(10000, 'A'), trusted, "bad_signature");
    why(kText, std::string("\0\0\xff\x1b[31m", 8), trusted, "bad_signature");
}

TEST_CASE("a key that nobody trusts, or not for this, is refused with its fingerprint") {
    const Publisher acme, mallory;
    CHECK_THAT(why(kText, mallory.sign(kText), trusting(acme), "untrusted_key"),
               ContainsSubstring("SHA256:") && ContainsSubstring("/etc/trust/*.signers"));
    why(kText, mallory.sign(kText), {{}, {}, "/etc/trust"}, "untrusted_key");
    CHECK_THAT(why(kText, acme.sign(kText), trusting(acme, "namespaces=\"git\" "), "untrusted_key"),
               ContainsSubstring("acme@example.org") && ContainsSubstring("blockhost-plugin"));
    why(kText, acme.sign(kText), trusting(acme, "valid-before=\"20200101\" "), "untrusted_key");
    why(kText, acme.sign(kText), {"this is no list of signers\n", {}, "/etc/trust"}, "untrusted_key");
}

TEST_CASE("only Ed25519 counts") {
    const Publisher rsa{"ecdsa"};
    CHECK_THAT(why(kText, rsa.sign(kText), trusting(rsa), "wrong_key_type"), ContainsSubstring("ECDSA"));
}

TEST_CASE("a revoked key is refused, by a list of keys and by a KRL; a damaged list lets nothing pass") {
    const Publisher acme, other;
    const std::string signature = acme.sign(kText);
    auto trusted = trusting(acme);
    trusted.revoked = "# stolen in May\n" + acme.public_key;
    CHECK_THAT(why(kText, signature, trusted, "revoked_key"),
               ContainsSubstring("/etc/trust/revoked_keys") && ContainsSubstring("acme@example.org"));
    const bh::host::test::TempDir dir;
    keygen({"-q", "-k", "-f", dir.path() / "krl", acme.key() + ".pub"});
    trusted.revoked = read_file(dir.path() / "krl");
    why(kText, signature, trusted, "revoked_key");
    trusted.revoked = trusted.revoked.substr(0, trusted.revoked.size() - 8);
    why(kText, signature, trusted, "bad_revocations");
    trusted.revoked = "not a key\n";
    why(kText, signature, trusted, "bad_revocations");
    trusted.revoked = other.public_key;
    CHECK(verify_signature(kText, signature, trusted));
}

TEST_CASE("a user without an account can verify, too") {
    const Publisher acme;
    const std::string signature = acme.sign(kText);
    const auto trusted = trusting(acme);
    if (::geteuid() != 0) return;  // only root can become another user
    const pid_t child = ::fork();
    if (child == 0) {
        const bool other = ::setgid(48199) == 0 && ::setuid(48199) == 0 && ::prctl(PR_SET_DUMPABLE, 1) == 0;
        ::_exit(other && verify_signature(kText, signature, trusted) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("a tool that takes too long, writes too much or is not there is ended and said") {
    ToolCall call{{"/bin/sh", "-c", "sleep 60"}, {}, {}, std::chrono::milliseconds{100}};
    const auto late = run_tool(call);
    REQUIRE_FALSE(late);
    CHECK(late.failure().code == BH_E_TIMEOUT);
    const auto loud = run_tool({{"/bin/sh", "-c", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"}, {}, {}});
    REQUIRE(loud);
    CHECK(loud->exit_code != 0);
    CHECK(loud->output.size() <= kMaxToolOutput);
    const auto gone = run_tool({{"/nowhere/tool"}, {}, {}});
    REQUIRE(gone);
    CHECK(gone->exit_code == 127);
}

TEST_CASE("a tool sees its files, its input and nothing else of us") {
    const int ours = ::fcntl(STDIN_FILENO, F_DUPFD, 40);  // not CLOEXEC
    ::setenv("BH_TRUST_TEST", "secret", 1);
    const auto answer =
        run_tool({{"/bin/sh", "-c", "cat; cat /proc/self/fd/3; env; echo /proc/self/fd/*; umask"}, "in", {"file"}});
    ::unsetenv("BH_TRUST_TEST");
    ::close(ours);
    REQUIRE(answer);
    CHECK_THAT(answer->output, ContainsSubstring("infile") && ContainsSubstring("LC_ALL=C"));
    CHECK(answer->output.find("secret") == std::string::npos);
    CHECK(answer->output.find("/proc/self/fd/" + std::to_string(ours) + " ") == std::string::npos);
}
