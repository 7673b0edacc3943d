// The pretended chain: blocks of transactions, a pool of waiting ones, and what was orphaned. The contract's state is
// never stored: it is what the transactions up to a block do (ledger.hpp), so every past position can be asked.
#pragma once

#include "plugin-api/documents/fields/chain.hpp"
#include "tests/plugins/mem-chain/ledger.hpp"
#include "tests/plugins/state/backend.hpp"

namespace bh::mem {

struct Transaction {
    std::string hash, from;
    std::uint64_t nonce = 0;
    ContractCall call;
};

struct ChainBlock {
    Position position;
    std::string parent;
    UnixTime time;
    std::vector<Transaction> transactions;
};

struct ChainState {
    std::string chain = "mem:1";
    std::string contract = "0x00000000000000000000000000000000000000c0";
    std::string credential = "0x00000000000000000000000000000000000000c1";
    std::string agent = "0x00000000000000000000000000000000000000a9";
    std::string operator_key = "0x00000000000000000000000000000000000000a0";
    std::string treasury = "0x00000000000000000000000000000000000000a1";
    std::uint64_t now = 1795000000;  // time of the newest block
    std::uint32_t block_time_s = 1;
    std::vector<ChainBlock> blocks;     // the current branch, from block 0 on
    std::vector<ChainBlock> orphans;    // without their transactions
    std::vector<Transaction> pool;      // waiting, in the order they will be mined
    std::uint32_t finality_lag = 2;     // finalized = head - lag
    std::uint32_t forks = 0;            // makes ids of another branch differ
    std::uint32_t endpoints = 3;        // how many answer; `min_agree` above that is refused
    std::uint32_t blocks_per_poll = 0;  // mined by each poll(), so that a host alone sees time pass
    std::uint32_t estimate = 1;         // submit() refuses what would revert now; 0: it is sent
};

template <class F>
void fields(F& f, Is<ContractCall> auto& x) {
    f.required("function", x.function, "");
    f.optional("subscription", x.subscription, "");
    f.optional("plan", x.plan, "");
    f.optional("order", x.order, "");
    f.optional("to", x.to, "");
    f.optional("text", x.text, "");
    f.optional("days", x.days, "");
    f.optional("price_per_day", x.price_per_day, "");
    f.optional("window_s", x.window_s, "");
    f.optional("grace_s", x.grace_s, "");
    f.optional("total", x.total, "");
    f.optional("from", x.from, "");
    f.optional("until", x.until, "");
    f.optional("deadline", x.deadline, "");
    f.optional("setup_days", x.setup_days, "");
    f.required("active", x.active, "");
    f.optional("data", x.data, "");
    f.optional("subscriptions", x.subscriptions, "");
}
template <class F>
void fields(F& f, Is<Transaction> auto& x) {
    f.required("hash", x.hash, "");
    f.required("from", x.from, "");
    f.required("nonce", x.nonce, "");
    f.required("call", x.call, "");
}
template <class F>
void fields(F& f, Is<ChainBlock> auto& x) {
    f.required("position", x.position, "");
    f.required("parent", x.parent, "");
    f.required("time", x.time, "");
    f.optional("transactions", x.transactions, "");
}
template <class F>
void fields(F& f, Is<ChainState> auto& x) {
    f.required("chain", x.chain, "");
    f.required("contract", x.contract, "");
    f.required("credential", x.credential, "");
    f.required("agent", x.agent, "");
    f.required("operator_key", x.operator_key, "");
    f.required("treasury", x.treasury, "");
    f.required("now", x.now, "");
    f.required("block_time_s", x.block_time_s, "");
    f.required("blocks", x.blocks, "");
    f.optional("orphans", x.orphans, "");
    f.optional("pool", x.pool, "");
    f.required("finality_lag", x.finality_lag, "");
    f.optional("forks", x.forks, "");
    f.required("endpoints", x.endpoints, "");
    f.optional("blocks_per_poll", x.blocks_per_poll, "");
    f.required("estimate", x.estimate, "");
}

using ChainBackend = Backend<ChainState>;

inline constexpr std::uint64_t kFee = 21;                       // of each transaction
inline constexpr std::uint64_t kPurse = 1'000'000'000'000'000;  // what the agent starts with

// What is so at one block.
struct Mined {
    Position position;
    UnixTime time;
    bool reverted = false;
    std::string why;
};
struct View {
    Ledger ledger;
    std::vector<ChainEvent> logs;        // from block 0 on
    std::map<std::string, Mined> mined;  // by transaction hash
    std::map<std::string, std::uint64_t> nonces;
};

void begin(ChainState& state);  // makes block 0 if there is none
[[nodiscard]] const ChainBlock& head(const ChainState& state);
[[nodiscard]] Block block_of(const ChainBlock& block);
[[nodiscard]] View view_at(const ChainState& state, std::uint64_t height);
// The block on the current branch, or null.
[[nodiscard]] const ChainBlock* find_block(const ChainState& state, const Position& position);

void mine(ChainState& state, std::uint32_t blocks);
// Replaces the newest `depth` blocks by depth + 1 others; their transactions are mined again, or are gone for good.
void reorg(ChainState& state, std::uint32_t depth, bool keep_transactions);
// The transaction that `from` would send next.
[[nodiscard]] Transaction prepare(const ChainState& state, const std::string& from, ContractCall call);

// What the verb poll answers.
Result<ChainEvents> events_after(const ChainState& state, std::string_view cursor, std::uint32_t max);

}  // namespace bh::mem
