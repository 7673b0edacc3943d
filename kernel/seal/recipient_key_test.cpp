#include "kernel/seal/recipient_key.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/formats/vectors_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace bh::seal;
using namespace bh::crypto;
using namespace bh::formats;

namespace {

struct Derived {
    KeyContext context;
    Secret signature, key;
    std::string digest;
};

std::vector<Derived> derived() {
    std::vector<Derived> all;
    const auto vectors = read_vectors("seal-2");
    for (const auto& row : vectors.at("vectors")) {
        const auto& d = row.at("derivation");
        if (d.is_null()) continue;
        all.push_back({{text_at(row, "chain"), text_at(row, "contract"), text_at(d, "wallet"),
                        *PublicKey::parse(bytes_at(row, "server_public"))},
                       Secret::copy_of(bytes_at(d, "signature")),
                       Secret::copy_of(bytes_at(row, "recipient_secret")),
                       text_at(d, "digest")});
    }
    return all;
}

}  // namespace

TEST_CASE("a wallet's signature gives the published recipient keys") {
    const auto all = derived();
    REQUIRE(all.size() >= 4);
    for (const auto& each : all) {
        CHECK(hex0x(*recipient_key_digest(each.context)) == each.digest);
        const auto key = recipient_key(each.context, each.signature);
        REQUIRE(key.ok());
        CHECK(equal(key->view(), each.key.view()));
    }
}

TEST_CASE("how a wallet writes v, and which of the two s it gives, does not change the recipient key") {
    const auto all = derived();
    REQUIRE_FALSE(all.empty());
    const Derived& first = all.front();
    for (const std::uint8_t v : {0, 1, 27, 28, 255}) {
        Secret other = first.signature.clone();
        other.data()[64] = v;
        const auto key = recipient_key(first.context, other);
        REQUIRE(key.ok());
        CHECK(equal(key->view(), first.key.view()));
    }
    Secret without = first.signature.clone();
    without.shrink(64);
    CHECK(equal(recipient_key(first.context, without)->view(), first.key.view()));
    // n - s, by hand: from the last byte on.
    const bh::Bytes n = *parse_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    Secret high = first.signature.clone();
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        int digit = n[i] - high.data()[32 + i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        high.data()[32 + i] = static_cast<std::uint8_t>(digit + (borrow << 8));
    }
    REQUIRE(high.data()[32] >= 0x80);
    CHECK(equal(recipient_key(first.context, high)->view(), first.key.view()));
}

TEST_CASE("a signature of another wallet, chain, contract or server key makes no recipient key") {
    const auto all = derived();
    REQUIRE_FALSE(all.empty());
    const auto reason = [&](auto change) {
        KeyContext context = all.front().context;
        change(context);
        const auto key = recipient_key(context, all.front().signature);
        return key.ok() ? std::string{} : key.failure().reason;
    };
    CHECK(reason([](KeyContext&) {}).empty());
    CHECK(reason([](KeyContext& c) { c.wallet = "0x0000000000000000000000000000000000000001"; }) == "not_the_wallet");
    CHECK(reason([](KeyContext& c) { c.contract = "0x0000000000000000000000000000000000000001"; }) == "not_the_wallet");
    CHECK(reason([](KeyContext& c) { c.chain = "eip155:5"; }) == "not_the_wallet");
    CHECK(reason([](KeyContext& c) { c.server = *PublicKey::of(new_secret_key()); }) == "not_the_wallet");
    CHECK(reason([](KeyContext& c) { c.chain = "bip122:5"; }) == "bad_chain");
    Secret cut = all.front().signature.clone();
    cut.shrink(63);
    CHECK(recipient_key(all.front().context, cut).failure().reason == "bad_signature");
    CHECK(recipient_key(all.front().context, Secret{65}).failure().reason == "not_the_wallet");
}
