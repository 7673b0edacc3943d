#include "kernel/signer/signer.hpp"

#include "kernel/seal/seal1.hpp"
#include "kernel/seal/seal2.hpp"
#include "kernel/signer/test_house.hpp"
#include "plugin-api/crypto/keccak.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh;
using namespace bh::signer;
using namespace bh::signer::testing;
using bh::crypto::bytes_of;

namespace {

constexpr std::int64_t kNow = 1764024000;

struct House {
    House() {
        char name[] = "/tmp/signer-core-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~House() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::vector<nlohmann::json> log() const {
        std::vector<nlohmann::json> rows;
        std::ifstream file{path + "/log"};
        for (std::string line; std::getline(file, line);) rows.push_back(nlohmann::json::parse(line));
        return rows;
    }
    std::string path;
    nlohmann::json transactions = read_testdata("transactions").at("transactions");
    Signer make() const {
        return {config(), keyring(), std::move(*AuditLog::open(path + "/log")), [] { return kNow; }};
    }
};

// No file of this process may grow: what a full disk does, without a disk to fill.
class NoRoom {
public:
    NoRoom() {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    NoRoom(const NoRoom&) = delete;
    NoRoom& operator=(const NoRoom&) = delete;
    ~NoRoom() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, SIG_DFL);
    }

private:
    rlimit before_{};
};

bh::formats::OwnerStatement statement() {
    return {"eip191", kStranger, "", "eip155:31337", kContract, "7", "bh-7-a1b2c3",
            1234,     "0xabcd",  99, kNow,           kNow + 900};
}

bh::formats::DeliveryAttestation attestation() {
    bh::formats::DeliveryAttestation a;
    a.chain = "eip155:31337";
    a.contract = kContract;
    a.subscription = "7";
    a.vm = "bh-7-a1b2c3";
    a.host_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    return a;
}

}  // namespace

TEST_CASE_METHOD(House, "an allowed transaction gets the signature that another library makes, and a row") {
    Signer signer = make();
    const auto& row = transactions.at(0);
    const auto done = signer.sign("local", "agent", "eip1559-tx", bytes_at(row, "payload"));
    REQUIRE(done.ok());
    CHECK(bh::crypto::hex0x(done->signature) == row.at("signature").get<std::string>());
    CHECK(bh::crypto::hex0x(done->hash) == row.at("hash").get<std::string>());
    REQUIRE(log().size() == 1);
    const auto entry = log().at(0);
    CHECK(entry.at("caller") == "local");
    CHECK(entry.at("key") == "agent");
    CHECK(entry.at("scheme") == "eip1559-tx");
    CHECK(entry.at("time") == "2025-11-24T22:40:00Z");
    CHECK(entry.at("what").at("action") == "deliver(uint256,bytes32,uint256,bytes,bytes32)");
    CHECK(entry.at("what").at("nonce") == 7);
    CHECK(entry.at("hash") == row.at("hash"));
}

TEST_CASE_METHOD(House, "what is refused is neither signed nor recorded as signed") {
    Signer signer = make();
    const bh::Bytes good = bytes_at(transactions.at(0), "payload");
    CHECK(signer.sign("other", "agent", "eip1559-tx", good).failure().reason == "not_granted");
    CHECK(signer.sign("local", "server", "eip1559-tx", good).failure().reason == "key_purpose");
    CHECK(signer.sign("local", "statement", "eip191", bytes_of("Our service: x")).failure().reason == "key_purpose");
    CHECK(signer.sign("local", "agent", "digest", bh::Bytes(32)).failure().reason == "unknown_scheme");
    CHECK(signer.sign("local", "agent", "eip1559-tx", bh::Bytes(32)).failure().reason == "bad_transaction");
    CHECK(signer.sign("local", "agent", "eip191", bytes_of("hello")).failure().reason == "not_granted");
    CHECK(signer.sign("local", "agent", "eip191", bh::Bytes(65537, 'a')).failure().reason == "bad_message");
    CHECK(signer.sign("local", "agent", "eip712", bytes_of("{}")).failure().reason == "bad_typed_data");
    CHECK(log().empty());
}

