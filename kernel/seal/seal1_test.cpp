#include "kernel/seal/seal1.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/formats/vectors_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::seal;
using namespace bh::crypto;
using bh::formats::bytes_at;
using bh::formats::text_at;

namespace {

struct Vector {
    nlohmann::json file = bh::formats::read_vectors("seal-1");
    Secret server = Secret::copy_of(bytes_at(file, "server_secret"));
    Secret ephemeral = Secret::copy_of(bytes_at(file, "ephemeral_secret"));
    Secret signature = Secret::copy_of(bytes_at(file, "signature"));
    bh::Bytes nonce = bytes_at(file, "nonce");
    bh::Bytes request = bytes_at(file, "request");
    bh::Bytes credential = bytes_at(file, "credential");
    std::string wallet = text_at(file, "wallet");
    std::string public_secret = text_at(file, "public_secret");
};

}  // namespace

TEST_CASE_METHOD(Vector, "format A opens the existing system's request and makes the same bytes") {
    REQUIRE(request.size() == 225);
    const auto opened = open_request1(server, request);
    REQUIRE(opened.ok());
    CHECK(equal(opened->view(), signature.view()));
    CHECK(*seal_request1(*PublicKey::of(server), signature, ephemeral, nonce) == request);
}

TEST_CASE_METHOD(Vector, "format B opens the existing system's credential and makes the same bytes") {
    CHECK(hex0x(keccak256(signature.view())) == text_at(file, "credential_key"));
    const auto details = open_credential1(signature, credential);
    REQUIRE(details.ok());
    CHECK(*details == ConnectionDetails{"2001:db8::105", 22, "admin", ""});
    CHECK(*seal_credential1(signature, *details, nonce) == credential);
    CHECK_FALSE(seal_credential1(signature, {"h", 22, "u", "ssh-ed25519 AAAA"}, nonce).ok());
}

TEST_CASE_METHOD(Vector, "each single-bit change of a seal-1 request fails") {
    std::size_t opened = 0;
    for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
        bh::Bytes changed = request;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        const auto result = open_request1(server, changed);
        if (result.ok() || result.failure().reason != "does_not_open") ++opened;
    }
    CHECK(opened == 0);
}

TEST_CASE_METHOD(Vector, "each single-bit change of a seal-1 credential fails") {
    std::size_t opened = 0;
    for (std::size_t bit = 0; bit < credential.size() * 8; ++bit) {
        bh::Bytes changed = credential;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        const auto result = open_credential1(signature, changed);
        if (result.ok() || result.failure().reason != "does_not_open") ++opened;
    }
    CHECK(opened == 0);
}

TEST_CASE_METHOD(Vector, "a signature in clear is refused, and so is every wrong length") {
    CHECK(open_request1(server, signature.view()).failure().reason == "raw_signature");
    for (const std::size_t size : {0u, 1u, 64u, 66u, 92u, 93u, 224u}) {
        CHECK(open_request1(server, ByteView{request}.first(size)).failure().reason == "does_not_open");
    }
    CHECK(open_request1(server, bh::Bytes(1025, 4)).failure().reason == "does_not_open");
    for (const std::size_t size : {0u, 12u, 27u, 28u}) {
        CHECK(open_credential1(signature, ByteView{credential}.first(size)).failure().reason == "does_not_open");
    }
}

TEST_CASE_METHOD(Vector, "a request that holds something else than a signature is refused") {
    const auto sealed_text = [&](std::string_view text) {
        const Secret key = hkdf_sha256(shared_x(server, *PublicKey::of(ephemeral))->view(), {}, {}, 32);
        bh::Bytes blob = to_bytes(PublicKey::of(ephemeral)->point());
        append(blob, nonce);
        append(blob, aes256gcm_seal(key.view(), nonce, bytes_of(text), {}));
        return blob;
    };
    const std::string good = text_at(file, "signature");
    REQUIRE(open_request1(server, sealed_text(good)).ok());
    for (const std::string& text : {std::string{}, good.substr(0, 130), good + "00", "00" + good.substr(2),
                                    good.substr(0, 130) + "zz", good.substr(0, 130) + "00"}) {
        CHECK(open_request1(server, sealed_text(text)).failure().reason == "bad_signature");
    }
}

TEST_CASE_METHOD(Vector, "the signature must recover to the buyer over the public secret") {
    CHECK(check_signature1(signature, public_secret, wallet).ok());
    CHECK(check_signature1(signature, public_secret, "0x" + hex(Address::parse(wallet)->bytes)).ok());
    CHECK(check_signature1(signature, "another text", wallet).failure().reason == "not_the_buyer");
    CHECK(check_signature1(signature, public_secret, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266").failure().reason ==
          "not_the_buyer");
    CHECK(check_signature1(signature, public_secret, "nobody").failure().reason == "bad_address");
    CHECK(check_signature1(Secret{65}, public_secret, wallet).failure().reason == "bad_signature");
}
