// RpcNode: reads of state and accounts.
#include "plugins/chain-evm/rpc/deployless.hpp"
#include "plugins/chain-evm/rpc/node_json.hpp"
#include "plugins/chain-evm/rpc/rpc_node.hpp"

namespace bh::evm {
namespace {

using nlohmann::json;

json call_object(const Address& to, const Bytes& data) {
    if (to == kDeployless) {
        return {{"from", to.lower_text()}, {"gas", quantity(kDeploylessGas)}, {"data", crypto::hex0x(data)}};
    }
    return {{"to", to.lower_text()}, {"data", crypto::hex0x(data)}};
}

Failure unknown_position(std::string_view endpoint) {
    return {BH_E_UNAVAILABLE, "position_unknown",
            "the endpoint " + std::string{endpoint} +
                " does not have the block that was asked for on its branch: it is behind, pruned, or the block was "
                "rolled back",
            0};
}

// nullopt: this node takes no block hash here.
Result<std::optional<std::vector<CallResult>>> run_calls(JsonRpc& rpc, std::span<const Node::Call> calls,
                                                         const json& at, std::optional<Header>& header,
                                                         std::uint64_t number) {
    std::vector<RpcCall> requests;
    for (const Node::Call& call : calls) {
        requests.push_back({"eth_call", json::array({call_object(call.to, call.data), at})});
    }
    // After the calls: what they were asked of is still on the branch.
    requests.push_back({"eth_getBlockByNumber", json::array({quantity(number), false})});
    const Result<std::vector<RpcReply>> replies = rpc.send(requests);
    if (!replies) return replies.failure();
    std::vector<CallResult> out;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const RpcReply& reply = (*replies)[i];
        if (reply.error && reply.error->kind == RpcErrorKind::reverted) {
            out.push_back({true, reply.error->revert_data});
            continue;
        }
        const bool by_hash = at.is_object();
        if (reply.error && by_hash &&
            (reply.error->kind == RpcErrorKind::unknown_method || reply.error->code == -32602)) {
            return std::optional<std::vector<CallResult>>{};
        }
        if (reply.error) return reply.error->failure(rpc.label(), "eth_call");
        std::optional<Bytes> data = read_data(reply.result);
        if (!data) return rpc.garbage("a call's result that is no hex");
        out.push_back({false, std::move(*data)});
    }
    const RpcReply& last = replies->back();
    if (last.error) return last.error->failure(rpc.label(), "eth_getBlockByNumber");
    header = read_header(last.result);
    return std::optional{std::move(out)};
}

Result<Uint256> read_account(JsonRpc& rpc, const char* method, const Address& account, const json& at) {
    const Result<json> answer = rpc.call({method, json::array({account.lower_text(), at})});
    if (!answer) return answer.failure();
    const auto value = read_uint(*answer);
    if (!value) return rpc.garbage("no number");
    return *value;
}

}  // namespace

Result<Node::CallsAnswer> RpcNode::calls_at(std::span<const Call> calls, const Hash& block, std::uint64_t number) {
    std::optional<Header> header;
    auto results = run_calls(rpc_, calls, {{"blockHash", block.text()}}, header, number);
    if (!results) return results.failure();
    if (!*results) {  // by number, and the hash before and after must be the one asked for
        const Result<std::optional<Header>> before = this->header(number);
        if (!before) return before.failure();
        if (!*before || (*before)->hash != block) return unknown_position(label());
        results = run_calls(rpc_, calls, quantity(number), header, number);
        if (!results) return results.failure();
    }
    if (!header || header->hash != block) return unknown_position(label());
    return CallsAnswer{*header, std::move(**results)};
}

Result<Bytes> RpcNode::code_at(const Address& account, std::uint64_t number) {
    const Result<json> answer = rpc_.call({"eth_getCode", json::array({account.lower_text(), quantity(number)})});
    if (!answer) return answer.failure();
    std::optional<Bytes> code = read_data(*answer);
    if (!code) return rpc_.garbage("code that is no hex");
    return std::move(*code);
}

Result<Uint256> RpcNode::balance_at(const Address& account, std::uint64_t number) {
    return read_account(rpc_, "eth_getBalance", account, quantity(number));
}

Result<std::uint64_t> RpcNode::nonce_at(const Address& account, std::uint64_t number) {
    const Result<Uint256> value = read_account(rpc_, "eth_getTransactionCount", account, quantity(number));
    if (!value) return value.failure();
    const auto nonce = value->as_u64();
    if (!nonce) return rpc_.garbage("an absurd nonce");
    return *nonce;
}

Result<Node::Nonces> RpcNode::nonces(const Address& account) {
    const Result<Uint256> latest = read_account(rpc_, "eth_getTransactionCount", account, "latest");
    if (!latest) return latest.failure();
    const auto mined = latest->as_u64();
    if (!mined) return rpc_.garbage("an absurd nonce");
    // Not every node has a pending block.
    const Result<Uint256> pending = read_account(rpc_, "eth_getTransactionCount", account, "pending");
    const std::uint64_t queued = pending ? pending->as_u64().value_or(*mined) : *mined;
    return Nonces{*mined, std::max(*mined, queued)};
}

}  // namespace bh::evm
