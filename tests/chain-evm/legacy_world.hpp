// A devnet with contracts that have the ABI of existing deployments (plugins/chain-evm/contracts/fixtures/Legacy.sol),
// and a purchase there.
#pragma once

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"
#include "tests/chain-evm/submitting.hpp"

#include <fstream>

namespace bh::evm::test {

inline constexpr std::int64_t kGraceDays = 2;
inline constexpr std::uint64_t kCents = 50;
inline constexpr std::uint64_t kUnitsPerCent = 10'000;  // of a token with 6 decimals

inline Bytes fixture(const std::string& name) {
    std::ifstream file{BLOCKHOST_CONTRACTS "/fixtures/fixtures.json"};
    REQUIRE(file.good());
    return *crypto::parse_hex(nlohmann::json::parse(file).at(name).get<std::string>());
}

class LegacyWorld {
public:
    LegacyWorld() {
        contract = create("LegacySubscriptions");
        credential = create("LegacyCredential");
        token = create("LegacyToken");
        ours(contract, CallEncoder{"setPrimaryStablecoin(address)"}.address(token));
        ours(contract, CallEncoder{"createPlan(string,uint256)"}.bytes(crypto::bytes_of("small")).uint(kCents));
        // The operator's own credential, as existing installations have it.
        ours(credential, CallEncoder{"mint(address,bytes)"}.address(world.operator_account).bytes(Bytes{1}));
        ours(credential, CallEncoder{"transferOwnership(address)"}.address(world.kernel.agent()));
        ours(token, CallEncoder{"mint(address,uint256)"}.address(world.buyer).uint(1'000'000'000));
        theirs(token, CallEncoder{"approve(address,uint256)"}.address(contract).uint(1'000'000'000));
    }

    std::string ours(const Address& to, const CallEncoder& call) {
        return world.send(world.operator_account, to, call.finish());
    }
    std::string theirs(const Address& to, const CallEncoder& call) {
        return world.send(world.buyer, to, call.finish());
    }
    std::string buy(std::uint64_t days = 30, const Bytes& request = {1, 2, 3}) {
        return theirs(
            contract,
            CallEncoder{"buySubscription(uint256,uint256,uint256,bytes)"}.uint(1).uint(days).uint(1).bytes(request));
    }
    // As the program that served before does: with the key of the agent, and without a mark.
    void mint_unmarked(const Address& to) {
        constexpr std::uint64_t kChain = 31337, kGas = 500'000, kGwei = 1'000'000'000;
        Transaction tx{kChain, agent_nonce(world), {20 * kGwei, kGwei}, kGas, credential, {}, {}};
        tx.data = CallEncoder{"mint(address,bytes)"}.address(to).bytes(Bytes{1}).finish();
        const auto signature = crypto::sign(world.kernel.key(), crypto::keccak256(unsigned_bytes(tx)));
        REQUIRE(signature.ok());
        const auto made = attach_signature(tx, signature->encoded(), world.kernel.agent());
        REQUIRE(made.ok());
        const std::uint64_t before = minted();
        world.anvil.rpc("eth_sendRawTransaction", nlohmann::json::array({crypto::hex0x(made->raw)}));
        wait_for("the mint", [&] { return minted() == before + 1; });
    }
    [[nodiscard]] std::string config(const nlohmann::json& more = {}) const {
        const nlohmann::json plan{{"plan", "1"}, {"cpus", 1}, {"memory_bytes", 1U << 29U}, {"disk_bytes", 1ULL << 32U}};
        nlohmann::json all{
            {"contract_kind", "legacy"},
            {"contract", contract.text()},
            {"credential", credential.text()},
            {"bump_after_s", 1},
            {"legacy", {{"serve_from", 0}, {"grace_days", kGraceDays}, {"plans", nlohmann::json::array({plan})}}}};
        if (!more.is_null()) all.update(more);
        return world.config(all);
    }
    std::uint64_t minted() { return number(credential, CallEncoder{"totalSupply()"}); }
    std::uint64_t number(const Address& to, const CallEncoder& call) {
        const nlohmann::json answer =
            world.anvil.rpc("eth_call", {{{"to", to.lower_text()}, {"data", crypto::hex0x(call.finish())}}, "latest"});
        return *Uint256::from_quantity(answer.get<std::string>())->as_u64();
    }

    World world;
    Address contract, credential, token;

private:
    Address create(const std::string& name) {
        const std::string hash = world.send(world.operator_account, std::nullopt, fixture(name));
        const nlohmann::json receipt = world.anvil.rpc("eth_getTransactionReceipt", nlohmann::json::array({hash}));
        REQUIRE(receipt.at("status") == "0x1");
        return *Address::parse(receipt.at("contractAddress").get<std::string>());
    }
};

inline Intent intent_of(const ChainEvent& event, std::uint8_t sealed = 0x5a) {
    Intent out;
    out.action = "deliver";
    out.subscription = event.subscription;
    out.order = event.order;
    out.sealed = Bytes(85, sealed);
    out.attestation_hash = Bytes(32, 0xa7);
    return out;
}

struct Sold : LegacyWorld {
    Sold() : instance{world.kernel, config()} {
        buy();
        intent = intent_of(purchase(world, instance));
    }
    void require_one(Instance& by) {
        CHECK(minted() == 2);  // the operator's and the buyer's
        CHECK(deliveries(world, by) == 1);
        const auto owner = by.owner_of("1");
        REQUIRE(owner.ok());
        CHECK(owner->owner == world.buyer.text());
    }
    Instance instance;
    Intent intent;
};

}  // namespace bh::evm::test
