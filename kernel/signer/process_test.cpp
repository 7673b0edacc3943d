// The real program: its peers, its verbs, and that its secrets stay in it.
#include "kernel/seal/seal2.hpp"
#include "kernel/signer/client.hpp"
#include "kernel/signer/limits.hpp"
#include "kernel/signer/test_house.hpp"
#include "kernel/signer/test_process.hpp"
#include "plugin-api/crypto/address.hpp"
#include "plugin-api/crypto/keccak.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <thread>

using namespace bh;
using namespace bh::signer;
using namespace bh::signer::testing;
using bh::crypto::bytes_of;

namespace {

const nlohmann::json& transactions() {
    static const nlohmann::json rows = read_testdata("transactions").at("transactions");
    return rows;
}

bh::formats::OwnerStatement statement(std::uint64_t sequence) {
    const std::int64_t now = ::time(nullptr);
    return {"eip191",      kStranger, "",     "eip155:31337", kContract, "7",
            "bh-7-a1b2c3", 1,         "0xab", sequence,       now,       now + 900};
}

}  // namespace

TEST_CASE("the kernel's client gets keys, signatures, statements and opened seals from the process") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};

    const auto agent = client.public_key("agent");
    REQUIRE(agent.ok());
    CHECK(agent->address == read_testdata("transactions").at("agent").get<std::string>());
    CHECK(client.public_key("server")->key.size() == 65);
    CHECK(client.public_key("statement")->key == bh::crypto::to_bytes(keyring().statement_public));

    const auto& row = transactions().at(0);
    const auto done = client.sign("local", "agent", "eip1559-tx", bytes_at(row, "payload"));
    REQUIRE(done.ok());
    CHECK(done->signature == bytes_at(row, "signature"));
    CHECK(done->hash == bytes_at(row, "hash"));

    const auto stated = statement(5);  // once: it holds the time
    const auto text = client.sign_statement(stated);
    REQUIRE(text.ok());
    CHECK(*bh::formats::verify_owner_statement(bh::crypto::text_of(*text), keyring().statement_public) == stated);

    bh::formats::DeliveryAttestation attestation;
    attestation.chain = "eip155:31337";
    attestation.contract = kContract;
    attestation.subscription = "7";
    attestation.vm = "bh-7-a1b2c3";
    attestation.host_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    attestation.mined = 1764024000;
    const auto attested = client.sign_attestation(attestation);
    REQUIRE(attested.ok());
    CHECK(attested->hash == bh::crypto::to_bytes(*bh::formats::delivery_attestation_digest(attestation)));

    const auto recipient = *bh::crypto::PublicKey::of(key_of(0x66));
    const seal::RequestContext context{"eip155:31337", kContract, kStranger};
    const auto sealed =
        seal::seal_request2(keyring().server.public_key, context, recipient, bh::crypto::new_secret_key());
    const auto opened = client.unseal("seal-2-request", context, *sealed);
    REQUIRE(opened.ok());
    CHECK(bh::crypto::equal(opened->view(), recipient.compressed()));
    const seal::RequestContext other{"eip155:31337", kContract, kContract};
    CHECK(client.unseal("seal-2-request", other, *sealed).failure().reason == "does_not_open");
    CHECK(process.stop() == 0);
}

TEST_CASE("an intent is signed by the process, and refused by its policy") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    const auto file = read_intent_vectors();
    const auto& vector = file.at("vectors").at(0);
    const auto text = vector.at("text").get<std::string>();
    const auto done = client.sign("ledger", "agent", "bh-intent-1", bytes_of(text));
    REQUIRE(done.ok());
    CHECK(done->hash == bytes_at(vector, "hash"));
    bh::crypto::Hash256 hash{};
    std::copy(done->hash.begin(), done->hash.end(), hash.begin());
    CHECK(bh::crypto::recover_address(done->signature, hash)->text() == client.public_key("agent")->address);
    CHECK(client.sign("local", "agent", "bh-intent-1", bytes_of(text)).failure().reason == "not_granted");
    CHECK(client.sign("ledger", "agent", "bh-intent-1", bytes_of(text + "\n")).failure().reason == "bad_intent");
    CHECK(process.stop() == 0);
    REQUIRE(house.log().size() == 1);
    CHECK(house.log().at(0).at("what").at("action") == "close");
}

