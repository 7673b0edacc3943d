#include "plugins/chain-evm/rpc/node.hpp"

#include "plugins/chain-evm/rpc/json_rpc.hpp"
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

Result<std::vector<Log>> read_logs(const JsonRpc& rpc, const Result<json>& answer) {
    if (!answer) return answer.failure();
    if (!answer->is_array()) return rpc.garbage("logs that are no list");
    std::vector<Log> out;
    out.reserve(answer->size());
    for (const json& item : *answer) {
        std::optional<Log> log = read_log(item);
        if (!log) return rpc.garbage("a log that is malformed or removed");
        const bool ordered = out.empty() || out.back().block < log->block ||
                             (out.back().block == log->block && out.back().index < log->index);
        if (!ordered) return rpc.garbage("logs out of order");
        out.push_back(std::move(*log));
    }
    return out;
}

}  // namespace

Block to_block(const Header& header) { return {{header.hash.text(), header.number}, {header.time}}; }

Node::Node(std::unique_ptr<Transport> transport) : rpc_{std::make_unique<JsonRpc>(std::move(transport))} {}
Node::~Node() = default;

const std::string& Node::label() const { return rpc_->label(); }

Result<std::uint64_t> Node::chain_id() {
    const Result<json> answer = rpc_->call({"eth_chainId"});
    if (!answer) return answer.failure();
    const auto id = read_u64(*answer);
    if (!id) return rpc_->garbage("no chain id");
    return *id;
}

Result<Tips> Node::tips(bool finality_tags) {
    std::vector<RpcCall> calls{{"eth_chainId"}, {"eth_getBlockByNumber", block_by_number("latest")}};
    if (finality_tags) {
        calls.push_back({"eth_getBlockByNumber", block_by_number("safe")});
        calls.push_back({"eth_getBlockByNumber", block_by_number("finalized")});
    }
    const Result<std::vector<RpcReply>> replies = rpc_->send(calls);
    if (!replies) return replies.failure();
    for (std::size_t i = 0; i < 2; ++i) {
        if (const auto& error = (*replies)[i].error) return error->failure(label(), calls[i].method);
    }
    const auto id = read_u64((*replies)[0].result);
    const auto head = read_header((*replies)[1].result);
    if (!id || !head) return rpc_->garbage("no chain id or no head");
    Tips tips{*id, *head, std::nullopt, std::nullopt};
    if (finality_tags) {  // null, or an error, from nodes that do not know these notions (yet)
        tips.safe = read_header((*replies)[2].result);
        tips.finalized = read_header((*replies)[3].result);
    }
    return tips;
}

Result<std::vector<std::optional<Header>>> Node::headers(std::span<const std::uint64_t> numbers) {
    std::vector<RpcCall> calls;
    for (const std::uint64_t number : numbers) {
        calls.push_back({"eth_getBlockByNumber", block_by_number(quantity(number))});
    }
    const Result<std::vector<RpcReply>> replies = rpc_->send(calls);
    if (!replies) return replies.failure();
    std::vector<std::optional<Header>> out;
    for (std::size_t i = 0; i < replies->size(); ++i) {
        const RpcReply& reply = (*replies)[i];
        if (reply.error) return reply.error->failure(label(), "eth_getBlockByNumber");
        std::optional<Header> header = read_header(reply.result);
        if (!header && !reply.result.is_null()) return rpc_->garbage("a malformed block");
        if (header && header->number != numbers[i]) return rpc_->garbage("another block than asked for");
        out.push_back(header);
    }
    return out;
}

Result<std::optional<Header>> Node::header(std::uint64_t number) {
    const Result<std::vector<std::optional<Header>>> list = headers({&number, 1});
    if (!list) return list.failure();
    return list->front();
}

Result<std::vector<Log>> Node::logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to) {
    json filter = log_filter(addresses);
    filter["fromBlock"] = quantity(from);
    filter["toBlock"] = quantity(to);
    Result<std::vector<Log>> logs = read_logs(*rpc_, rpc_->call({"eth_getLogs", json::array({std::move(filter)})}));
    if (logs && !logs->empty() && (logs->front().block < from || logs->back().block > to)) {
        return rpc_->garbage("logs outside the range asked for");
    }
    return logs;
}

Result<std::vector<Log>> Node::logs_of_block(std::span<const Address> addresses, const Hash& block) {
    json filter = log_filter(addresses);
    filter["blockHash"] = block.text();
    return read_logs(*rpc_, rpc_->call({"eth_getLogs", json::array({std::move(filter)})}));
}

}  // namespace bh::evm
