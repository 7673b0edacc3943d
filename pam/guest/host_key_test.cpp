#include "pam/guest/host_key.hpp"

#include "pam/guest/sample_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::guest;

TEST_CASE("the host key's line loses its comment") {
    CHECK(*host_key_line(std::string{sample::kHostKey} + " root@host\n") == sample::kHostKey);
    CHECK(*host_key_line(std::string{sample::kHostKey} + "\n") == sample::kHostKey);
}

TEST_CASE("what is not a public key's line is refused") {
    CHECK(host_key_line("").failure().reason == "bad_host_key");
    CHECK(host_key_line("ssh-ed25519").failure().reason == "bad_host_key");
    CHECK(host_key_line("ssh-ed25519 not*base64").failure().reason == "bad_host_key");
    CHECK(host_key_line("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n").failure().reason == "bad_host_key");
}

TEST_CASE("the fingerprint is the one that ssh-keygen -l shows") {
    CHECK(*host_key_fingerprint(sample::kHostKey) == "SHA256:ymqpTpYnunbRv1GGyjtNUnZw4WLb+/MbU2ZfkT4qYUo");
}
