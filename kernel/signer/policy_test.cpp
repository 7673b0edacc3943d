#include "kernel/signer/policy.hpp"

#include "kernel/signer/test_house.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>

using namespace bh::signer;
using namespace bh::signer::testing;

namespace {

const std::map<std::string, std::string> kRefusals = {
    {"another function", "other_function"},
    {"another destination", "other_destination"},
    {"a selector without its arguments", "other_function"},
    {"no data", "other_function"},
    {"value", "moves_value"},
    {"value to itself", "moves_value"},
    {"data to itself", "self_data"},
    {"creates a contract", "creates_contract"},
    {"another chain", "other_chain"},
    {"an access list", "access_list"},
    {"gas above the cap", "gas_cap"},
    {"fee above the cap", "fee_cap"},
};

const std::map<std::string, std::string> kActions = {
    {"deliver", "deliver(uint256,bytes32,uint256,bytes,bytes32)"},
    {"decline", "decline(uint256,bytes32,string)"},
    {"withdraw", "withdraw(address,uint256[])"},
    {"fill nonce", "fill nonce"},
    {"the cap itself", "close(uint256)"},
};

}  // namespace

TEST_CASE("the policy takes the agent's calls and refuses everything else, by name") {
    const SignerConfig policy = config();
    const auto agent = keyring().agent.address;
    std::size_t seen = 0;
    const auto file = read_testdata("transactions");
    for (const auto& row : file.at("transactions")) {
        const auto name = row.at("name").get<std::string>();
        INFO(name);
        const auto decided = check_transaction(policy, *decode_transaction(bytes_at(row, "payload")), agent);
        if (const auto action = kActions.find(name); action != kActions.end()) {
            REQUIRE(decided.ok());
            CHECK(*decided == action->second);
        } else {
            REQUIRE(kRefusals.contains(name));
            REQUIRE_FALSE(decided.ok());
            CHECK(decided.failure().code == BH_E_DENIED);
            CHECK(decided.failure().reason == kRefusals.at(name));
        }
        ++seen;
    }
    CHECK(seen == kActions.size() + kRefusals.size());
}

TEST_CASE("fees that no chain takes, and products above 64 bits, are refused") {
    const SignerConfig policy = config();
    const auto agent = keyring().agent.address;
    const auto file = read_testdata("transactions");
    Transaction tx = *decode_transaction(bytes_at(file.at("transactions").at(0), "payload"));
    tx.max_priority_fee = tx.max_fee + 1;
    CHECK(check_transaction(policy, tx, agent).failure().reason == "bad_fees");
    tx.max_priority_fee = 0;
    tx.gas = 1'000'000;
    tx.max_fee = UINT64_MAX / 1000;  // times gas wraps around 2^64
    CHECK(check_transaction(policy, tx, agent).failure().reason == "fee_cap");
}

TEST_CASE("a transaction needs a grant for its caller and chain") {
    const SignerConfig policy = config();
    const auto file = read_testdata("transactions");
    Transaction tx = *decode_transaction(bytes_at(file.at("transactions").at(0), "payload"));
    CHECK(check_granted(policy, "local", tx).ok());
    CHECK(check_granted(policy, "other", tx).failure().reason == "not_granted");
    CHECK(check_granted(policy, "", tx).failure().reason == "not_granted");
    tx.chain_id = 1;
    CHECK(check_granted(policy, "local", tx).failure().reason == "other_chain");
}

TEST_CASE("a message needs a granted prefix") {
    const SignerConfig policy = config();
    const auto check = [&](std::string_view caller, std::string_view text) {
        return check_message(policy, caller, bh::crypto::bytes_of(text));
    };
    CHECK(check("local", "Our service: hello").ok());
    CHECK(check("other", "Our service: hello").failure().reason == "not_granted");
    CHECK(check("local", "our service: hello").failure().reason == "not_granted");
    CHECK(check("local", "Our service:").failure().reason == "not_granted");
    CHECK(check("local", "").failure().reason == "not_granted");
}

TEST_CASE("statements, attestations and seals are for this host's contract only") {
    const SignerConfig policy = config();
    CHECK(check_contract(policy, "eip155:31337", kContract).ok());
    CHECK(check_contract(policy, "eip155:31337", kStranger).failure().reason == "other_contract");
    CHECK(check_contract(policy, "eip155:1", kContract).failure().reason == "other_contract");
    CHECK(check_contract(policy, "eip155:31337", "nonsense").failure().reason == "other_contract");
}
