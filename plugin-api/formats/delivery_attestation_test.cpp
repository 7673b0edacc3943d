#include "plugin-api/formats/delivery_attestation.hpp"

#include "plugin-api/crypto/address.hpp"
#include "plugin-api/formats/vectors_for_test.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace bh;
using namespace bh::formats;

namespace {

DeliveryAttestation from(const nlohmann::json& f) {
    DeliveryAttestation a;
    a.chain = text_at(f, "chain");
    a.contract = text_at(f, "contract");
    a.subscription = text_at(f, "subscription");
    a.vm = text_at(f, "vm");
    a.host_key = text_at(f, "host_key");
    const Bytes digest = bytes_at(f, "image_digest");
    std::copy(digest.begin(), digest.end(), a.image_digest.begin());
    a.mined = std::stoull(text_at(f, "mined"));
    a.seen = std::stoull(text_at(f, "seen"));
    a.finalized = std::stoull(text_at(f, "finalized"));
    a.volume = std::stoull(text_at(f, "volume"));
    a.started = std::stoull(text_at(f, "started"));
    a.reachable = std::stoull(text_at(f, "reachable"));
    return a;
}

}  // namespace

TEST_CASE("delivery attestations hash and sign as an EIP-712 library does") {
    const auto file = read_vectors("delivery-attestation-1");
    const auto key = crypto::Secret::copy_of(bytes_at(file, "agent_secret"));
    REQUIRE(file.at("vectors").size() >= 2);
    for (const auto& vector : file.at("vectors")) {
        const auto digest = delivery_attestation_digest(from(vector.at("fields")));
        REQUIRE(digest.ok());
        CHECK(crypto::hex0x(*digest) == text_at(vector, "digest"));
        CHECK(crypto::hex0x(crypto::sign(key, *digest)->encoded()) == text_at(vector, "signature"));
        CHECK(crypto::recover_address(bytes_at(vector, "signature"), *digest)->text() == text_at(file, "agent"));
    }
}

TEST_CASE("an attestation field that breaks the format is named") {
    const auto file = read_vectors("delivery-attestation-1");
    const auto named = [&](const char* field, auto change) {
        DeliveryAttestation a = from(file.at("vectors").at(0).at("fields"));
        change(a);
        const auto digest = delivery_attestation_digest(a);
        REQUIRE_FALSE(digest.ok());
        CHECK(digest.failure().message.find(field) != std::string::npos);
    };
    named("chain", [](DeliveryAttestation& a) { a.chain = "eip155:01"; });
    named("contract", [](DeliveryAttestation& a) { a.contract = "0x12"; });
    named("subscription", [](DeliveryAttestation& a) { a.subscription = "-1"; });
    named("subscription", [](DeliveryAttestation& a) {
        a.subscription = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    });
    named("vm", [](DeliveryAttestation& a) { a.vm = ""; });
    named("host_key", [](DeliveryAttestation& a) { a.host_key = "SHA256:short"; });
}
