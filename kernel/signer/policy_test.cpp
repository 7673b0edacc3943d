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

TEST_CASE("arguments that the policy does not allow are refused, whatever else is right") {
    const auto agent = keyring().agent.address;
    const auto file = read_testdata("transactions");
    Transaction tx = *decode_transaction(bytes_at(file.at("transactions").at(0), "payload"));
    SignerConfig policy = config();
    auto& calls = policy.chains.front().calls.front();
    const auto credit = *FunctionSignature::parse("creditTime(uint256,uint256,uint256)");
    const auto release = *FunctionSignature::parse("release(address,address)");
    calls.functions.push_back(credit);
    calls.functions.push_back(release);
    calls.arguments = {{credit.text, 2, {}, 1, 3600}, {release.text, 1, {*parse_word(kStranger)}, {}, 0}};
    const auto decide = [&](const FunctionSignature& function, const std::vector<Word>& words) -> std::string {
        tx.data.assign(function.selector.begin(), function.selector.end());
        for (const Word& word : words) tx.data.insert(tx.data.end(), word.begin(), word.end());
        const auto decided = check_transaction(policy, tx, agent);
        return decided ? "" : decided.failure().reason;
    };
    const auto number = [](std::uint64_t value) { return *parse_word(std::to_string(value)); };
    CHECK(decide(credit, {number(7), number(1000), number(4600)}).empty());
    CHECK(decide(credit, {number(7), number(1000), number(4601)}) == "other_argument");
    CHECK(decide(credit, {number(7), number(1000), number(999)}) == "other_argument");
    Word huge = number(4600);
    huge[0] = 1;  // 2^248 more
    CHECK(decide(credit, {number(7), number(1000), huge}) == "other_argument");
    CHECK(decide(credit, {number(7), number(1000)}) == "other_argument");  // not all of it is there
    CHECK(decide(release, {number(0), *parse_word(kStranger)}).empty());
    CHECK(decide(release, {number(0), *parse_word(kContract)}) == "other_argument");
    Word padded = *parse_word(kStranger);
    padded[0] = 1;  // an address with something before it
    CHECK(decide(release, {number(0), padded}) == "other_argument");
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

namespace {

Intent intent() {
    Intent i;
    i.chain = "bhledger:demo";
    i.contract = "shop-1";
    i.function = "close";
    i.fee = 1000;
    return i;
}

template <class F>
std::string refusal(F change) {
    Intent i = intent();
    change(i);
    const auto decided = check_intent(config(), i);
    if (decided.ok()) return "";
    CHECK(decided.failure().code == BH_E_DENIED);
    return decided.failure().reason;
}

}  // namespace

TEST_CASE("an intent is taken within its chain, contract, function, value and fee, and refused by name outside") {
    CHECK(refusal([](Intent&) {}).empty());
    CHECK(refusal([](Intent& i) { i.fee = 5000; }).empty());
    CHECK(refusal([](Intent& i) { i.fee = 5001; }) == "fee_cap");
    CHECK(refusal([](Intent& i) { i.chain = "bhledger:other"; }) == "other_chain");
    CHECK(refusal([](Intent& i) { i.chain = "eip155:31337"; }) == "other_chain");
    CHECK(refusal([](Intent& i) { i.contract = "shop-2"; }) == "other_destination");
    CHECK(refusal([](Intent& i) { i.contract = "Shop-1"; }) == "other_destination");
    CHECK(refusal([](Intent& i) { i.function = "transfer"; }) == "other_function");
    CHECK(refusal([](Intent& i) { i.function = "pay"; }) == "other_function");  // another contract's
    CHECK(refusal([](Intent& i) { i.value = 1; }) == "moves_value");
    const auto pay = [](Wei value) {
        return [value](Intent& i) { i.contract = "bank", i.function = "pay", i.value = value; };
    };
    CHECK(refusal(pay(0)).empty());
    CHECK(refusal(pay(500)).empty());
    CHECK(refusal(pay(501)) == "value_cap");
}

TEST_CASE("an intent needs a grant for its caller, scheme and chain") {
    const SignerConfig policy = config();
    CHECK(check_intent_granted(policy, "ledger", "bh-intent-1", intent()).ok());
    CHECK(check_intent_granted(policy, "local", "bh-intent-1", intent()).failure().reason == "not_granted");
    CHECK(check_intent_granted(policy, "ledger", "other-tx", intent()).failure().reason == "not_granted");
    Intent other = intent();
    other.chain = "bhledger:other";
    CHECK(check_intent_granted(policy, "ledger", "bh-intent-1", other).failure().reason == "other_chain");
}

TEST_CASE("a host's contract may be on a chain of intents, spelt as the chain spells it") {
    SignerConfig policy = config();
    CHECK(check_contract(policy, "bhledger:demo", "shop-1").ok());
    CHECK(check_contract(policy, "bhledger:demo", "shop-2").failure().reason == "other_contract");
    CHECK(check_contract(policy, "bhledger:other", "shop-1").failure().reason == "other_contract");
    policy.intents.at(0).contract = kContract;
    CHECK(check_contract(policy, "bhledger:demo", "0x5fbdb2315678afecb367f032d93f642f64180aa3").ok());
    CHECK(check_contract(policy, "bhledger:demo", kStranger).failure().reason == "other_contract");
}
