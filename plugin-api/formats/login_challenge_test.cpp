#include "plugin-api/formats/login_challenge.hpp"

#include "plugin-api/formats/utc.hpp"
#include "plugin-api/formats/vectors_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::formats;

namespace {

LoginChallenge from(const nlohmann::json& fields) {
    LoginChallenge c;
    c.vm = text_at(fields, "vm");
    c.address = *crypto::Address::parse(text_at(fields, "address"));
    c.user = text_at(fields, "user");
    c.chain_id = std::stoull(text_at(fields, "chain_id"));
    const Bytes nonce = bytes_at(fields, "nonce");
    std::copy(nonce.begin(), nonce.end(), c.nonce.begin());
    c.issued = *parse_utc(text_at(fields, "issued"));
    c.expires = *parse_utc(text_at(fields, "expires"));
    c.host_key = text_at(fields, "host_key");
    c.client = text_at(fields, "client");
    return c;
}

}  // namespace

TEST_CASE("login challenges are the vectors' text, read back, and recover to the wallet") {
    const auto file = read_vectors("login-challenge-1");
    REQUIRE(file.at("vectors").size() >= 4);
    for (const auto& vector : file.at("vectors")) {
        const LoginChallenge challenge = from(vector.at("fields"));
        const std::string text = text_at(vector, "text");
        CHECK(*login_challenge_text(challenge) == text);
        const auto read = parse_login_challenge(text);
        REQUIRE(read.ok());
        CHECK(*read == challenge);
        CHECK(crypto::hex0x(login_challenge_digest(text)) == text_at(vector, "digest"));
        CHECK(crypto::recover_address(bytes_at(vector, "signature"), login_challenge_digest(text))->text() ==
              text_at(file, "wallet"));
    }
}

TEST_CASE("login challenges that are not written the one way are refused") {
    const auto file = read_vectors("login-challenge-1");
    REQUIRE(file.at("refused").size() >= 15);
    for (const auto& row : file.at("refused")) {
        INFO(text_at(row, "why"));
        const auto read = parse_login_challenge(text_at(row, "text"));
        REQUIRE_FALSE(read.ok());
        CHECK(read.failure().reason == "bad_challenge");
    }
}

TEST_CASE("a field that breaks the format is named") {
    const LoginChallenge good = from(read_vectors("login-challenge-1").at("vectors").at(0).at("fields"));
    const auto named = [&](const char* field, auto change) {
        LoginChallenge bad = good;
        change(bad);
        const auto text = login_challenge_text(bad);
        REQUIRE_FALSE(text.ok());
        CHECK(text.failure().message.find(field) != std::string::npos);
    };
    named("vm", [](LoginChallenge& c) { c.vm = "a b"; });
    named("user", [](LoginChallenge& c) { c.user = "root\nx"; });
    named("user", [](LoginChallenge& c) { c.user = "1a"; });
    named("host_key", [](LoginChallenge& c) { c.host_key = "MD5:aa"; });
    named("client", [](LoginChallenge& c) { c.client = ""; });
    named("client", [](LoginChallenge& c) { c.client = "a\n- urn:x"; });
    named("expires", [](LoginChallenge& c) { c.expires = c.issued; });
    named("issued", [](LoginChallenge& c) { c.issued = -1; });
    named("expires", [](LoginChallenge& c) { c.expires = 253402300800; });
}

TEST_CASE("every text of the longest fields fits the limit") {
    LoginChallenge c = from(read_vectors("login-challenge-1").at("vectors").at(0).at("fields"));
    c.vm = std::string(63, 'v');
    c.user = std::string(32, 'u');
    c.chain_id = UINT64_MAX;
    c.client = std::string(64, '%');
    const auto text = login_challenge_text(c);
    REQUIRE(text.ok());
    CHECK(text->size() <= kMaxLoginChallenge);
    CHECK(*parse_login_challenge(*text) == c);
}

TEST_CASE("times are strict") {
    CHECK(*utc_text(0) == "1970-01-01T00:00:00Z");
    CHECK(*parse_utc("2000-02-29T12:34:56Z") == 951827696);
    CHECK(*utc_text(951827696) == "2000-02-29T12:34:56Z");
    for (const char* text :
         {"", "2001-02-29T00:00:00Z", "2000-02-29T24:00:00Z", "2000-02-29T00:60:00Z", "2000-02-29 00:00:00Z",
          "2000-02-29T00:00:00+", "2000-02-29T00:00:60Z", "1969-12-31T00:00:00Z", "2000-02-29T00:00:0xZ"}) {
        INFO(text);
        CHECK(parse_utc(text).failure().reason == "bad_time");
    }
}
