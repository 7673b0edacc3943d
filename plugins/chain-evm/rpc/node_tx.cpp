// RpcNode: what transactions need.
#include "plugin-api/crypto/keccak.hpp"
#include "plugins/chain-evm/proof/consensus.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"
#include "plugins/chain-evm/rpc/rpc_node.hpp"

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::uint64_t kFeeHistoryBlocks = 5;
constexpr int kFeePercentile = 50;

}  // namespace

Result<Node::Estimate> RpcNode::estimate(const Address& from, const std::optional<Address>& to, const Bytes& data) {
    json call{{"from", from.lower_text()}, {"data", crypto::hex0x(data)}};
    if (to) call["to"] = to->lower_text();
    // The call as well: some nodes give an estimate for what reverts.
    const Result<std::vector<RpcReply>> replies =
        rpc_.send({{"eth_call", json::array({call, "latest"})}, {"eth_estimateGas", json::array({call})}});
    if (!replies) return replies.failure();
    for (const RpcReply& reply : *replies) {
        if (reply.error && reply.error->kind == RpcErrorKind::reverted)
            return Estimate{true, reply.error->revert_data, 0};
    }
    for (const RpcReply& reply : *replies) {
        if (!reply.error) continue;
        Failure failure = reply.error->failure(label(), "eth_estimateGas");
        if (reply.error->kind == RpcErrorKind::no_funds) failure.code = BH_E_NO_FUNDS, failure.reason = "no_funds";
        return failure;
    }
    const auto gas = read_u64(replies->back().result);
    if (!gas) return rpc_.garbage("no gas estimate");
    return Estimate{false, {}, *gas};
}

Result<FeeHistory> RpcNode::fees() {
    const Result<std::vector<RpcReply>> replies = rpc_.send(
        {{"eth_feeHistory", json::array({quantity(kFeeHistoryBlocks), "latest", json::array({kFeePercentile})})},
         {"eth_getBlockByNumber", json::array({"latest", false})}});
    if (!replies) return replies.failure();
    if (!replies->front().error) {
        if (const auto history = read_fee_history(replies->front().result)) return *history;
    }
    // Without eth_feeHistory: the head's base fee can rise by an eighth at most.
    const auto head = read_header(replies->back().result);
    if (!head || !head->base_fee) {
        return Failure{BH_E_UNAVAILABLE, "no_base_fee",
                       "the endpoint " + label() + " names no base fee; chains without EIP-1559 are not supported", 0};
    }
    FeeHistory out{*head->base_fee + *head->base_fee / 8, 0};
    if (const Result<json> tip = rpc_.call({"eth_maxPriorityFeePerGas"}); tip) {
        out.priority_fee = read_u64(*tip).value_or(0);
    }
    return out;
}

Result<BroadcastResult> RpcNode::broadcast(const Bytes& raw) {
    const Result<std::vector<RpcReply>> replies =
        rpc_.send({{"eth_sendRawTransaction", json::array({crypto::hex0x(raw)})}});
    if (!replies) return replies.failure();
    const std::optional<RpcError>& error = replies->front().error;
    if (!error) return BroadcastResult{Broadcast::accepted, {}};
    switch (error->kind) {
        // Hardhat mines a transaction that reverts and answers with the revert: it was taken.
        case RpcErrorKind::already_known:
        case RpcErrorKind::reverted:
            return BroadcastResult{Broadcast::accepted, {}};
        case RpcErrorKind::nonce_too_low:
            return BroadcastResult{Broadcast::nonce_used, error->text};
        case RpcErrorKind::underpriced:
            return BroadcastResult{Broadcast::underpriced, error->text};
        case RpcErrorKind::no_funds:
            return BroadcastResult{Broadcast::no_funds, error->text};
        default:
            return BroadcastResult{Broadcast::refused, error->text};
    }
}

Result<std::vector<std::optional<TxReceipt>>> RpcNode::receipts(std::span<const Hash> hashes) {
    std::vector<RpcCall> calls;
    for (const Hash& hash : hashes) calls.push_back({"eth_getTransactionReceipt", json::array({hash.text()})});
    const Result<std::vector<RpcReply>> replies = rpc_.send(calls);
    if (!replies) return replies.failure();
    std::vector<std::optional<TxReceipt>> out;
    for (std::size_t i = 0; i < replies->size(); ++i) {
        const RpcReply& reply = (*replies)[i];
        if (reply.error) return reply.error->failure(label(), "eth_getTransactionReceipt");
        std::optional<TxReceipt> receipt = read_receipt(reply.result);
        if (!receipt && !reply.result.is_null()) return rpc_.garbage("a malformed receipt");
        if (receipt && receipt->tx != hashes[i]) return rpc_.garbage("another receipt than asked for");
        out.push_back(receipt);
    }
    return out;
}

Result<std::vector<bool>> RpcNode::known(std::span<const Hash> hashes) {
    std::vector<RpcCall> calls;
    for (const Hash& hash : hashes) calls.push_back({"eth_getTransactionByHash", json::array({hash.text()})});
    const Result<std::vector<RpcReply>> replies = rpc_.send(calls);
    if (!replies) return replies.failure();
    std::vector<bool> out;
    for (const RpcReply& reply : *replies) {
        if (reply.error) return reply.error->failure(label(), "eth_getTransactionByHash");
        out.push_back(reply.result.is_object());
    }
    return out;
}

Result<std::vector<Bytes>> RpcNode::inputs(std::span<const Hash> hashes) {
    std::vector<RpcCall> calls;
    for (const Hash& hash : hashes) calls.push_back({"eth_getTransactionByHash", json::array({hash.text()})});
    const Result<std::vector<RpcReply>> replies = rpc_.send(calls);
    if (!replies) return replies.failure();
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < replies->size(); ++i) {
        const RpcReply& reply = (*replies)[i];
        if (reply.error) return reply.error->failure(label(), "eth_getTransactionByHash");
        if (!reply.result.is_object()) return rpc_.garbage("no transaction where there is one");
        const std::optional<Bytes> raw = transaction_bytes(reply.result);
        if (raw && Hash{crypto::keccak256(*raw)} != hashes[i])
            return rpc_.garbage("another transaction than asked for");
        out.push_back(raw ? read_data(member(reply.result, "input")).value_or(Bytes{}) : Bytes{});
    }
    return out;
}

}  // namespace bh::evm
