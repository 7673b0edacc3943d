// What this plugin asks an Ethereum node, typed. Answers are checked for form here and for meaning by the callers.
// Every failure is about the endpoint (BH_E_UNAVAILABLE) unless said otherwise. Safe on any thread.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugins/chain-evm/abi/types.hpp"
#include "plugins/chain-evm/contract/events.hpp"
#include "plugins/chain-evm/rpc/transport.hpp"

#include <span>

namespace bh::evm {

class JsonRpc;

struct Header {
    std::uint64_t number = 0;
    Hash hash;
    Hash parent;
    std::int64_t time = 0;
    std::uint64_t gas_limit = 0;
    std::optional<std::uint64_t> base_fee;  // wei per gas; absent before EIP-1559
};
Block to_block(const Header& header);

struct Tips {
    std::uint64_t chain_id = 0;
    Header head;
    std::optional<Header> safe, finalized;
};

struct TxReceipt {
    Hash tx;
    std::uint64_t block = 0;
    Hash block_hash;
    bool success = false;
    Uint256 fee;
};

struct FeeHistory {
    std::uint64_t next_base_fee = 0;
    std::uint64_t priority_fee = 0;
};

// What became of a raw transaction that was offered.
enum class Broadcast { accepted, nonce_used, underpriced, no_funds, refused };
struct BroadcastResult {
    Broadcast outcome = Broadcast::refused;
    std::string text;  // the node's words
};

// A call's answer: its data, or what it reverted with.
struct CallResult {
    bool reverted = false;
    Bytes data;
};

class Node {
public:
    explicit Node(std::unique_ptr<Transport> transport);
    ~Node();

    Result<Tips> tips(bool finality_tags);
    Result<std::uint64_t> chain_id();
    // In the order of `numbers`; nullopt: no such block on the node's branch.
    Result<std::vector<std::optional<Header>>> headers(std::span<const std::uint64_t> numbers);
    Result<std::optional<Header>> header(std::uint64_t number);

    // Reason "too_many_logs" or "answer_too_large": ask a smaller range. Never ask above the head.
    Result<std::vector<Log>> logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to);
    Result<std::vector<Log>> logs_of_block(std::span<const Address> addresses, const Hash& block);

    struct Call {
        Address to;
        Bytes data;
    };
    // At the block with that hash, which must be the one of that number on the node's branch; reason "position_unknown"
    // when it is not, or its state is gone. Also gives the block's header.
    struct CallsAnswer {
        Header header;
        std::vector<CallResult> results;
    };
    Result<CallsAnswer> calls_at(std::span<const Call> calls, const Hash& block, std::uint64_t number);

    Result<Bytes> code_at(const Address& account, std::uint64_t number);
    Result<Uint256> balance_at(const Address& account, std::uint64_t number);
    Result<std::uint64_t> nonce_at(const Address& account, std::uint64_t number);
    struct Nonces {
        std::uint64_t latest = 0, pending = 0;
    };
    Result<Nonces> nonces(const Address& account);

    // By eth_call and eth_estimateGas on the head. `reverted` with the revert's data, or the gas.
    struct Estimate {
        bool reverted = false;
        Bytes revert_data;
        std::uint64_t gas = 0;
    };
    // `to` nullopt: creates a contract.
    Result<Estimate> estimate(const Address& from, const std::optional<Address>& to, const Bytes& data);
    Result<FeeHistory> fees();

    Result<BroadcastResult> broadcast(const Bytes& raw);
    // In the order of `hashes`; nullopt: in no block that the node knows.
    Result<std::vector<std::optional<TxReceipt>>> receipts(std::span<const Hash> hashes);
    // Whether the node holds it, in its pool or in a block.
    Result<std::vector<bool>> known(std::span<const Hash> hashes);

    [[nodiscard]] const std::string& label() const;

private:
    std::unique_ptr<JsonRpc> rpc_;
};

}  // namespace bh::evm
