#include "plugins/chain-evm/proof/block_proof.hpp"
#include "plugins/chain-evm/proof/consensus.hpp"
#include "plugins/chain-evm/proof/trie.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <functional>

using namespace bh;
using namespace bh::evm;
using nlohmann::json;

namespace {

json vectors(const std::string& name) {
    std::ifstream file{std::string{PROOF_VECTORS} + "/" + name};
    REQUIRE(file.good());
    return json::parse(file);
}

// A block with one transaction of each type, 0 to 4, three of which log (vectors/all-types.json says how it was made).
struct RealBlock {
    json block, receipts;
    Header header;
    std::vector<Address> addresses;

    explicit RealBlock(const std::string& name = "all-types.json") {
        const json all = vectors(name);
        block = all.at("block");
        receipts = all.at("receipts");
        const auto read = read_header(block);
        REQUIRE(read.has_value());
        header = *read;
        addresses = {*read_address(receipts[0]["logs"][0]["address"])};
    }
    [[nodiscard]] std::optional<std::vector<Log>> prove() const {
        return proven_logs(header, block.at("transactions"), receipts, addresses);
    }
};

}  // namespace

TEST_CASE("a header's hash is that of its members, with those of every fork") {
    const RealBlock real;
    CHECK(real.header.proven);
    CHECK(header_hash(real.block) == real.header.hash);
    for (const char* name : {"parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
                             "logsBloom", "number", "gasLimit", "gasUsed", "timestamp", "mixHash", "nonce",
                             "baseFeePerGas", "withdrawalsRoot", "parentBeaconBlockRoot", "requestsHash"}) {
        INFO(name);
        json changed = real.block;
        std::string text = changed.at(name).get<std::string>();
        text.back() = text.back() == '1' ? '2' : '1';
        changed[name] = text;
        CHECK(header_hash(changed) != real.header.hash);
        changed.erase(name);
        CHECK(header_hash(changed) != real.header.hash);
    }
    const std::string zero(64, '0');
    // The first block of the main network, which has none of the later members.
    const json genesis{{"parentHash", "0x" + zero},
                       {"sha3Uncles", "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"},
                       {"miner", "0x" + zero.substr(0, 40)},
                       {"stateRoot", "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"},
                       {"transactionsRoot", "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"},
                       {"receiptsRoot", "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"},
                       {"logsBloom", "0x" + zero + zero + zero + zero + zero + zero + zero + zero},
                       {"difficulty", "0x400000000"},
                       {"number", "0x0"},
                       {"gasLimit", "0x1388"},
                       {"gasUsed", "0x0"},
                       {"timestamp", "0x0"},
                       {"extraData", "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"},
                       {"mixHash", "0x" + zero},
                       {"nonce", "0x0000000000000042"}};
    CHECK(header_hash(genesis)->text() == "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
}

TEST_CASE("roots of lists are those of another implementation") {
    const json known = vectors("list-roots.json").at("roots");
    REQUIRE(known.size() > 5);
    for (const auto& [count, root] : known.items()) {
        INFO(count << " items");
        std::vector<Bytes> items;
        for (std::size_t i = 0; i < std::stoul(count); ++i) {
            items.emplace_back(i * 37 % 90 + 1, static_cast<std::uint8_t>(i % 251));
        }
        CHECK(list_root(items).text() == root.get<std::string>());
    }
}

TEST_CASE("the logs of a block with transactions of every type are proven") {
    const RealBlock real;
    const auto logs = real.prove();
    REQUIRE(logs.has_value());
    REQUIRE(logs->size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto said = read_log(real.receipts[i]["logs"][0]);
        REQUIRE(said.has_value());
        CHECK((*logs)[i].tx == said->tx);
        CHECK((*logs)[i].index == said->index);
        CHECK((*logs)[i].block == said->block);
        CHECK((*logs)[i].block_hash == said->block_hash);
        CHECK((*logs)[i].data == said->data);
        CHECK((*logs)[i].topics == said->topics);
        CHECK(may_hold(real.header.bloom, said->address));
    }
    Address stranger;
    stranger.bytes.fill(0x5c);
    CHECK_FALSE(may_hold(real.header.bloom, stranger));
    RealBlock other;
    other.addresses = {stranger};
    CHECK(other.prove()->empty());
}

TEST_CASE("a block as a node gives it is proven") {
    const RealBlock real{"anvil-block.json"};
    REQUIRE(real.header.proven);
    const auto logs = real.prove();
    REQUIRE(logs.has_value());
    CHECK(logs->size() == 3);
    CHECK(real.block["transactions"].size() == 4);
    CHECK(logs->front().tx == *read_hash(real.receipts[0]["logs"][0]["transactionHash"]));
}

TEST_CASE("nothing of what proves a log can be changed, added or left out") {
    using Change = std::function<void(RealBlock&)>;
    const std::pair<const char*, Change> changes[] = {
        {"a log left out", [](RealBlock& b) { b.receipts[0]["logs"] = json::array(); }},
        {"a log added", [](RealBlock& b) { b.receipts[3]["logs"] = b.receipts[0]["logs"]; }},
        {"data", [](RealBlock& b) { b.receipts[0]["logs"][0]["data"] = "0x" + std::string(64, '7'); }},
        {"a topic", [](RealBlock& b) { b.receipts[0]["logs"][0]["topics"][0] = "0x" + std::string(64, '7'); }},
        {"a topic left out", [](RealBlock& b) { b.receipts[0]["logs"][0]["topics"].erase(0); }},
        {"an address", [](RealBlock& b) { b.receipts[0]["logs"][0]["address"] = "0x" + std::string(40, '7'); }},
        {"a status", [](RealBlock& b) { b.receipts[0]["status"] = "0x0"; }},
        {"gas", [](RealBlock& b) { b.receipts[1]["cumulativeGasUsed"] = "0x1"; }},
        {"a type", [](RealBlock& b) { b.receipts[1]["type"] = "0x2"; }},
        {"an unknown type", [](RealBlock& b) { b.receipts[1]["type"] = "0x55"; }},
        {"a receipt left out", [](RealBlock& b) { b.receipts.erase(4); }},
        {"the order", [](RealBlock& b) { std::swap(b.receipts[1], b.receipts[2]); }},
        {"no receipts", [](RealBlock& b) { b.receipts = nullptr; }},
        {"a transaction's value", [](RealBlock& b) { b.block["transactions"][2]["value"] = "0x1"; }},
        {"a transaction's signature", [](RealBlock& b) { b.block["transactions"][0]["r"] = "0x1"; }},
        {"an access list", [](RealBlock& b) { b.block["transactions"][1]["accessList"] = json::array(); }},
        {"a blob", [](RealBlock& b) { b.block["transactions"][3]["blobVersionedHashes"] = json::array(); }},
        {"an authorization", [](RealBlock& b) { b.block["transactions"][4]["authorizationList"][0]["nonce"] = "0x9"; }},
        {"the transactions' order",
         [](RealBlock& b) { std::swap(b.block["transactions"][0], b.block["transactions"][1]); }},
        {"transactions as hashes", [](RealBlock& b) { b.block["transactions"] = json::array({"0x00"}); }}};
    for (const auto& [what, change] : changes) {
        INFO(what);
        RealBlock real;
        change(real);
        CHECK_FALSE(real.prove().has_value());
    }
    // What is not hashed is not read: the place of a log follows from the lists.
    RealBlock real;
    real.receipts[0]["logs"][0]["transactionHash"] = "0x" + std::string(64, '7');
    real.receipts[0]["logs"][0]["logIndex"] = "0x9";
    const auto logs = real.prove();
    REQUIRE(logs.has_value());
    CHECK((*logs)[0].tx == *read_hash(real.block["transactions"][0]["hash"]));
    CHECK((*logs)[0].index == 0);
}
