#include "kernel/signer/config.hpp"

#include "kernel/signer/test_house.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace bh::signer;

namespace {

constexpr auto kGood = R"yaml(socket: /run/x/signer.sock
user: 64001
group: 64000
peers: [64000, root]
log: /var/lib/x/log.jsonl
keys: {agent: /k/agent, server: /k/server, statement: /k/statement}
codecs:
  - {scheme: demo-tx, plugin: /p/org.example.demo, sha256: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", hash: keccak256, key: /k/demo}
policy:
  statement_lifetime_s: 900
  seals: [seal-1-request, seal-2-request]
  chains:
    - chain: eip155:31337
      contract: "0x5FbDB2315678afecb367f032d93F642f64180aa3"
      max_gas: 3000000
      max_fee: "50000000000000000000"
      calls:
        - to: "0x5FbDB2315678afecb367f032d93F642f64180aa3"
          functions: ["close(uint256)", "creditTime(uint256,uint256,uint256)"]
          arguments:
            - {function: "creditTime(uint256,uint256,uint256)", word: 2, above: 1, at_most: 3600}
            - {function: "close(uint256)", word: 0, one_of: ["0x5FbDB2315678afecb367f032d93F642f64180aa3", "7"]}
  intents:
    - chain: "bhledger:demo"
      contract: shop-1
      max_fee: 5000
      calls:
        - {contract: shop-1, functions: [close, decline]}
        - {contract: bank, functions: [pay], max_value: "340282366920938463463374607431768211455"}
  grants:
    - {caller: local, scheme: eip1559-tx, chain: "eip155:31337"}
    - {caller: local, scheme: eip191, prefix: "Our service: "}
    - {caller: local, scheme: eip712, chain: "eip155:31337", contract: "0x5FbDB2315678afecb367f032d93F642f64180aa3", name: Example, version: "1", primary_type: Order}
    - {caller: ledger, scheme: bh-intent-1, chain: "bhledger:demo"}
    - {caller: ledger, scheme: demo-tx, chain: "bhledger:demo"}
)yaml";

struct Folder {
    Folder() {
        char name[] = "/tmp/signer-config-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    bh::Result<SignerConfig> read(std::string text, std::string_view from = {}, std::string_view to = {}) const {
        if (!from.empty()) {
            const std::size_t at = text.find(from);
            REQUIRE(at != std::string::npos);
            text.replace(at, from.size(), to);
        }
        std::ofstream{path + "/signer.yaml"} << text;
        return read_signer_config(path + "/signer.yaml");
    }
    std::string path;
};

}  // namespace

TEST_CASE("a configuration is read into its types") {
    const Folder folder;
    const auto config = folder.read(kGood);
    REQUIRE(config.ok());
    CHECK(config->peers == std::vector<uid_t>{64000, 0});
    CHECK(config->run_as == 64001);
    CHECK(config->group == 64000);
    CHECK(config->statement_lifetime_s == 900);
    REQUIRE(config->chain("eip155:31337") != nullptr);
    CHECK(decimal(config->chain("eip155:31337")->max_fee) == "50000000000000000000");
    CHECK(config->chain("eip155:31337")->calls.at(0).functions.at(0).text == "close(uint256)");
    const auto& arguments = config->chain("eip155:31337")->calls.at(0).arguments;
    REQUIRE(arguments.size() == 2);
    CHECK(arguments[0].above == 1U);
    CHECK(arguments[0].at_most == 3600);
    CHECK(arguments[1].one_of.size() == 2);
    CHECK(config->chain("eip155:1") == nullptr);
    REQUIRE(config->grants.size() == 5);
    CHECK(config->grants[1].prefix == "Our service: ");
    CHECK(config->grants[2].primary_type == "Order");
    const IntentPolicy* intents = config->intents_on("bhledger:demo");
    REQUIRE(intents != nullptr);
    CHECK(intents->contract == "shop-1");
    CHECK(intents->max_fee == 5000);
    CHECK(intents->calls.at(0).functions == std::vector<std::string>{"close", "decline"});
    CHECK(intents->calls.at(0).max_value == 0);
    CHECK(decimal(intents->calls.at(1).max_value) == "340282366920938463463374607431768211455");
    CHECK(config->intents_on("eip155:31337") == nullptr);
    REQUIRE(config->codecs.size() == 1);
    CHECK(config->codecs[0].scheme == "demo-tx");
    CHECK(config->codecs[0].hash == "keccak256");
    CHECK(config->keys.codecs.at("demo-tx") == "/k/demo");
    CHECK(config->codec_program == "/usr/lib/blockhost/blockhost-codec");
}