TEST_CASE("refusals cross the socket with their code, slug and sentence") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    const auto denied = client.sign("local", "agent", "eip1559-tx", bytes_at(transactions().at(4), "payload"));
    CHECK(denied.failure().code == BH_E_DENIED);
    CHECK(denied.failure().reason == "other_function");
    CHECK(client.sign("stranger", "agent", "eip1559-tx", bytes_at(transactions().at(0), "payload")).failure().reason ==
          "not_granted");
    CHECK(client.public_key("root").failure().code == BH_E_NOT_FOUND);
    auto other = statement(1);
    other.contract = kStranger;
    CHECK(client.sign_statement(other).failure().reason == "other_contract");
}

TEST_CASE("unknown verbs, unknown and missing arguments, and wrong types are refused by name") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    ipc::Client client{house.socket(), "blockhost-signer"};
    const auto message = [&](const char* verb, const nlohmann::json& args) {
        const auto answer = client.call(verb, args);
        REQUIRE_FALSE(answer.ok());
        CHECK(answer.failure().code == BH_E_INVALID);
        return answer.failure().message;
    };
    CHECK(message("sign_digest", {{"hash", "0x00"}}).find("sign_digest") != std::string::npos);
    CHECK(message("export_key", nlohmann::json::object()).find("export_key") != std::string::npos);
    CHECK(message("public_key", nlohmann::json::object()).find("key") != std::string::npos);
    CHECK(message("public_key", {{"key", 7}}).find("key") != std::string::npos);
    CHECK(message("public_key", {{"key", "agent"}, {"secret", true}}).find("secret") != std::string::npos);
    CHECK(message("sign", {{"key", "agent"}, {"scheme", "eip191"}, {"caller", "local"}, {"payload", "zz"}})
              .find("payload") != std::string::npos);
    CHECK(message("unseal", {{"key", "server"},
                             {"format", "seal-2-request"},
                             {"sealed", "0x02"},
                             {"context", {{"chain", "x"}, {"contract", "y"}, {"buyer", "z"}, {"more", 1}}}})
              .find("context.more") != std::string::npos);
    CHECK(message("sign", {{"key", "agent"},
                           {"scheme", "eip191"},
                           {"caller", "local"},
                           {"payload", "0x" + std::string(2 * kMaxPayload + 2, 'a')}})
              .find("payload") != std::string::npos);
    CHECK(client.call("public_key", {{"key", "agent"}}).ok());  // it still serves
}

TEST_CASE("a peer that is not listed is refused") {
    House house;
    house.peers = "[64999]";
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    const auto answer = client.public_key("agent");
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.failure().code == BH_E_DENIED);
    CHECK(answer.failure().reason == "peer");
    CHECK(house.log().empty());
}

TEST_CASE("the process is not dumpable: its own user can't read its environment, memory or files") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    const std::string proc = "/proc/" + std::to_string(process.pid());
    for (const char* name : {"/environ", "/mem", "/maps", "/auxv"}) {
        INFO(name);
        CHECK(errno_of_open_as(house.user, proc + name) == EACCES);
    }
    const std::string limits = read_text(proc + "/limits");
    const auto line = limits.substr(limits.find("Max core file size"), 48);
    CHECK(line.find(" 0 ") != std::string::npos);
    CHECK(read_text(proc + "/status").find("NoNewPrivs:\t1") != std::string::npos);
}

TEST_CASE("another user can read no key file and not the log") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    if (::geteuid() == 0) {  // else there is no other user to become
        for (const std::string& file :
             {house.key("agent"), house.key("server"), house.key("statement"), house.log_path()}) {
            CHECK(errno_of_open_as(64888, file) == EACCES);
            CHECK(errno_of_open_as(house.user, file) == 0);
        }
    }
    CHECK(mode_of(house.key("agent")) == 0600);
    CHECK(mode_of(house.log_path()) == 0600);
    CHECK(mode_of(house.socket()) == 0660);
}

TEST_CASE("a crash leaves no core") {
    for (const int signal : {SIGSEGV, SIGABRT, SIGQUIT}) {
        House house;
        SignerProcess process{house, true};  // may leave cores as far as limits go
        REQUIRE(process.ready());
        const auto before = house.files();
        const int status = process.kill(signal);
        REQUIRE(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == signal);
        CHECK_FALSE(WCOREDUMP(status));
        for (const std::string& file : house.files()) {
            INFO(file);
            CHECK((before.contains(file) || file == "signer.sock"));
        }
    }
}

