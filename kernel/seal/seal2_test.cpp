#include "kernel/seal/seal2.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/formats/eip712.hpp"
#include "plugin-api/formats/rules.hpp"
#include "plugin-api/formats/vectors_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <openssl/bn.h>

#include <functional>
#include <set>

using namespace bh::seal;
using namespace bh::crypto;
using namespace bh::formats;

namespace {

// One row of the published vectors, which an independent program made.
struct Vector {
    explicit Vector(const nlohmann::json& row)
        : server{Secret::copy_of(bytes_at(row, "server_secret"))},
          recipient{Secret::copy_of(bytes_at(row, "recipient_secret"))},
          request_ephemeral{Secret::copy_of(bytes_at(row.at("request"), "ephemeral_secret"))},
          credential_ephemeral{Secret::copy_of(bytes_at(row.at("credential"), "ephemeral_secret"))},
          request{bytes_at(row.at("request"), "sealed")},
          credential{bytes_at(row.at("credential"), "sealed")},
          request_context{text_at(row, "chain"), text_at(row, "contract"), text_at(row.at("request"), "buyer")},
          credential_context{text_at(row, "chain"), text_at(row, "contract"),
                             text_at(row.at("credential"), "subscription"), text_at(row.at("credential"), "owner")},
          content{text_at(row.at("credential"), "content")} {}
    Secret server, recipient, request_ephemeral, credential_ephemeral;
    bh::Bytes request, credential;
    RequestContext request_context;
    CredentialContext credential_context;
    std::string content;
};

nlohmann::json rows() { return read_vectors("seal-2").at("vectors"); }
Vector first() { return Vector{rows().at(0)}; }

std::size_t openings(const bh::Bytes& blob, const std::function<bool(const bh::Bytes&)>& opens) {
    std::size_t opened = 0;
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
        bh::Bytes changed = blob;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
        if (opens(changed)) ++opened;
    }
    return opened;
}

// (okm mod (n - 1)) + 1, section 6 of the format.
bh::Bytes scalar_of(const Secret& okm) {
    using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;
    const auto number = [](ByteView bytes) {
        return Number{BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), &BN_free};
    };
    const std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context{BN_CTX_new(), &BN_CTX_free};
    const Number order = number(*parse_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"));
    const Number value = number(okm.view());
    const Number scalar{BN_new(), &BN_free};
    REQUIRE(BN_mod(scalar.get(), value.get(), order.get(), context.get()) == 1);
    REQUIRE(BN_add_word(scalar.get(), 1) == 1);
    bh::Bytes bytes(32);
    REQUIRE(BN_bn2binpad(scalar.get(), bytes.data(), 32) == 32);
    return bytes;
}

}  // namespace

TEST_CASE("the buyer program's requests open, and ours are the same bytes") {
    REQUIRE(rows().size() >= 8);
    for (const auto& row : rows()) {
        INFO(text_at(row, "name"));
        const Vector v{row};
        CHECK(hex0x(PublicKey::of(v.server)->point()) == text_at(row, "server_public"));
        CHECK(*associated_data(v.request_context) == bytes_at(row.at("request"), "aad"));
        const auto recipient = open_request2(v.server, v.request_context, v.request);
        REQUIRE(recipient.ok());
        CHECK(hex0x(recipient->compressed()) == text_at(row, "recipient_public"));
        CHECK(*PublicKey::of(v.recipient) == *recipient);
        CHECK(*seal_request2(*PublicKey::of(v.server), v.request_context, *recipient, v.request_ephemeral) ==
              v.request);
    }
}

TEST_CASE("the buyer program's credentials open, and ours are the same bytes") {
    for (const auto& row : rows()) {
        INFO(text_at(row, "name"));
        const Vector v{row};
        CHECK(*associated_data(v.credential_context) == bytes_at(row.at("credential"), "aad"));
        const auto details = open_credential2(v.recipient, v.credential_context, v.credential);
        REQUIRE(details.ok());
        CHECK(text_of(write_details(*details)->view()) == v.content);
        CHECK(*seal_credential2(*PublicKey::of(v.recipient), v.credential_context, *details, v.credential_ephemeral) ==
              v.credential);
    }
}

