// What this plugin asks of an Ethereum chain, typed: of one node (rpc/rpc_node.hpp), or of several that must agree
// (rpc/quorum.hpp). Answers are checked for form here and for meaning by the callers. Every failure is about the
// endpoint (BH_E_UNAVAILABLE) unless said otherwise. Safe on any thread.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugins/chain-evm/abi/types.hpp"
#include "plugins/chain-evm/proof/bloom.hpp"

#include <span>

namespace bh::evm {

struct Header {
    std::uint64_t number = 0;
    Hash hash;
    Hash parent;
    std::int64_t time = 0;
    std::uint64_t gas_limit = 0;
    std::optional<std::uint64_t> base_fee;  // wei per gas; absent before EIP-1559
    Hash transactions_root, receipts_root;
    Bloom bloom{};
    // Whether `hash` was computed from all its members: then whoever agrees about the hash agrees about them.
    bool proven = false;
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

// Logs, and the last block of what was asked, which the node had when it answered.
struct LogsAnswer {
    std::vector<Log> logs;
    Header last;
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
    virtual ~Node() = default;

    virtual Result<Tips> tips(bool finality_tags) = 0;
    virtual Result<std::uint64_t> chain_id() = 0;
    // In the order of `numbers`; nullopt: no such block on the node's branch.
    virtual Result<std::vector<std::optional<Header>>> headers(std::span<const std::uint64_t> numbers) = 0;
    Result<std::optional<Header>> header(std::uint64_t number);

    // Reason "too_many_logs" or "answer_too_large": ask a smaller range; "endpoint_behind": the node does not have
    // block `to`, so that its answer is none. Never ask above the head.
    virtual Result<LogsAnswer> logs(std::span<const Address> addresses, std::uint64_t from, std::uint64_t to) = 0;
    // Reason "position_unknown": the node does not have the block.
    virtual Result<LogsAnswer> logs_of_block(std::span<const Address> addresses, const Hash& block) = 0;

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
    virtual Result<CallsAnswer> calls_at(std::span<const Call> calls, const Hash& block, std::uint64_t number) = 0;

    virtual Result<Bytes> code_at(const Address& account, std::uint64_t number) = 0;
    virtual Result<Uint256> balance_at(const Address& account, std::uint64_t number) = 0;
    virtual Result<std::uint64_t> nonce_at(const Address& account, std::uint64_t number) = 0;
    struct Nonces {
        std::uint64_t latest = 0, pending = 0;
    };
    virtual Result<Nonces> nonces(const Address& account) = 0;

    // By eth_call and eth_estimateGas on the head. `reverted` with the revert's data, or the gas.
    struct Estimate {
        bool reverted = false;
        Bytes revert_data;
        std::uint64_t gas = 0;
    };
    // `to` nullopt: creates a contract.
    virtual Result<Estimate> estimate(const Address& from, const std::optional<Address>& to, const Bytes& data) = 0;
    virtual Result<FeeHistory> fees() = 0;

    virtual Result<BroadcastResult> broadcast(const Bytes& raw) = 0;
    // In the order of `hashes`; nullopt: in no block that the node knows.
    virtual Result<std::vector<std::optional<TxReceipt>>> receipts(std::span<const Hash> hashes) = 0;
    // Whether the node holds it, in its pool or in a block.
    virtual Result<std::vector<bool>> known(std::span<const Hash> hashes) = 0;
    // The data that each was called with, proven by its hash; empty for one of a type that proof/consensus.hpp does not
    // know. Every one must be in a block.
    virtual Result<std::vector<Bytes>> inputs(std::span<const Hash> hashes) = 0;

    // What may be shown and logged of whom is asked.
    [[nodiscard]] virtual const std::string& label() const = 0;
};

}  // namespace bh::evm
