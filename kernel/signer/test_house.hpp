// A configuration, keys and vectors for the signer's tests; no process and no socket.
#pragma once

#include "kernel/signer/config.hpp"
#include "kernel/signer/keyring.hpp"
#include "plugin-api/documents/json.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bh::signer::testing {

inline constexpr auto kContract = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
inline constexpr auto kStranger = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

inline nlohmann::json read_testdata(const std::string& name) {
    std::ifstream file{std::string{TESTDATA} + "/" + name + ".json"};
    if (!file) throw std::runtime_error{"no test data " + name};
    return nlohmann::json::parse(file);
}

// plugin-api/formats/vectors/bh-intent-1.json
inline nlohmann::json read_intent_vectors() {
    std::ifstream file{VECTORS "/bh-intent-1.json"};
    if (!file) throw std::runtime_error{"no vectors of bh-intent-1"};
    return nlohmann::json::parse(file);
}

inline Bytes bytes_at(const nlohmann::json& object, const char* name) {
    return *crypto::parse_hex(object.at(name).get<std::string>());
}

inline crypto::Secret key_of(std::uint8_t byte) {
    crypto::Secret key{32};
    std::fill_n(key.data(), key.size(), byte);
    return key;
}

inline Keyring keyring() {
    const auto point = [](std::uint8_t byte) {
        auto secret = key_of(byte);
        const auto key = *crypto::PublicKey::of(secret);
        return Keyring::Point{std::move(secret), key, crypto::Address::of(key)};
    };
    auto seed = key_of(0x44);
    const auto statement = *crypto::ed25519_public_key(seed);
    return {point(0x55), point(0x11), std::move(seed), statement};
}

inline SignerConfig config() {
    SignerConfig c;
    c.seals = {"seal-2-request"};
    c.statement_lifetime_s = 3600;
    ChainPolicy chain;
    chain.chain = "eip155:31337";
    chain.chain_id = 31337;
    chain.contract = *crypto::Address::parse(kContract);
    chain.max_gas = 1'000'000;
    chain.max_fee = 10'000'000'000'000'000u;
    chain.calls.push_back(
        {chain.contract,
         {*FunctionSignature::parse("deliver(uint256,bytes32,uint256,bytes,bytes32)"),
          *FunctionSignature::parse("decline(uint256,bytes32,string)"), *FunctionSignature::parse("close(uint256)"),
          *FunctionSignature::parse("withdraw(address,uint256[])")}});
    c.chains.push_back(chain);
    c.grants.push_back({"local", "eip1559-tx", "eip155:31337", {}, {}, {}, {}, {}});
    c.intents.push_back(
        {"bhledger:demo", "shop-1", {{"shop-1", {"close", "decline", "noop"}, 0}, {"bank", {"pay"}, 500}}, 5000});
    c.grants.push_back({"ledger", "bh-intent-1", "bhledger:demo", {}, {}, {}, {}, {}});
    c.grants.push_back({"local", "eip191", {}, "Our service: ", {}, {}, {}, {}});
    c.grants.push_back({"local", "eip712", "eip155:31337", {}, "Example", "1", chain.contract, "Mail"});
    return c;
}

}  // namespace bh::signer::testing