TEST_CASE("keys appear in no environment, argument, log or output of the process") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    REQUIRE(client.sign("local", "agent", "eip1559-tx", bytes_at(transactions().at(0), "payload")).ok());
    REQUIRE(client.sign("local", "agent", "eip191", bytes_of("Our service: x")).ok());
    REQUIRE(client.sign_statement(statement(1)).ok());
    REQUIRE_FALSE(client.sign("local", "agent", "eip191", bytes_of("x")).ok());
    const std::string proc = "/proc/" + std::to_string(process.pid());
    const std::string places[] = {::geteuid() == 0 ? read_text(proc + "/environ") : "environ",
                                  read_text(proc + "/cmdline"), read_text(house.log_path()), process.output()};
    CHECK(places[1].find("signer.yaml") != std::string::npos);
    CHECK(places[2].find("owner-statement-1") != std::string::npos);
    for (const std::uint8_t byte : {0x55, 0x11, 0x44}) {
        const auto key = key_of(byte);
        for (const std::string& place : places) {
            CHECK(place.find(bh::crypto::hex(key.view())) == std::string::npos);
            CHECK(place.find(bh::crypto::text_of(key.view())) == std::string::npos);
        }
    }
    CHECK(house.log().size() == 3);
}

TEST_CASE("a key file that others can read stops the start with a sentence") {
    House house;
    std::filesystem::permissions(house.key("server"), std::filesystem::perms{0640});
    SignerProcess process{house};
    CHECK_FALSE(process.ready());
    CHECK(process.wait() == 1);
    CHECK(process.output().find("keys.server") != std::string::npos);
    CHECK(process.output().find("chmod 600") != std::string::npos);
}

TEST_CASE("keygen makes the missing keys, prints public parts only, and changes nothing the second time") {
    House house;
    for (const char* name : {"agent", "server", "statement"}) std::filesystem::remove(house.key(name));
    const auto run = [&house] {
        SignerProcess process{house, false, "keygen"};
        REQUIRE(process.wait() == 0);
        return process.output();
    };
    const std::string first = run();
    const auto answer = nlohmann::json::parse(first);
    CHECK(answer.at("made") == nlohmann::json({"agent", "server", "statement"}));
    CHECK(bh::crypto::Address::parse(answer.at("agent").at("address").get<std::string>()).ok());
    for (const char* name : {"agent", "server", "statement"}) {
        CHECK(mode_of(house.key(name)) == 0600);
        const std::string digits = read_text(house.key(name)).substr(0, 64);
        CHECK(first.find(digits) == std::string::npos);
    }
    const auto again = nlohmann::json::parse(run());
    CHECK(again.at("made").empty());
    CHECK(again.at("agent") == answer.at("agent"));
    CHECK(again.at("statement") == answer.at("statement"));

    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    CHECK(client.public_key("agent")->address == answer.at("agent").at("address").get<std::string>());
}

TEST_CASE("many clients at once get their own answers") {
    House house;
    SignerProcess process{house};
    REQUIRE(process.ready());
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (std::uint64_t i = 1; i <= 8; ++i) {
        threads.emplace_back([&house, &good, i] {
            SignerClient client{house.socket()};
            for (std::uint64_t n = 0; n < 10; ++n) {
                const auto text = client.sign_statement(statement(100 * i + n));
                const auto read =
                    text ? bh::formats::verify_owner_statement(bh::crypto::text_of(*text), keyring().statement_public)
                         : bh::Result<bh::formats::OwnerStatement>{text.failure()};
                if (read.ok() && read->sequence == 100 * i + n) ++good;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 80);
    CHECK(house.log().size() == 80);
}

TEST_CASE("the kernel's anchors are kept over a restart, and never go back") {
    House house;
    const std::string journal(32, 'a'), first(64, '1'), second(64, '2');
    {
        SignerProcess process{house};
        REQUIRE(process.ready());
        SignerClient client{house.socket()};
        CHECK_FALSE(client.anchor_newest("")->has_value());
        REQUIRE(client.anchor_put(journal, 7, first).ok());
        REQUIRE(client.anchor_put(journal, 9, second).ok());
        CHECK(client.anchor_put("x", 7, first).failure().code == BH_E_INVALID);
        CHECK(client.anchor_put(journal, 7, "1").failure().code == BH_E_INVALID);
        process.stop();
    }
    SignerProcess process{house};
    REQUIRE(process.ready());
    SignerClient client{house.socket()};
    const auto newest = client.anchor_newest(journal);
    REQUIRE((newest.ok() && newest->has_value()));
    CHECK((*newest)->row == 9);
    CHECK(client.anchor_put(journal, 8, first).failure().code == BH_E_CONFLICT);
    const auto all = client.anchor_list(journal, 0);
    REQUIRE(all.ok());
    CHECK(all->size() == 2);
    CHECK(all->front().hash == first);
}
