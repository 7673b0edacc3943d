#include "plugins/chain-evm/rpc/json_rpc.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxBatch = 100;

json envelope(const RpcCall& call, std::uint32_t id) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"method", call.method}, {"params", call.params}};
}

}  // namespace

Failure JsonRpc::garbage(std::string_view what) const {
    return {BH_E_UNAVAILABLE, "endpoint_garbage",
            "the endpoint " + label() + " answered with something that is not Ethereum JSON-RPC (" + std::string{what} +
                "); check its URL",
            0};
}

Result<Answers> JsonRpc::exchange(const json& request, const RpcCall* calls, std::size_t count) {
    // One list of logs may fill an answer to the limit; what else is asked beside it is small.
    std::size_t max_bytes = 0;
    for (std::size_t i = 0; i < count; ++i) max_bytes = std::max(max_bytes, calls[i].max_log_bytes);
    const Results results = max_bytes == 0 ? Results::values : Results::logs;
    Result<std::string> text = transport_->post(request.dump(), max_bytes);
    if (!text) return text.failure();
    Result<Answers> answers = read_answers(*text, results);
    if (!answers) return garbage(answers.failure().message);
    return answers;
}

// The reply out of its envelope.
Result<RpcReply> JsonRpc::open(Answer& answer, const RpcCall& call) const {
    RpcReply out;
    if (answer.error) {
        out.error = read_rpc_error(*answer.error);
        return out;
    }
    if (!answer.result && !answer.logs) return garbage("neither result nor error");
    const bool wants_logs = call.max_log_bytes > 0;
    if (wants_logs != answer.logs.has_value()) {
        return garbage(wants_logs ? "logs that are no list" : "a list where none was asked for");
    }
    if (wants_logs) {
        out.logs = *std::move(answer.logs);
    } else {
        out.result = *std::move(answer.result);
    }
    return out;
}

Result<RpcReply> JsonRpc::send_one(const RpcCall& call) {
    const std::uint32_t id = next_id_.fetch_add(1);
    Result<Answers> answers = exchange(envelope(call, id), &call, 1);
    if (!answers) return answers.failure();
    if (answers->batch) return garbage("neither result nor error");
    Answer& answer = answers->items.front();
    Result<RpcReply> reply = open(answer, call);
    if (!reply) return reply;
    // Nodes answer a request that they could not read with id null.
    const bool unread = reply->error && answer.no_id;
    if (!unread && answer.id != id) return garbage("the id of another request");
    return reply;
}

Result<std::vector<RpcReply>> JsonRpc::send_batch(const RpcCall* calls, std::size_t count, bool& refused) {
    const std::uint32_t first = next_id_.fetch_add(static_cast<std::uint32_t>(count));
    json request = json::array();
    for (std::size_t i = 0; i < count; ++i) {
        request.push_back(envelope(calls[i], first + static_cast<std::uint32_t>(i)));
    }
    Result<Answers> answers = exchange(request, calls, count);
    if (!answers) {
        refused = answers.failure().reason == "endpoint_refused";
        return answers.failure();
    }
    if (!answers->batch) {
        refused = answers->items.front().error.has_value();
        return garbage("no batch");
    }
    std::vector<Answer*> by_call(count);
    for (Answer& item : answers->items) {
        if (!item.id || *item.id - first >= count || by_call[*item.id - first] != nullptr) {
            return garbage("a batch with wrong ids");
        }
        by_call[*item.id - first] = &item;
    }
    std::vector<RpcReply> out;
    for (std::size_t i = 0; i < count; ++i) {
        if (by_call[i] == nullptr) return garbage("an incomplete batch");
        Result<RpcReply> reply = open(*by_call[i], calls[i]);
        if (!reply) return reply.failure();
        out.push_back(*std::move(reply));
    }
    return out;
}

Result<std::vector<RpcReply>> JsonRpc::send(const std::vector<RpcCall>& calls) {
    std::vector<RpcReply> out;
    for (std::size_t at = 0; at < calls.size();) {
        const std::size_t count = std::min(calls.size() - at, kMaxBatch);
        if (count > 1 && batches_.load()) {
            bool refused = false;
            Result<std::vector<RpcReply>> part = send_batch(calls.data() + at, count, refused);
            if (part) {
                for (RpcReply& reply : *part) out.push_back(std::move(reply));
                at += count;
                continue;
            }
            if (!refused) return part.failure();
            batches_.store(false);
        }
        Result<RpcReply> reply = send_one(calls[at++]);
        if (!reply) return reply.failure();
        out.push_back(std::move(*reply));
    }
    return out;
}

Result<json> JsonRpc::call(const RpcCall& call) {
    Result<RpcReply> reply = send_one(call);
    if (!reply) return reply.failure();
    if (reply->error) return reply->error->failure(label(), call.method);
    return std::move(reply->result);
}

}  // namespace bh::evm
