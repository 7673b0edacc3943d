// JSON-RPC 2.0 over a transport: envelopes, ids, batches, and errors sorted by what they mean. Which node says what for
// the same thing was measured (anvil, Hardhat 2 and 3, Ganache, EthereumJS); the rules are in rpc/rpc_error.cpp.
// Safe on any thread.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/rpc/answer.hpp"
#include "plugins/chain-evm/rpc/transport.hpp"

#include <atomic>
#include <optional>
#include <vector>

namespace bh::evm {

enum class RpcErrorKind {
    reverted,        // the contract refused
    unknown_method,  // the node does not offer it
    too_many_logs,   // ask a smaller range
    no_state,        // the block is unknown to the node or its state is pruned
    nonce_too_low,   // another transaction of this nonce is in a block
    already_known,   // the same transaction waits there already
    underpriced,     // a replacement must pay more
    no_funds,        // the account can't pay
    rate_limited,
    other
};

struct RpcError {
    RpcErrorKind kind = RpcErrorKind::other;
    std::int64_t code = 0;
    std::string text;  // printable, at most 160 bytes; from the node, so never to be trusted
    Bytes revert_data;

    // As BH_E_UNAVAILABLE.
    [[nodiscard]] Failure failure(std::string_view endpoint, std::string_view method) const;
};

// Sorts the "error" member of a reply.
RpcError read_rpc_error(const nlohmann::json& error);

struct RpcCall {
    const char* method;
    nlohmann::json params = nlohmann::json::array();
    // Set for eth_getLogs: its result is read straight into RpcReply::logs, and from no more than so many bytes.
    std::size_t max_log_bytes = 0;
};

struct RpcReply {
    nlohmann::json result;
    std::optional<RpcError> error;
    std::vector<Log> logs;  // of a call with max_log_bytes, as read_answers vouches for them; `result` is null then
};

class JsonRpc {
public:
    explicit JsonRpc(std::unique_ptr<Transport> transport) : transport_{std::move(transport)} {}

    // One reply per call, in order. A failure is about the endpoint: it did not answer, or with something that is no
    // answer to this. Several calls go in one request if the node takes batches, else one after the other.
    Result<std::vector<RpcReply>> send(const std::vector<RpcCall>& calls);

    // One call whose error is a failure, too.
    Result<nlohmann::json> call(const RpcCall& call);

    [[nodiscard]] const std::string& label() const { return transport_->label(); }
    void interrupt() { transport_->interrupt(); }
    [[nodiscard]] Failure garbage(std::string_view what) const;

private:
    Result<RpcReply> send_one(const RpcCall& call);
    Result<std::vector<RpcReply>> send_batch(const RpcCall* calls, std::size_t count, bool& refused);
    Result<Answers> exchange(const nlohmann::json& request, const RpcCall* calls, std::size_t count);
    Result<RpcReply> open(Answer& answer, const RpcCall& call) const;

    std::unique_ptr<Transport> transport_;
    std::atomic<std::uint32_t> next_id_{1};
    std::atomic<bool> batches_{true};
};

}  // namespace bh::evm