TEST_CASE("each mistake in a configuration is named") {
    const Folder folder;
    const auto named = [&](std::string_view from, std::string_view to, const char* name) {
        INFO(to);
        const auto config = folder.read(kGood, from, to);
        REQUIRE_FALSE(config.ok());
        CHECK(config.failure().code == BH_E_INVALID);
        CHECK(config.failure().message.find(name) != std::string::npos);
        CHECK(config.failure().message.find("signer.yaml") != std::string::npos);
    };
    named("socket:", "sokcet:", "socket");
    named("log:", "extra: 1\nlog:", "extra");
    named("/run/x/signer.sock", "run/x/signer.sock", "socket");
    named("/k/agent", "k/agent", "keys.agent");
    named("/k/agent", "/k/server", "keys");
    named("statement: /k", "statment: /k", "statement");
    named("[64000, root]", "[]", "peers");
    named("[64000, root]", "[no-such-user-here]", "peers");
    named("user: 64001", "user: no-such-user-here", "user");
    named("eip155:31337", "eip155:031337", "policy.chains[0].chain");
    named("0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x5FbDB2315678afecb367f032d93F642f64180aA3",
          "policy.chains[0].contract");
    named("max_gas: 3000000", "max_gas: lots", "policy.chains[0].max_gas");
    named("max_gas: 3000000", "max_gaz: 3000000", "policy.chains[0].max_gas");
    named("\"50000000000000000000\"", "0.5", "policy.chains[0].max_fee");
    named("\"50000000000000000000\"", "0", "policy.chains[0].max_fee");
    named("close(uint256)", "close(uint)", "policy.chains[0].calls[0].functions");
    named("{function: \"close(uint256)\", word", "{function: \"burn(uint256)\", word",
          "policy.chains[0].calls[0].arguments[1].function");
    named("\"7\"]}", "\"seven\"]}", "policy.chains[0].calls[0].arguments[1].one_of");
    named("at_most: 3600", "at_least: 3600", "policy.chains[0].calls[0].arguments[0]");
    named("caller: local, scheme: eip1559-tx", "scheme: eip1559-tx", "policy.grants[0].caller");
    named("scheme: eip1559-tx", "scheme: digest", "policy.grants[0].scheme");
    named("scheme: eip1559-tx, chain: \"eip155:31337\"", "scheme: eip1559-tx, chain: \"eip155:1\"",
          "policy.grants[0].chain");
    named("\"Our service: \"", "\"a\"", "policy.grants[1].prefix");
    named("name: Example", "name: BlockHost delivery", "policy.grants[2].name");
    named("chain: \"bhledger:demo\"\n      contract", "chain: bhledger\n      contract", "policy.intents[0].chain");
    named("chain: \"bhledger:demo\"\n      contract", "chain: \"eip155:31337\"\n      contract", "policy.intents");
    named("contract: shop-1\n      max_fee", "contract: shop 1\n      max_fee", "policy.intents[0].contract");
    named("max_fee: 5000", "max_fee: lots", "policy.intents[0].max_fee");
    named("max_fee: 5000", "max_fees: 5000", "policy.intents[0].max_fee");
    named("{contract: shop-1, f", "{contract: \"shop 1\", f", "policy.intents[0].calls[0].contract");
    named("[close, decline]", "[\"close it\"]", "policy.intents[0].calls[0].functions");
    named("max_value: \"340", "max_value: \"-340", "policy.intents[0].calls[1].max_value");
    named("scheme: bh-intent-1, chain: \"bhledger:demo\"", "scheme: bh-intent-1, chain: \"eip155:31337\"",
          "policy.grants[3].chain");
    named("{scheme: demo-tx, p", "{scheme: eip191, p", "codecs[0].scheme");
    named("{scheme: demo-tx, p", "{scheme: agent, p", "codecs[0].scheme");
    named("{scheme: demo-tx, p", "{scheme: Demo, p", "codecs[0].scheme");
    named("hash: keccak256", "hash: md5", "codecs[0].hash");
    named("sha256: \"aaaa", "sha256: \"aaa", "codecs[0].sha256");
    named("key: /k/demo", "key: /k/agent", "codecs[0].key");
    named("key: /k/demo", "key: k/demo", "codecs[0].key");
    named("plugin: /p/", "plugin: p/", "codecs[0].plugin");
    named("scheme: demo-tx, chain: \"bhledger:demo\"", "scheme: demo-tx, chain: \"eip155:31337\"",
          "policy.grants[4].chain");
    named("scheme: demo-tx, chain", "scheme: other-tx, chain", "policy.grants[4].scheme");
    named("seals: [seal-1-request", "seals: [seal-3-request", "policy.seals");
    named("statement_lifetime_s: 900", "statement_lifetime_s: 5", "policy.statement_lifetime_s");
}
