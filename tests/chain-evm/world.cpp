#include "tests/chain-evm/world.hpp"

#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/tx/rlp.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

namespace bh::evm::test {
namespace {

using nlohmann::json;

constexpr const char* kResources = R"({"cpus":1,"disk_bytes":4294967296,"image":"debian-12","memory_bytes":536870912})";

Bytes artifact(const std::string& name) {
    std::ifstream file{std::string{BLOCKHOST_CONTRACTS} + "/artifacts/" + name + ".json"};
    REQUIRE(file.good());
    const json node = json::parse(file);
    const json& code = node.at("bytecode");
    const auto bytes =
        crypto::parse_hex(code.is_object() ? code.at("object").get<std::string>() : code.get<std::string>());
    REQUIRE(bytes.ok());
    return *bytes;
}

Bytes arguments(const CallEncoder& call) {
    const Bytes data = call.finish();
    return {data.begin() + 4, data.end()};
}

Address created_by(const Address& account, std::uint64_t nonce) {
    const auto hash = crypto::keccak256(RlpList{}.bytes(account.bytes).uint(nonce).finish());
    Address out;
    std::copy(hash.begin() + 12, hash.end(), out.bytes.begin());
    return out;
}

Address account(Anvil& anvil, std::size_t index) {
    return *Address::parse(anvil.rpc("eth_accounts").at(index).get<std::string>());
}

}  // namespace

World::World(std::vector<std::string> anvil_arguments)
    : anvil{std::move(anvil_arguments)},
      operator_account{account(anvil, 0)},
      buyer{account(anvil, 1)},
      stranger{account(anvil, 2)} {
    anvil.rpc("anvil_setBalance", {kernel.agent().lower_text(), "0x56bc75e2d63100000"});
    credential = created_by(operator_account, 0);
    contract = created_by(operator_account, 1);
    Bytes code = artifact("AccessCredentialNFT");
    crypto::append(code, arguments(CallEncoder{"c(address)"}.address(contract)));
    send(operator_account, std::nullopt, code);
    code = artifact("BlockHostSubscription");
    crypto::append(code, arguments(CallEncoder{"c(address,address,address,uint256,bytes)"}
                                       .address(operator_account)
                                       .address(stranger)
                                       .address(credential)
                                       .uint(0)
                                       .bytes({})));
    send(operator_account, std::nullopt, code);
    const Address tokens[] = {Address{}};
    const Uint256 prices[] = {Uint256{kPricePerDay}};
    send(operator_account, contract,
         CallEncoder{"createPlan(string,uint256,uint256,uint256,address,uint256,address[],uint256[])"}
             .bytes(crypto::bytes_of(kResources))
             .uint(3600)
             .uint(0)
             .uint(0)
             .address(kernel.agent())
             .uint(100000)
             .addresses(tokens)
             .uints(prices)
             .finish());
    wait_for("the plan", [&] {
        const std::string answer = anvil.rpc(
            "eth_call",
            {{{"to", contract.lower_text()}, {"data", crypto::hex0x(CallEncoder{"lastPlanId()"}.finish())}}, "latest"});
        return answer.ends_with("1");
    });
}

std::string World::send(const Address& from, const std::optional<Address>& to, const Bytes& data, std::uint64_t value) {
    json tx{
        {"from", from.lower_text()}, {"data", crypto::hex0x(data)}, {"value", quantity(value)}, {"gas", "0x7a1200"}};
    if (to) tx["to"] = to->lower_text();
    const std::string hash = anvil.rpc("eth_sendTransaction", json::array({tx})).get<std::string>();
    if (anvil.automining()) {
        wait_for("the block", [&] { return !anvil.rpc("eth_getTransactionReceipt", json::array({hash})).is_null(); });
    }
    return hash;
}

std::string World::buy(std::uint64_t days, const Bytes& sealed_request) {
    return send(buyer, contract,
                CallEncoder{"purchase(uint256,uint256,address,uint256,uint256,address,bytes)"}
                    .uint(1)
                    .uint(days)
                    .address({})
                    .uint(days * kPricePerDay)
                    .uint(static_cast<std::uint64_t>(now() + 3600))
                    .address(buyer)
                    .bytes(sealed_request)
                    .finish(),
                days * kPricePerDay);
}

std::string World::extend(std::uint64_t id, std::uint64_t days) {
    return send(buyer, contract,
                CallEncoder{"extend(uint256,uint256,address,uint256,uint256)"}
                    .uint(id)
                    .uint(days)
                    .address({})
                    .uint(days * kPricePerDay)
                    .uint(static_cast<std::uint64_t>(now() + 3600))
                    .finish(),
                days * kPricePerDay);
}

std::string World::config(const json& more) const {
    json config{{"chain", "devnet"},
                {"endpoints", json::array({{{"url", anvil.url()}}})},
                {"contract", contract.text()},
                {"credential", credential.text()}};
    if (!more.is_null()) config.update(more);
    return config.dump();
}

Position World::position(std::uint64_t height) {
    const json block = anvil.rpc("eth_getBlockByNumber", {quantity(height), false});
    return {block.at("hash").get<std::string>(), height};
}

std::int64_t World::now() {
    const json block = anvil.rpc("eth_getBlockByNumber", {"latest", false});
    return static_cast<std::int64_t>(*Uint256::from_quantity(block.at("timestamp").get<std::string>())->as_u64());
}

ChainEvents World::poll_all(Instance& instance, std::string& cursor, std::uint32_t max) {
    ChainEvents all;
    for (;;) {
        Result<ChainEvents> part = instance.poll(cursor, max);
        INFO((part ? "" : part.failure().message));
        REQUIRE(part.ok());
        cursor = part->cursor;
        const bool more = part->more;
        all.head = part->head;
        all.safe = part->safe;
        all.finalized = part->finalized;
        all.recent = part->recent;
        all.events.insert(all.events.end(), part->events.begin(), part->events.end());
        if (!more) return all;
    }
}

Intent World::deliver_intent(const ChainEvent& purchase) {
    Intent intent;
    intent.action = "deliver";
    intent.subscription = purchase.subscription;
    intent.order = purchase.order;
    intent.deadline = {now() + 3600};
    intent.sealed = Bytes(200, 0x5a);
    intent.attestation_hash = Bytes(32, 0xa7);
    return intent;
}

}  // namespace bh::evm::test
