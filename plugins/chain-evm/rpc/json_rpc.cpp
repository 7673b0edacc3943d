#include "plugins/chain-evm/rpc/json_rpc.hpp"

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxBatch = 100;

json envelope(const RpcCall& call, std::uint32_t id) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"method", call.method}, {"params", call.params}};
}

// The reply, taken out of its envelope (a copy of many logs costs as much as reading them), or nullopt if it is none.
std::optional<RpcReply> open_envelope(json& answer) {
    if (!answer.is_object()) return std::nullopt;
    if (const auto error = answer.find("error"); error != answer.end() && !error->is_null()) {
        return RpcReply{nullptr, read_rpc_error(*error)};
    }
    const auto result = answer.find("result");
    if (result == answer.end()) return std::nullopt;
    return RpcReply{std::move(*result), std::nullopt};
}

std::optional<std::uint32_t> id_of(const json& answer) {
    const auto id = answer.is_object() ? answer.find("id") : answer.end();
    if (!answer.is_object() || id == answer.end() || !id->is_number_unsigned()) return std::nullopt;
    const auto value = id->get<std::uint64_t>();
    if (value > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

}  // namespace

Failure JsonRpc::garbage(std::string_view what) const {
    return {BH_E_UNAVAILABLE, "endpoint_garbage",
            "the endpoint " + label() + " answered with something that is not Ethereum JSON-RPC (" + std::string{what} +
                "); check its URL",
            0};
}

Result<json> JsonRpc::exchange(const json& request) {
    const Result<std::string> text = transport_->post(request.dump());
    if (!text) return text.failure();
    json answer = json::parse(*text, nullptr, false);
    if (answer.is_discarded()) return garbage("not JSON");
    return answer;
}

Result<RpcReply> JsonRpc::send_one(const RpcCall& call) {
    const std::uint32_t id = next_id_.fetch_add(1);
    Result<json> answer = exchange(envelope(call, id));
    if (!answer) return answer.failure();
    std::optional<RpcReply> reply = open_envelope(*answer);
    if (!reply) return garbage("neither result nor error");
    // Nodes answer a request that they could not read with id null.
    const auto got = answer->find("id");
    const bool unread = reply->error && (got == answer->end() || got->is_null());
    if (!unread && id_of(*answer) != id) return garbage("the id of another request");
    return *std::move(reply);
}

Result<std::vector<RpcReply>> JsonRpc::send_batch(const RpcCall* calls, std::size_t count, bool& refused) {
    const std::uint32_t first = next_id_.fetch_add(static_cast<std::uint32_t>(count));
    json request = json::array();
    for (std::size_t i = 0; i < count; ++i) {
        request.push_back(envelope(calls[i], first + static_cast<std::uint32_t>(i)));
    }
    Result<json> answer = exchange(request);
    if (!answer) {
        refused = answer.failure().reason == "endpoint_refused";
        return answer.failure();
    }
    if (!answer->is_array()) {
        refused = answer->is_object() && answer->contains("error");
        return garbage("no batch");
    }
    std::vector<std::optional<RpcReply>> replies(count);
    for (json& item : *answer) {
        const std::optional<std::uint32_t> id = id_of(item);
        if (!id || *id - first >= count || replies[*id - first]) return garbage("a batch with wrong ids");
        replies[*id - first] = open_envelope(item);
    }
    std::vector<RpcReply> out;
    for (std::optional<RpcReply>& reply : replies) {
        if (!reply) return garbage("an incomplete batch");
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
