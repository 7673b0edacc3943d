#include "plugins/chain-evm/rpc/rpc_node.hpp"

#include "plugins/chain-evm/proof/block_proof.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"

namespace bh::evm {
namespace {

using nlohmann::json;

json block_by_number(const json& number) { return json::array({number, false}); }

json log_filter(std::span<const Address> addresses) {
    json list = json::array();
    for (const Address& address : addresses) list.push_back(address.lower_text());
    return {{"address", std::move(list)}};
}

Failure unknown_block(const std::string& endpoint) {
    return {BH_E_UNAVAILABLE, "position_unknown",
            "the endpoint " + endpoint +
                " does not have a block that was asked for: it is behind, or the block was "
                "rolled back",
            0};
}

Failure behind(const std::string& endpoint, std::uint64_t block) {
    constexpr std::uint32_t kPauseMs = 1000;
    return {BH_E_UNAVAILABLE, "endpoint_behind",
            "the endpoint " + endpoint + " does not have block " + std::to_string(block) +
                ", so its answer about logs counts as none",
            kPauseMs};
}

// One block's logs may be as many as an answer holds; what several give beyond this comes as a smaller range.
constexpr std::size_t kBlockLogBytes = std::size_t{32} << 20;
constexpr std::size_t kRangeLogBytes = std::size_t{4} << 20;

RpcCall get_logs(json filter, std::size_t max_bytes) {
    return {"eth_getLogs", json::array({std::move(filter)}), max_bytes};
}

// Of eth_getLogs and the block that it ends with.
Result<LogsAnswer> read_answer(const JsonRpc& rpc, Result<std::vector<RpcReply>> replies, const char* block) {
    if (!replies) return replies.failure();
    if (const auto& error = (*replies)[0].error) return error->failure(rpc.label(), "eth_getLogs");
    if (const auto& error = (*replies)[1].error) return error->failure(rpc.label(), block);
    if ((*replies)[1].result.is_null()) return unknown_block(rpc.label());
    const auto last = read_header((*replies)[1].result);
    if (!last) return rpc.garbage("a malformed block");
    return LogsAnswer{std::move((*replies)[0].logs), *last};
}

}  // namespace

Block to_block(const Header& header) { return {{header.hash.text(), header.number}, {header.time}}; }

Result<std::optional<Header>> Node::header(std::uint64_t number) {
    const Result<std::vector<std::optional<Header>>> list = headers({&number, 1});
    if (!list) return list.failure();
    return list->front();
}

Result<std::uint64_t> RpcNode::chain_id() {
    const Result<json> answer = rpc_.call({"eth_chainId"});
    if (!answer) return answer.failure();
    const auto id = read_u64(*answer);
    if (!id) return rpc_.garbage("no chain id");
    return *id;
}

Result<Tips> RpcNode::tips(bool finality_tags) {
    std::vector<RpcCall> calls{{"eth_chainId"}, {"eth_getBlockByNumber", block_by_number("latest")}};
    if (finality_tags) {
        calls.push_back({"eth_getBlockByNumber", block_by_number("safe")});
        calls.push_back({"eth_getBlockByNumber", block_by_number("finalized")});
    }
    const Result<std::vector<RpcReply>> replies = rpc_.send(calls);
    if (!replies) return replies.failure();
    for (std::size_t i = 0; i < 2; ++i) {
        if (const auto& error = (*replies)[i].error) return error->failure(label(), calls[i].method);
    }
    const auto id = read_u64((*replies)[0].result);
    const auto head = read_header((*replies)[1].result);
    if (!id || !head) return rpc_.garbage("no chain id or no head");
    Tips tips{*id, *head, std::nullopt, std::nullopt};
    if (finality_tags) {  // null, or an error, from nodes that do not know these notions (yet)
        tips.safe = read_header((*replies)[2].result);
        tips.finalized = read_header((*replies)[3].result);
    }
    return tips;
}

Result<std::vector<std::optional<Header>>> RpcNode::headers(std::span<const std::uint64_t> numbers) {
    std::vector<RpcCall> calls;
    for (const std::uint64_t number : numbers) {
        calls.push_back({"eth_getBlockByNumber", block_by_number(quantity(number))});
    }
    const Result<std::vector<RpcReply>> replies = rpc_.send(calls);
    if (!replies) return replies.failure();
    std::vector<std::optional<Header>> out;
    for (std::size_t i = 0; i < replies->size(); ++i) {
        const RpcReply& reply = (*replies)[i];
        if (reply.error) return reply.error->failure(label(), "eth_getBlockByNumber");
        std::optional<Header> header = read_header(reply.result);
        if (!header && !reply.result.is_null()) return rpc_.garbage("a malformed block");
        if (header && header->number != numbers[i]) return rpc_.garbage("another block than asked for");
        out.push_back(header);
    }
    return out;
}

Result<LogsAnswer> RpcNode::logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to) {
    json filter = log_filter(addresses);
    filter["fromBlock"] = quantity(from);
    filter["toBlock"] = quantity(to);
    // The block after the logs: an empty answer from a node that does not have the range is no answer.
    const std::size_t max_bytes = from == to ? kBlockLogBytes : kRangeLogBytes;
    Result<LogsAnswer> out = read_answer(
        rpc_,
        rpc_.send({get_logs(std::move(filter), max_bytes), {"eth_getBlockByNumber", block_by_number(quantity(to))}}),
        "eth_getBlockByNumber");
    if (!out && out.failure().reason == "position_unknown") return behind(label(), to);
    if (out && !out->logs.empty() && (out->logs.front().block < from || out->logs.back().block > to)) {
        return rpc_.garbage("logs outside the range asked for");
    }
    return out;
}

