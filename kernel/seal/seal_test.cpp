#include "kernel/seal/seal.hpp"

#include "kernel/seal/seal1.hpp"
#include "kernel/seal/seal2.hpp"
#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::seal;
using namespace bh::crypto;

namespace {

struct House {
    Secret server = new_secret_key();
    Secret wallet = new_secret_key();
    std::string buyer = Address::of(*PublicKey::of(wallet)).text();
    RequestContext request{"eip155:31337", "0x5FbDB2315678afecb367f032d93F642f64180aa3", buyer};
    CredentialContext credential{"eip155:31337", "0x5FbDB2315678afecb367f032d93F642f64180aa3", "7", buyer};
    ConnectionDetails details{"2001:db8::7", 22, "user", "ssh-ed25519 AAAAC3Nz"};
};

}  // namespace

TEST_CASE_METHOD(House, "a seal-2 purchase goes from request to credential") {
    const Secret recipient = new_secret_key();
    const auto sealed = seal_request2(*PublicKey::of(server), request, *PublicKey::of(recipient), new_secret_key());
    REQUIRE(*request_format(*sealed) == kSeal2Request);
    const auto opened = open_request(kSeal2Request, server, request, *sealed);
    REQUIRE(opened.ok());
    const auto blob = seal_credential(kSeal2Request, *opened, credential, details, "blockhost-access");
    REQUIRE(blob.ok());
    CHECK(*open_credential2(recipient, credential, *blob) == details);
    CHECK(*blob != *seal_credential(kSeal2Request, *opened, credential, details, "blockhost-access"));
}

TEST_CASE_METHOD(House, "a seal-1 purchase goes from request to credential, for its buyer only") {
    const Secret signature = Secret::copy_of(sign(wallet, eip191_hash(bytes_of("blockhost-access")))->encoded());
    const auto sealed = seal_request1(*PublicKey::of(server), signature, new_secret_key(), random_bytes(12));
    REQUIRE(*request_format(*sealed) == kSeal1Request);
    const auto opened = open_request(kSeal1Request, server, request, *sealed);
    REQUIRE(opened.ok());
    const auto blob = seal_credential(kSeal1Request, *opened, credential, details, "blockhost-access");
    REQUIRE(blob.ok());
    CHECK(*open_credential1(signature, *blob) == ConnectionDetails{"2001:db8::7", 22, "user", ""});

    CredentialContext another = credential;
    another.owner = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    CHECK(seal_credential(kSeal1Request, *opened, another, details, "blockhost-access").failure().reason ==
          "not_the_buyer");
    CHECK(seal_credential(kSeal1Request, *opened, credential, details, "other").failure().reason == "not_the_buyer");
}

TEST_CASE("the format of a request is told by length and first byte") {
    CHECK(request_format(bh::Bytes(65, 4)).failure().reason == "raw_signature");
    CHECK(request_format({}).failure().reason == "unknown_seal");
    CHECK(request_format(bh::Bytes(83, 3)).failure().reason == "unknown_seal");
    CHECK(request_format(bh::Bytes(84, 2)).failure().reason == "unknown_seal");
    CHECK(request_format(bh::Bytes(92, 4)).failure().reason == "unknown_seal");
    CHECK(request_format(bh::Bytes(1025, 4)).failure().reason == "unknown_seal");
    CHECK(*request_format(bh::Bytes(225, 4)) == kSeal1Request);
}

TEST_CASE_METHOD(House, "an unknown format is refused by name") {
    CHECK(open_request("seal-3-request", server, request, bh::Bytes(83, 2)).failure().reason == "unknown_seal");
    CHECK(seal_credential("x", server, credential, details, "").failure().reason == "unknown_seal");
}