TEST_CASE_METHOD(House, "granted messages and typed data are signed with the agent key") {
    Signer signer = make();
    const auto message = signer.sign("local", "agent", "eip191", bytes_of("Our service: hello"));
    REQUIRE(message.ok());
    CHECK(message->hash == bh::crypto::eip191_hash(bytes_of("Our service: hello")));
    CHECK(*bh::crypto::recover_address(message->signature, message->hash) == keyring().agent.address);

    const std::string mail = read_testdata("typed-data").at("rows").at(0).at("text").get<std::string>();
    const auto typed = signer.sign("local", "agent", "eip712", bytes_of(mail));
    REQUIRE(typed.ok());
    CHECK(*bh::crypto::recover_address(typed->signature, typed->hash) == keyring().agent.address);
    CHECK(signer.sign("other", "agent", "eip712", bytes_of(mail)).failure().reason == "not_granted");
    const std::string numbers = read_testdata("typed-data").at("rows").at(1).at("text").get<std::string>();
    CHECK(signer.sign("local", "agent", "eip712", bytes_of(numbers)).failure().reason == "not_granted");
    CHECK(log().size() == 2);
}

TEST_CASE_METHOD(House, "an allowed intent is hashed and signed here, and recorded in clear") {
    Signer signer = make();
    const auto file = read_intent_vectors();
    const auto& vector = file.at("vectors").at(0);
    const auto text = vector.at("text").get<std::string>();
    const auto done = signer.sign("ledger", "agent", "bh-intent-1", bytes_of(text));
    REQUIRE(done.ok());
    CHECK(bh::crypto::hex0x(done->hash) == vector.at("hash").get<std::string>());
    CHECK(done->signature.size() == 65);
    CHECK(*bh::crypto::recover_address(done->signature, done->hash) == keyring().agent.address);
    REQUIRE(log().size() == 1);
    const auto entry = log().at(0);
    CHECK(entry.at("caller") == "ledger");
    CHECK(entry.at("scheme") == "bh-intent-1");
    CHECK(entry.at("hash") == vector.at("hash"));
    CHECK(entry.at("what") == nlohmann::json{{"action", "close"},
                                             {"chain", "bhledger:demo"},
                                             {"contract", "shop-1"},
                                             {"args", R"({"subscription":"7"})"},
                                             {"args_bytes", 20},
                                             {"fee", "1000"},
                                             {"value", "0"},
                                             {"nonce", 12}});
}

TEST_CASE_METHOD(House, "a refused intent is neither signed nor recorded") {
    Signer signer = make();
    const auto file = read_intent_vectors();
    const auto good = file.at("vectors").at(0).at("text").get<std::string>();
    const auto reason = [&](std::string_view caller, std::string_view key, std::string_view text) {
        return signer.sign(caller, key, "bh-intent-1", bytes_of(text)).failure().reason;
    };
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return reason("ledger", "agent", text);
    };
    CHECK(reason("local", "agent", good) == "not_granted");
    CHECK(reason("ledger", "server", good) == "key_purpose");
    CHECK(reason("ledger", "agent", good + " ") == "bad_intent");
    CHECK(with("bhledger:demo", "bhledger:prod") == "other_chain");
    CHECK(with("shop-1", "shop-2") == "other_destination");
    CHECK(with("\"close\"", "\"transfer\"") == "other_function");
    CHECK(with(R"("value":"0")", R"("value":"1")") == "moves_value");
    CHECK(with(R"("1000")", R"("5001")") == "fee_cap");
    CHECK(log().empty());
}

TEST_CASE_METHOD(House, "owner statements verify with the statement key and are this host's only") {
    Signer signer = make();
    const auto text = signer.sign_statement(statement());
    REQUIRE(text.ok());
    CHECK(*bh::formats::verify_owner_statement(*text, keyring().statement_public) == statement());
    CHECK(log().size() == 1);

    const auto refused = [&](auto change) {
        auto other = statement();
        change(other);
        return signer.sign_statement(other).failure().reason;
    };
    CHECK(refused([](auto& s) { s.contract = kStranger; }) == "other_contract");
    CHECK(refused([](auto& s) { s.chain = "eip155:1"; }) == "other_contract");
    CHECK(refused([](auto& s) { s.expires = s.issued + 3601; }) == "lifetime");
    CHECK(refused([](auto& s) { s.issued += 301, s.expires += 301; }) == "issued_later");
    CHECK(refused([](auto& s) { s.vm = "Bad Name"; }) == "bad_statement");
    CHECK(log().size() == 1);
}