Result<LogsAnswer> RpcNode::logs_of_block(std::span<const Address> addresses, const Hash& block) {
    json filter = log_filter(addresses);
    filter["blockHash"] = block.text();
    Result<LogsAnswer> out = read_answer(rpc_,
                                         rpc_.send({get_logs(std::move(filter), kBlockLogBytes),
                                                    {"eth_getBlockByHash", json::array({block.text(), false})}}),
                                         "eth_getBlockByHash");
    if (out && out->last.hash != block) return rpc_.garbage("another block than asked for");
    return out;
}

Result<std::optional<std::vector<Log>>> RpcNode::proven_logs(const Header& header, std::span<const Address> addresses) {
    const std::string block = header.hash.text();
    const Result<std::vector<RpcReply>> replies =
        rpc_.send({{"eth_getBlockByHash", json::array({block, true})}, {"eth_getBlockReceipts", json::array({block})}});
    if (!replies) return replies.failure();
    if ((*replies)[0].error) return (*replies)[0].error->failure(label(), "eth_getBlockByHash");
    const json& transactions = member((*replies)[0].result, "transactions");
    if (!transactions.is_array()) return unknown_block(label());
    if (!(*replies)[1].error && (*replies)[1].result.is_array()) {
        return evm::proven_logs(header, transactions, (*replies)[1].result, addresses);
    }
    // Not every node has eth_getBlockReceipts.
    std::vector<RpcCall> calls;
    for (const json& tx : transactions) {
        calls.push_back({"eth_getTransactionReceipt", json::array({member(tx, "hash")})});
    }
    Result<std::vector<RpcReply>> one_by_one = rpc_.send(calls);
    if (!one_by_one) return one_by_one.failure();
    json receipts = json::array();
    for (RpcReply& reply : *one_by_one) {
        if (reply.error) return reply.error->failure(label(), "eth_getTransactionReceipt");
        receipts.push_back(std::move(reply.result));
    }
    return evm::proven_logs(header, transactions, receipts, addresses);
}

}  // namespace bh::evm