TEST_CASE("a recipient key comes from the wallet's typed-data signature as the format says") {
    std::size_t derived = 0;
    for (const auto& row : rows()) {
        const auto& d = row.at("derivation");
        if (d.is_null()) continue;
        ++derived;
        INFO(text_at(row, "name"));
        const Address wallet = *Address::parse(text_at(d, "wallet"));
        const Address contract = *Address::parse(text_at(row, "contract"));
        const Word separator = keccak256(
            {word_of_text(
                 "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"),
             word_of_text("BlockHost seal"), word_of_text("2"), word_of(*eip155_chain_id(text_at(row, "chain"))),
             word_of(contract), keccak256(bytes_at(row, "server_public"))});
        const Word content = keccak256({word_of_text("SealKey(address wallet,string notice)"), word_of(wallet),
                                        word_of_text("This signature makes the key that opens your connection details. "
                                                     "Sign it only where you buy or open them.")});
        const Hash256 digest = typed_data_digest(separator, content);
        CHECK(hex0x(separator) == text_at(d, "domain_separator"));
        CHECK(hex0x(digest) == text_at(d, "digest"));
        const auto signature = sign(Secret::copy_of(bytes_at(d, "wallet_secret")), digest);
        REQUIRE(signature.ok());
        CHECK(hex0x(signature->encoded()) == text_at(d, "signature"));
        const Secret okm = hkdf_sha256(ByteView{bytes_at(d, "signature")}.first(64),
                                       bytes_of("BlockHost seal-2 recipient key"), digest, 48);
        CHECK(hex0x(okm.view()) == text_at(d, "okm"));
        CHECK(hex0x(scalar_of(okm)) == text_at(row, "recipient_secret"));
    }
    CHECK(derived >= 4);
}

TEST_CASE("each single-bit change of a seal-2 request fails") {
    const Vector v = first();
    CHECK(openings(v.request, [&](const bh::Bytes& changed) {
              return open_request2(v.server, v.request_context, changed).ok();
          }) == 0);
}

TEST_CASE("each single-bit change of a seal-2 credential fails") {
    const Vector v = first();
    CHECK(openings(v.credential, [&](const bh::Bytes& changed) {
              return open_credential2(v.recipient, v.credential_context, changed).ok();
          }) == 0);
}

TEST_CASE("a request of another chain, contract or buyer, or for another server key, does not open") {
    const Vector v = first();
    const auto refused = [&](auto change) {
        RequestContext context = v.request_context;
        change(context);
        const auto opened = open_request2(v.server, context, v.request);
        return !opened.ok() && opened.failure().reason == "does_not_open";
    };
    CHECK(refused([](RequestContext& c) { c.chain = "eip155:1"; }));
    CHECK(refused([](RequestContext& c) { c.contract = "0x0000000000000000000000000000000000000001"; }));
    CHECK(refused([](RequestContext& c) { c.buyer = "0x0000000000000000000000000000000000000001"; }));
    CHECK_FALSE(open_request2(v.recipient, v.request_context, v.request).ok());
}

TEST_CASE("a credential of another chain, contract, subscription or owner does not open") {
    const Vector v = first();
    const auto refused = [&](auto change) {
        CredentialContext context = v.credential_context;
        change(context);
        return !open_credential2(v.recipient, context, v.credential).ok();
    };
    CHECK(refused([](CredentialContext& c) { c.chain = "eip155:1"; }));
    CHECK(refused([](CredentialContext& c) { c.contract = "0x0000000000000000000000000000000000000001"; }));
    CHECK(refused([](CredentialContext& c) { c.subscription = "8"; }));
    CHECK(refused([](CredentialContext& c) { c.subscription = "07"; }));
    CHECK(refused([](CredentialContext& c) { c.owner = "0x0000000000000000000000000000000000000001"; }));
    CHECK_FALSE(open_credential2(v.server, v.credential_context, v.credential).ok());
}

TEST_CASE("a request is no credential and the reverse") {
    const Vector v = first();
    CHECK_FALSE(open_credential2(v.server, v.credential_context, v.request).ok());
    CHECK_FALSE(open_request2(v.recipient, v.request_context, v.credential).ok());
}

TEST_CASE("wrong lengths, versions and points do not open") {
    const Vector v = first();
    for (std::size_t size = 0; size < v.request.size(); ++size) {
        CHECK_FALSE(open_request2(v.server, v.request_context, ByteView{v.request}.first(size)).ok());
    }
    bh::Bytes longer = v.request;
    longer.push_back(0);
    CHECK_FALSE(open_request2(v.server, v.request_context, longer).ok());
    CHECK_FALSE(open_credential2(v.recipient, v.credential_context, bh::Bytes(1025, 2)).ok());
}

TEST_CASE("the letter case of an address does not matter to the seal") {
    const Vector v = first();
    RequestContext context = v.request_context;
    context.contract = Address::parse(context.contract)->text();
    context.buyer = Address::parse(context.buyer)->text();
    CHECK(open_request2(v.server, context, v.request).ok());
}

TEST_CASE("a context with an empty or endless field is refused") {
    const Vector v = first();
    const PublicKey key = *PublicKey::of(v.recipient);
    CHECK(seal_request2(key, {"", "0x01", "0x02"}, key, v.request_ephemeral).failure().reason == "bad_context");
    CHECK(seal_request2(key, {"c", std::string(256, 'x'), "0x02"}, key, v.request_ephemeral).failure().reason ==
          "bad_context");
    CHECK(seal_credential2(key, {"c", "0x01", "x", "0x02"}, {"h", 22, "u", ""}, v.request_ephemeral).failure().reason ==
          "bad_context");
}