TEST_CASE_METHOD(House, "attestations are signed with the agent key and are this host's only") {
    Signer signer = make();
    const auto done = signer.sign_attestation(attestation());
    REQUIRE(done.ok());
    CHECK(done->hash == *bh::formats::delivery_attestation_digest(attestation()));
    CHECK(*bh::crypto::recover_address(done->signature, done->hash) == keyring().agent.address);
    auto other = attestation();
    other.contract = kStranger;
    CHECK(signer.sign_attestation(other).failure().reason == "other_contract");
    other = attestation();
    other.vm = "";
    CHECK(signer.sign_attestation(other).failure().reason == "bad_attestation");
}

TEST_CASE_METHOD(House, "seals open by format, for this host's contract, and leave no plaintext in the log") {
    Signer signer = make();
    const auto recipient = bh::crypto::new_secret_key();
    const auto recipient_public = *bh::crypto::PublicKey::of(recipient);
    const seal::RequestContext context{"eip155:31337", kContract, kStranger};
    const auto sealed =
        *seal::seal_request2(keyring().server.public_key, context, recipient_public, bh::crypto::new_secret_key());
    const auto opened = signer.unseal("server", "seal-2-request", context, sealed);
    REQUIRE(opened.ok());
    CHECK(bh::crypto::equal(opened->view(), recipient_public.compressed()));
    REQUIRE(log().size() == 1);
    CHECK(log().at(0).dump().find(bh::crypto::hex(opened->view()).substr(2)) == std::string::npos);

    CHECK(signer.unseal("agent", "seal-2-request", context, sealed).failure().reason == "key_purpose");
    CHECK(signer.unseal("server", "seal-1-request", context, sealed).failure().reason == "seal_format");
    CHECK(signer.unseal("server", "seal-2-request", {"eip155:31337", kStranger, kStranger}, sealed).failure().reason ==
          "other_contract");
    CHECK(signer.unseal("server", "seal-2-request", {"eip155:31337", kContract, kContract}, sealed).failure().reason ==
          "does_not_open");
    CHECK(log().size() == 1);
}

TEST_CASE_METHOD(House, "public parts are told, others do not exist") {
    const Signer signer = make();
    CHECK(signer.public_key("agent")->address == keyring().agent.address.text());
    CHECK(signer.public_key("server")->key.size() == 65);
    CHECK(signer.public_key("statement")->key.size() == 32);
    CHECK(signer.public_key("statement")->address.empty());
    CHECK(signer.public_key("root").failure().reason == "unknown_key");
}

TEST_CASE_METHOD(House, "a signer that can't write its log signs nothing") {
    Signer full{config(), keyring(), std::move(*AuditLog::open(path + "/log")), [] { return kNow; }};
    const bh::Bytes payload = bytes_at(transactions.at(0), "payload");
    const auto done = [&] {
        const NoRoom no_room;
        return full.sign("local", "agent", "eip1559-tx", payload);
    }();
    CHECK(done.failure().reason == "audit_log");
    CHECK(done.failure().code == BH_E_UNAVAILABLE);
}

TEST_CASE_METHOD(House, "a log that is open to others, or no file, is refused") {
    std::ofstream{path + "/open"} << "";
    ::chmod((path + "/open").c_str(), 0644);
    CHECK(AuditLog::open(path + "/open").failure().reason == "audit_log");
    std::filesystem::create_symlink(path + "/log", path + "/link");
    CHECK(AuditLog::open(path + "/link").failure().reason == "audit_log");
    REQUIRE(AuditLog::open(path + "/log").ok());
    struct stat info{};
    REQUIRE(::stat((path + "/log").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
}
