#include "plugin-api/formats/owner_statement.hpp"

#include "plugin-api/formats/vectors_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::formats;

namespace {

OwnerStatement from(const nlohmann::json& fields) {
    OwnerStatement s{
        text_at(fields, "scheme"),   text_at(fields, "owner"), text_at(fields, "user"), text_at(fields, "chain"),
        text_at(fields, "contract"), text_at(fields, "token"), text_at(fields, "vm"),   0,
        text_at(fields, "position")};
    s.height = std::stoull(text_at(fields, "height"));
    s.sequence = std::stoull(text_at(fields, "sequence"));
    s.issued = std::stoll(text_at(fields, "issued"));
    s.expires = std::stoll(text_at(fields, "expires"));
    return s;
}

struct Keys {
    nlohmann::json file = read_vectors("owner-statement-1");
    crypto::Secret seed = crypto::Secret::copy_of(bytes_at(file, "seed"));
    crypto::Ed25519PublicKey key = *crypto::ed25519_public_key(seed);
};

}  // namespace

TEST_CASE_METHOD(Keys, "owner statements are the vectors' bytes, and read back") {
    CHECK(crypto::hex0x(key) == text_at(file, "public_key"));
    REQUIRE(file.at("vectors").size() >= 4);
    for (const auto& vector : file.at("vectors")) {
        const OwnerStatement fields = from(vector.at("fields"));
        const std::string text = text_at(vector, "statement");
        CHECK(*sign_owner_statement(fields, seed) == text);
        CHECK(owner_statement_signed_bytes(*owner_statement_body(fields)) == bytes_at(vector, "signed_bytes"));
        const auto read = verify_owner_statement(text, key);
        REQUIRE(read.ok());
        CHECK(*read == fields);
    }
}

TEST_CASE_METHOD(Keys, "owner statements that break the format or the signature are refused") {
    REQUIRE(file.at("refused").size() >= 15);
    for (const auto& row : file.at("refused")) {
        INFO(text_at(row, "why"));
        CHECK_FALSE(verify_owner_statement(text_at(row, "text"), key).ok());
    }
}

TEST_CASE_METHOD(Keys, "each single-bit change of an owner statement makes it fail") {
    const std::string text = text_at(file.at("vectors").at(0), "statement");
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string changed = text;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        if (verify_owner_statement(changed, key).ok()) ++accepted;
    }
    CHECK(accepted == 0);
}

TEST_CASE_METHOD(Keys, "each truncation of an owner statement fails without reading past its end") {
    const std::string text = text_at(file.at("vectors").at(0), "statement");
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < text.size(); ++size) {
        const std::vector<char> exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        if (parse_owner_statement({exact.data(), exact.size()}).ok()) ++accepted;
    }
    CHECK(accepted == 0);
    CHECK_FALSE(parse_owner_statement(std::string(kMaxOwnerStatement + 1, 'a')).ok());
}

TEST_CASE_METHOD(Keys, "a statement of another key is denied, and a bad field is named") {
    const std::string text = text_at(file.at("vectors").at(0), "statement");
    crypto::Secret other{32};
    const auto denied = verify_owner_statement(text, *crypto::ed25519_public_key(other));
    CHECK(denied.failure().code == BH_E_DENIED);
    CHECK(denied.failure().reason == "wrong_signature");

    const OwnerStatement good = from(file.at("vectors").at(0).at("fields"));
    const auto named = [&](const char* field, auto change) {
        OwnerStatement bad = good;
        change(bad);
        const auto body = owner_statement_body(bad);
        REQUIRE_FALSE(body.ok());
        CHECK(body.failure().reason == "bad_statement");
        CHECK(body.failure().message.find(field) != std::string::npos);
    };
    named("owner", [](OwnerStatement& s) { s.owner = "has space"; });
    named("owner", [](OwnerStatement& s) { s.owner = "-"; });
    named("user", [](OwnerStatement& s) { s.user = "line\nbreak"; });
    named("user", [](OwnerStatement& s) { s.user = "-"; });
    named("scheme", [](OwnerStatement& s) { s.scheme = ""; });
    named("token", [](OwnerStatement& s) { s.token = "0x7"; });
    named("vm", [](OwnerStatement& s) { s.vm = "UPPER"; });
    named("position", [](OwnerStatement& s) { s.position = ""; });
    named("sequence", [](OwnerStatement& s) { s.sequence = UINT64_MAX; });
    named("expires", [](OwnerStatement& s) { s.expires = s.issued; });
}
