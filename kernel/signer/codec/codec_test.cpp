// A codec in its sandbox: what a good one has signed, what a lying one can't have signed, and every way to misbehave.
#include "kernel/signer/codec/codec.hpp"

#include "kernel/signer/client.hpp"
#include "kernel/signer/signer.hpp"
#include "kernel/signer/test_house.hpp"
#include "kernel/signer/test_process.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/host/manifest.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>

using namespace bh;
using namespace bh::signer;
using namespace bh::signer::testing;
using bh::crypto::bytes_of;

namespace {

std::string pin() { return host::read_manifest(std::string{CODEC_PLUGIN} + "/plugin.json")->sha256; }

CodecConfig codec_config(const std::string& hash = "sha256") {
    return {"demo-tx", CODEC_PLUGIN, pin(), hash, "/not/read"};
}

Codec open(const std::string& hash = "sha256", std::chrono::milliseconds patience = std::chrono::seconds{20}) {
    auto codec = Codec::open(codec_config(hash), CODEC_PROGRAM, patience);
    REQUIRE(codec.ok());
    return std::move(*codec);
}

std::string intent(const std::string& from = "", const std::string& to = "") {
    std::string text = read_intent_vectors().at("vectors").at(0).at("text").get<std::string>();
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return text;
}
std::string say(const std::string& intent, const std::string& preimage) { return "say\n" + intent + "\n" + preimage; }

// A signer with the codec and a grant for it, in this process.
struct Desk {
    Desk() {
        char name[] = "/tmp/signer-codec-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Desk() { std::filesystem::remove_all(path); }
    Signer make() const {
        auto policy = config();
        policy.grants.push_back({"ledger", "demo-tx", "bhledger:demo", {}, {}, {}, {}, {}});
        auto keys = keyring();
        auto secret = key_of(0x77);
        const auto key = *crypto::PublicKey::of(secret);
        keys.codecs.emplace("demo-tx", Keyring::Point{std::move(secret), key, crypto::Address::of(key)});
        std::vector<Codec> codecs;
        codecs.push_back(open());
        return {policy, std::move(keys), std::move(*AuditLog::open(path + "/log")), [] { return 1764024000; },
                std::move(codecs)};
    }
    [[nodiscard]] std::vector<nlohmann::json> log() const {
        std::vector<nlohmann::json> rows;
        std::ifstream file{path + "/log"};
        for (std::string line; std::getline(file, line);) rows.push_back(nlohmann::json::parse(line));
        return rows;
    }
    std::string path;
};

}  // namespace

TEST_CASE("a codec decodes in its sandbox, and the scheme's hash is made here") {
    const auto decoded = open().decode(bytes_of(say("the intent", "the preimage")));
    REQUIRE(decoded.ok());
    CHECK(crypto::text_of(decoded->intent) == "the intent");
    CHECK(crypto::text_of(decoded->preimage) == "the preimage");
    const auto bytes = bytes_of("x");
    CHECK(open("sha256").hash(bytes) == crypto::sha256(bytes));
    CHECK(open("sha256d").hash(bytes) == crypto::sha256(crypto::sha256(bytes)));
    CHECK(open("keccak256").hash(bytes) == crypto::keccak256(bytes));
}

TEST_CASE("a codec that misbehaves is ended, and harms nothing but its own payload") {
    const Codec codec = open();
    for (const char* what : {"crash", "exit", "socket", "fork", "babble", "none", "large", "file"}) {
        INFO(what);
        const auto decoded = codec.decode(bytes_of(what));
        REQUIRE_FALSE(decoded.ok());
        CHECK(decoded.failure().code == BH_E_INVALID);
        const bool by_itself = std::string{what} == "file";
        CHECK(decoded.failure().reason == (by_itself ? "codec_refused" : "codec_failed"));
    }
    CHECK_FALSE(codec.decode(bytes_of("memory")).ok());
    CHECK(codec.decode(bytes_of("environment")).ok());  // there is none
    const Codec hurried = open("sha256", std::chrono::milliseconds{1500});
    for (const char* what : {"hang", "spin"}) {
        INFO(what);
        const auto decoded = hurried.decode(bytes_of(what));
        REQUIRE_FALSE(decoded.ok());
        CHECK(decoded.failure().message.find("in time") != std::string::npos);
    }
    const auto refused = codec.decode(bytes_of("scheme"));
    CHECK(refused.failure().reason == "codec_refused");
    CHECK(refused.failure().message.find("asked for demo-tx ?[2J") != std::string::npos);
    CHECK(codec.decode(bytes_of(say("a", "b"))).ok());
}

TEST_CASE("a codec's file is the pinned one, and its program must be there") {
    auto other = codec_config();
    other.sha256[0] = other.sha256[0] == '0' ? '1' : '0';
    CHECK(Codec::open(other, CODEC_PROGRAM).failure().reason == "wrong_hash");
    other = codec_config();
    other.plugin = "/nowhere/org.blockhost.test-codec";
    CHECK(Codec::open(other, CODEC_PROGRAM).failure().reason == "no_manifest");
    auto lost = Codec::open(codec_config(), "/nowhere/blockhost-codec");
    REQUIRE(lost.ok());
    CHECK(lost->decode(bytes_of("x")).failure().reason == "no_codec_program");
}

TEST_CASE_METHOD(Desk, "what a codec says is judged as an intent, signed with the scheme's own key and recorded") {
    Signer signer = make();
    const std::string payload = say(intent(), "bytes of the chain");
    const auto done = signer.sign("ledger", "demo-tx", "demo-tx", bytes_of(payload));
    REQUIRE(done.ok());
    CHECK(done->hash == crypto::sha256(bytes_of("bytes of the chain")));
    const auto own = signer.public_key("demo-tx");
    REQUIRE(own.ok());
    CHECK(crypto::recover_address(done->signature, done->hash)->text() == own->address);
    CHECK(own->address != keyring().agent.address.text());
    REQUIRE(log().size() == 1);
    const auto row = log().at(0);
    CHECK(row.at("key") == "demo-tx");
    CHECK(row.at("what").at("action") == "close");
    CHECK(row.at("what").at("codec") == pin());
    CHECK(row.at("what").at("payload") == crypto::hex0x(crypto::sha256(bytes_of(payload))));
}

TEST_CASE_METHOD(Desk, "what a codec says outside of the policy or the format is not signed") {
    Signer signer = make();
    const auto reason = [&](const std::string& text) {
        return signer.sign("ledger", "demo-tx", "demo-tx", bytes_of(say(text, "x"))).failure().reason;
    };
    CHECK(reason(intent("shop-1", "shop-2")) == "other_destination");
    CHECK(reason(intent("\"close\"", "\"transfer\"")) == "other_function");
    CHECK(reason(intent(R"("value":"0")", R"("value":"1")")) == "moves_value");
    CHECK(reason(intent(R"("1000")", R"("5001")")) == "fee_cap");
    CHECK(reason(intent("bhledger:demo", "bhledger:prod")) == "other_chain");
    CHECK(reason(intent() + " ") == "bad_intent");
    CHECK(reason("") == "bad_intent");
    const auto sign = [&](const char* caller, const char* key, const char* scheme) {
        return signer.sign(caller, key, scheme, bytes_of(say(intent(), "x"))).failure().reason;
    };
    CHECK(sign("local", "demo-tx", "demo-tx") == "not_granted");
    // Never the agent's key: a codec that lies could have a transaction of the agent as its preimage.
    CHECK(sign("ledger", "agent", "demo-tx") == "key_purpose");
    CHECK(sign("ledger", "demo-tx", "bh-intent-1") == "key_purpose");
    CHECK(sign("ledger", "demo-tx", "eip1559-tx") == "key_purpose");
    CHECK(sign("ledger", "demo-tx", "other-tx") == "key_purpose");
    CHECK(log().empty());
}

TEST_CASE("the signer's process makes the codec's key, signs with it, and starts with no other codec than the pinned") {
    House house;
    house.codecs =
        "codec_program: " CODEC_PROGRAM "\ncodecs:\n  - {scheme: demo-tx, plugin: " CODEC_PLUGIN ", sha256: " + pin() +
        ", hash: sha256, key: " + house.key("demo-tx") + "}\n";
    house.grants = "    - {caller: ledger, scheme: demo-tx, chain: \"bhledger:demo\"}\n";
    SignerProcess keygen{house, false, "keygen"};
    CHECK(keygen.wait() == 0);
    CHECK(keygen.output().find("demo-tx") != std::string::npos);
    CHECK(mode_of(house.key("demo-tx")) == 0600);
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    const std::string payload = say(intent(), "preimage");
    const auto done = client.sign("ledger", "demo-tx", "demo-tx", bytes_of(payload));
    REQUIRE(done.ok());
    crypto::Hash256 hash{};
    std::copy(done->hash.begin(), done->hash.end(), hash.begin());
    CHECK(hash == crypto::sha256(bytes_of("preimage")));
    CHECK(crypto::recover_address(done->signature, hash)->text() == client.public_key("demo-tx")->address);
    CHECK(client.sign("ledger", "demo-tx", "demo-tx", bytes_of("crash")).failure().reason == "codec_failed");
    CHECK(client.sign("local", "demo-tx", "demo-tx", bytes_of(payload)).failure().reason == "not_granted");
    CHECK(process.stop() == 0);

    std::string wrong = pin();
    wrong[0] = wrong[0] == '0' ? '1' : '0';
    house.codecs.replace(house.codecs.find(pin()), pin().size(), wrong);
    SignerProcess refused{house};
    CHECK_FALSE(refused.ready());
    CHECK(refused.output().find("demo-tx") != std::string::npos);
}
