// blockhost-evm-operator against a real node.
#include "plugin-api/crypto/address.hpp"
#include "tests/chain-evm/anvil.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

extern char** environ;

using namespace bh;
using namespace bh::evm;
using namespace bh::evm::test;
using nlohmann::json;

namespace {

struct Outcome {
    int code = -1;
    std::string text;  // stdout and stderr
    [[nodiscard]] json document() const { return json::parse(text); }
};

Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), BLOCKHOST_EVM_OPERATOR);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int out[2];
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
    pid_t pid = -1;
    REQUIRE(::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    Outcome outcome;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(out[0], buffer, sizeof buffer)) > 0;) {
        outcome.text.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(out[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

// A key that is nobody's but this test's, in a file that nobody else reads.
class KeyFile {
public:
    explicit KeyFile(mode_t mode = 0600) {
        char pattern[] = "/tmp/bh-operator-XXXXXX";
        REQUIRE(::mkdtemp(pattern) != nullptr);
        folder_ = pattern;
        std::ofstream{path()} << std::string(64, '4') << '\n';
        REQUIRE(::chmod(path().c_str(), mode) == 0);
    }
    ~KeyFile() { std::filesystem::remove_all(folder_); }
    KeyFile(const KeyFile&) = delete;
    KeyFile& operator=(const KeyFile&) = delete;
    [[nodiscard]] std::string path() const { return folder_ + "/operator.key"; }

private:
    std::string folder_;
};

constexpr const char* kAgent = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A";

std::vector<std::string> plan(const Anvil& anvil, const std::string& contract, const std::vector<std::string>& who) {
    std::vector<std::string> words{"plan-create",
                                   "--rpc",
                                   anvil.url(),
                                   "--contract",
                                   contract,
                                   "--resources",
                                   R"({"memory_bytes":536870912,"cpus":1})",
                                   "--window",
                                   "3600",
                                   "--grace",
                                   "0",
                                   "--capacity",
                                   "10",
                                   "--agent",
                                   kAgent,
                                   "--price",
                                   "native=1000"};
    words.insert(words.end(), who.begin(), who.end());
    return words;
}

}  // namespace

TEST_CASE("an operator deploys, publishes a key, makes a plan and sees it") {
    Anvil anvil;
    const KeyFile key;
    Outcome out = run({"deploy", "--rpc", anvil.url(), "--key-file", key.path(), "--min-grace", "0"});
    INFO(out.text);
    REQUIRE(out.code == 1);  // the account has no coins yet
    const auto address = *crypto::Address::parse(
        run({"deploy", "--rpc", anvil.url(), "--from", kAgent}).document()["operator"].get<std::string>());
    CHECK(address.text() == kAgent);
    const auto secret = crypto::Secret::copy_of(Bytes(32, 0x44));
    const auto account = crypto::Address::of(*crypto::PublicKey::of(secret));
    anvil.rpc("anvil_setBalance", {account.lower_text(), "0x56bc75e2d63100000"});

    out = run({"deploy", "--rpc", anvil.url(), "--key-file", key.path(), "--min-grace", "0"});
    INFO(out.text);
    REQUIRE(out.code == 0);
    const json deployed = out.document();
    const std::string contract = deployed["contract"];
    CHECK(deployed["operator"] == account.text());
    CHECK(deployed["chain"] == "eip155:31337");
    CHECK(anvil.rpc("eth_getCode", {contract, "latest"}).get<std::string>().size() > 1000);
    CHECK(anvil.rpc("eth_getCode", {deployed["credential"], "latest"}).get<std::string>().size() > 1000);

    const std::string server_key = "04" + std::string(128, '5');
    CHECK(run({"set-server-key", "--rpc", anvil.url(), "--key-file", key.path(), "--contract", contract, "--server-key",
               server_key})
              .code == 0);
    CHECK(run(plan(anvil, contract, {"--key-file", key.path()})).document()["plan"] == "1");
    const json plans = run({"plan-list", "--rpc", anvil.url(), "--contract", contract}).document()["plans"];
    REQUIRE(plans.size() == 1);
    CHECK(plans[0]["agent"] == kAgent);
    CHECK(plans[0]["prices_per_day"]["native"] == "1000");
    CHECK(plans[0]["resources"] == R"({"cpus":1,"memory_bytes":536870912})");  // canonical
    CHECK(plans[0]["active"] == true);

    // Without a key file it only says what a wallet would have to sign.
    const json wallet = run(plan(anvil, contract, {"--from", kAgent})).document();
    CHECK(wallet["unsigned"][0]["transaction"]["to"] == contract);
    CHECK(run({"plan-list", "--rpc", anvil.url(), "--contract", contract}).document()["plans"].size() == 1);
}

TEST_CASE("what can't be done is refused with the reason and the remedy, and the key stays unsaid") {
    Anvil anvil;
    const KeyFile open{0644};
    const KeyFile key;
    const auto refusal = [&](const std::vector<std::string>& words) {
        const Outcome out = run(words);
        CHECK(out.code == 1);
        CHECK(out.text.find(std::string(64, '4')) == std::string::npos);
        return out.text;
    };
    CHECK(refusal(plan(anvil, kAgent, {"--key-file", open.path()})).find("chmod 600") != std::string::npos);
    CHECK(refusal(plan(anvil, kAgent, {"--key-file", "/nonexistent"})).find("/nonexistent") != std::string::npos);
    CHECK(refusal(plan(anvil, kAgent, {})).find("--from") != std::string::npos);
    CHECK(refusal(plan(anvil, "0x12", {"--from", kAgent})).find("--contract") != std::string::npos);
    CHECK(refusal({"plan-list", "--rpc", anvil.url(), "--contract", kAgent}).find("no BlockHostSubscription") !=
          std::string::npos);
    CHECK(refusal({"plan-list", "--rpc", "http://127.0.0.1:1", "--contract", kAgent}).find("can't be reached") !=
          std::string::npos);
    CHECK(refusal({"verify", "--rpc", anvil.url(), "--contract", "0x12"}).find("--contract") != std::string::npos);
    CHECK(run({"plan-make"}).code == 2);
    CHECK(run({"plan-list"}).code == 2);
}

namespace {

// Deployed by the tool, the operator's account funded.
json deploy_with(Anvil& anvil, const KeyFile& key) {
    const auto secret = crypto::Secret::copy_of(Bytes(32, 0x44));
    const auto account = crypto::Address::of(*crypto::PublicKey::of(secret));
    anvil.rpc("anvil_setBalance", {account.lower_text(), "0x56bc75e2d63100000"});
    const Outcome out = run({"deploy", "--rpc", anvil.url(), "--key-file", key.path(), "--min-grace", "86400"});
    INFO(out.text);
    REQUIRE(out.code == 0);
    return out.document();
}

Outcome verify(const Anvil& anvil, const std::string& contract) {
    return run({"verify", "--rpc", anvil.url(), "--contract", contract});
}

std::string code_of(Anvil& anvil, const std::string& account) {
    return anvil.rpc("eth_getCode", {account, "latest"}).get<std::string>();
}

// Every occurrence of one 32-byte word's last 20 bytes, as an immutable's places have it, in the code's text.
std::string with_address_replaced(std::string code, const std::string& from, const std::string& to, int most = 1000) {
    for (std::size_t at = 0; most > 0 && (at = code.find(from, at)) != std::string::npos; at += to.size(), --most) {
        code.replace(at, from.size(), to);
    }
    return code;
}

}  // namespace

TEST_CASE("verify finds the pinned contracts, and says who runs them") {
    Anvil anvil;
    const KeyFile key;
    const json deployed = deploy_with(anvil, key);
    const Outcome out = verify(anvil, deployed["contract"]);
    INFO(out.text);
    REQUIRE(out.code == 0);
    const json found = out.document();
    CHECK(found["matches"] == true);
    CHECK(found["findings"].empty());
    CHECK(found["contract"] == deployed["contract"]);
    CHECK(found["credential"] == deployed["credential"]);
    CHECK(found["operator"] == deployed["operator"]);
    CHECK(found["treasury"] == deployed["treasury"]);
    CHECK(found["server_key"] == "");
    REQUIRE(found["contracts"].size() == 2);
    CHECK(found["contracts"][0]["immutables"]["minGrace"] == "0x" + std::string(59, '0') + "15180");
    for (const json& contract : found["contracts"]) {
        const std::string digest = contract["artifact_sha256"];
        CHECK(deployed["artifacts"][contract["name"].get<std::string>()] == "sha256:" + digest);
    }
}

TEST_CASE("verify says what differs") {
    Anvil anvil;
    const KeyFile key;
    const json deployed = deploy_with(anvil, key);
    const std::string contract = deployed["contract"];
    const std::string credential = deployed["credential"];
    const std::string code = code_of(anvil, contract);
    const auto finding = [&](const std::string& at) {
        const Outcome out = verify(anvil, at);
        INFO(out.text);
        CHECK(out.code == 1);
        const json found = out.document();
        CHECK(found["matches"] == false);
        REQUIRE(found["findings"].size() == 1);
        return found["findings"][0].get<std::string>();
    };
    CHECK(finding(kAgent).find("there is no code at " + std::string{kAgent}) != std::string::npos);
    CHECK(finding(credential).find("BlockHostSubscription at " + credential) != std::string::npos);

    std::string changed = code;
    changed[2 + 2 * 1000] = changed[2 + 2 * 1000] == '0' ? '1' : '0';
    anvil.rpc("anvil_setCode", {contract, changed});
    CHECK(finding(contract).find("1 bytes differ, the first at offset 1000") != std::string::npos);
    anvil.rpc("anvil_setCode", {contract, code.substr(0, code.size() - 2)});
    CHECK(finding(contract).find("bytes instead of") != std::string::npos);

    // A constructor writes one value to all places of an immutable.
    const std::string own = crypto::Address::parse(credential)->lower_text().substr(2);
    const std::string other = crypto::Address::parse(kAgent)->lower_text().substr(2);
    anvil.rpc("anvil_setCode", {contract, with_address_replaced(code, own, other, 1)});
    CHECK(finding(contract).find("several values of credential") != std::string::npos);
    anvil.rpc("anvil_setCode", {contract, with_address_replaced(code, own, other)});
    CHECK(finding(contract).find("there is no code at " + std::string{kAgent}) != std::string::npos);

    // The second deployment's credential would mint for the second contract only.
    const std::string second = deploy_with(anvil, key)["credential"];
    const std::string lower = crypto::Address::parse(second)->lower_text().substr(2);
    anvil.rpc("anvil_setCode", {contract, with_address_replaced(code, own, lower)});
    CHECK(finding(contract).find("was made for another contract") != std::string::npos);

    anvil.rpc("anvil_setCode", {contract, code});
    CHECK(verify(anvil, contract).code == 0);
    std::string token = code_of(anvil, credential);
    token[2 + 2 * 500] = token[2 + 2 * 500] == '0' ? '1' : '0';
    anvil.rpc("anvil_setCode", {credential, token});
    CHECK(finding(contract).find("AccessCredentialNFT at " + credential) != std::string::npos);
}
