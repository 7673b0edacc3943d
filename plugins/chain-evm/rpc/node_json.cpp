#include "plugins/chain-evm/rpc/node_json.hpp"

#include "plugins/chain-evm/proof/consensus.hpp"

#include <algorithm>

namespace bh::evm {

using nlohmann::json;

const json& member(const json& node, const char* name) {
    static const json missing;
    if (!node.is_object()) return missing;
    const auto found = node.find(name);
    return found == node.end() ? missing : *found;
}

std::optional<Uint256> read_uint(const json& node) {
    if (!node.is_string()) return std::nullopt;
    return Uint256::from_quantity(node.get_ref<const std::string&>());
}

std::optional<std::uint64_t> read_u64(const json& node) {
    const auto value = read_uint(node);
    return value ? value->as_u64() : std::nullopt;
}

std::optional<Hash> read_hash(const json& node) {
    if (!node.is_string()) return std::nullopt;
    return Hash::parse(node.get_ref<const std::string&>());
}

std::optional<Bytes> read_data(const json& node) {
    if (!node.is_string()) return std::nullopt;
    const std::string& text = node.get_ref<const std::string&>();
    if (!text.starts_with("0x")) return std::nullopt;
    auto bytes = crypto::parse_hex(text);
    if (!bytes) return std::nullopt;
    return std::move(*bytes);
}

std::optional<Address> read_address(const json& node) {
    const auto bytes = read_data(node);
    Address out;
    if (!bytes || bytes->size() != out.bytes.size()) return std::nullopt;
    std::ranges::copy(*bytes, out.bytes.begin());
    return out;
}

std::optional<Header> read_header(const json& node) {
    const auto number = read_u64(member(node, "number"));
    const auto hash = read_hash(member(node, "hash"));
    const auto parent = read_hash(member(node, "parentHash"));
    const auto time = read_u64(member(node, "timestamp"));
    const auto gas_limit = read_u64(member(node, "gasLimit"));
    if (!number || !hash || !parent || !time || !gas_limit || *time > INT64_MAX) return std::nullopt;
    Header out;
    out.number = *number;
    out.hash = *hash;
    out.parent = *parent;
    out.time = static_cast<std::int64_t>(*time);
    out.gas_limit = *gas_limit;
    out.base_fee = read_u64(member(node, "baseFeePerGas"));
    const auto transactions = read_hash(member(node, "transactionsRoot"));
    const auto receipts = read_hash(member(node, "receiptsRoot"));
    const auto bloom = read_data(member(node, "logsBloom"));
    if (!transactions || !receipts || !bloom || bloom->size() != out.bloom.size()) return out;
    out.transactions_root = *transactions;
    out.receipts_root = *receipts;
    std::ranges::copy(*bloom, out.bloom.begin());
    out.proven = header_hash(node) == out.hash;
    return out;
}

std::optional<Log> read_log(const json& node) {
    const auto address = read_address(member(node, "address"));
    const json& topics = member(node, "topics");
    auto data = read_data(member(node, "data"));
    const auto block = read_u64(member(node, "blockNumber"));
    const auto block_hash = read_hash(member(node, "blockHash"));
    const auto tx = read_hash(member(node, "transactionHash"));
    const auto index = read_u64(member(node, "logIndex"));
    const json& removed = member(node, "removed");
    if (!address || !topics.is_array() || topics.size() > LogTopics::kMax || !data || !block || !block_hash || !tx ||
        !index || *index > UINT32_MAX || (removed.is_boolean() && removed.get<bool>())) {
        return std::nullopt;
    }
    Log out{*address, {}, std::move(*data), *block, *block_hash, *tx, static_cast<std::uint32_t>(*index)};
    for (const json& topic : topics) {
        const auto hash = read_hash(topic);
        if (!hash) return std::nullopt;
        out.topics.push_back(*hash);
    }
    return out;
}

std::optional<TxReceipt> read_receipt(const json& node) {
    const auto tx = read_hash(member(node, "transactionHash"));
    const auto block = read_u64(member(node, "blockNumber"));
    const auto block_hash = read_hash(member(node, "blockHash"));
    const auto status = read_u64(member(node, "status"));
    const auto gas = read_u64(member(node, "gasUsed"));
    const auto price = read_uint(member(node, "effectiveGasPrice"));
    if (!tx || !block || !block_hash || !status || !gas) return std::nullopt;
    // Rollups charge for their parent chain's data on top.
    const auto rollup_fee = read_uint(member(node, "l1Fee"));
    const auto execution = multiply(price.value_or(Uint256{}), *gas);
    const auto fee = execution ? add(*execution, rollup_fee.value_or(Uint256{})) : std::nullopt;
    if (!fee) return std::nullopt;
    return TxReceipt{*tx, *block, *block_hash, *status == 1, *fee};
}

std::optional<FeeHistory> read_fee_history(const json& node) {
    const json& base_fees = member(node, "baseFeePerGas");
    if (!base_fees.is_array() || base_fees.empty()) return std::nullopt;
    const auto next = read_u64(base_fees.back());
    if (!next) return std::nullopt;
    std::vector<std::uint64_t> rewards;
    if (const json& rows = member(node, "reward"); rows.is_array()) {
        for (const json& row : rows) {
            const auto reward = row.is_array() && !row.empty() ? read_u64(row.front()) : std::nullopt;
            if (reward) rewards.push_back(*reward);
        }
    }
    std::ranges::sort(rewards);
    return FeeHistory{*next, rewards.empty() ? 0 : rewards[rewards.size() / 2]};
}

}  // namespace bh::evm
