#include "tests/plugins/mem-chain/state.hpp"

#include <algorithm>

namespace bh::mem {
namespace {

ChainBlock next_block(const ChainState& state, const std::string& parent, std::uint64_t height) {
    const std::string name = parent + "|" + std::to_string(height) + "|" + std::to_string(state.forks);
    return {{"0x" + pretended_hash(name), height}, parent, {static_cast<std::int64_t>(state.now)}, {}};
}

// The waiting transactions whose turn it is, in order; those that can never be mined any more are dropped.
std::vector<Transaction> take_from_pool(ChainState& state) {
    std::map<std::string, std::uint64_t> nonces = view_at(state, head(state).position.height).nonces;
    std::vector<Transaction> taken, waiting;
    for (Transaction& transaction : state.pool) {
        std::uint64_t& next = nonces[transaction.from];
        if (transaction.nonce == next) {
            ++next;
            taken.push_back(std::move(transaction));
        } else if (transaction.nonce > next) {
            waiting.push_back(std::move(transaction));
        }
    }
    state.pool = std::move(waiting);
    return taken;
}

void run_block(View& view, const ChainBlock& block) {
    std::uint32_t log_index = 0;
    for (const Transaction& transaction : block.transactions) {
        ++view.nonces[transaction.from];
        auto logs =
            view.ledger.apply(transaction.from, transaction.call, static_cast<std::uint64_t>(block.time.seconds));
        Mined& mined = view.mined[transaction.hash] = {block.position, block.time, !logs, {}};
        if (!logs) {
            mined.why = logs.failure().message;
            continue;
        }
        std::uint32_t ordinal = 0;
        for (ChainEvent& event : *logs) {
            event.position = block.position;
            event.time = block.time;
            event.tx = transaction.hash;
            event.log_index = log_index++;
            event.ordinal = ordinal++;
            view.logs.push_back(std::move(event));
        }
    }
}

// A cursor: all blocks below `height`, and `logs` logs of the block `id` there, have been reported.
struct Cursor {
    std::uint64_t height = 0, logs = 0;
    std::string id;
};

std::string write_cursor(const Cursor& cursor) {
    return std::to_string(cursor.height) + ":" + std::to_string(cursor.logs) + ":" + cursor.id;
}

std::optional<Cursor> read_cursor(std::string_view text) {
    Cursor cursor;
    int part = 0;
    for (const char c : text) {
        if (part == 2) {
            cursor.id += c;
        } else if (c == ':') {
            ++part;
        } else if (c >= '0' && c <= '9') {
            std::uint64_t& number = part == 0 ? cursor.height : cursor.logs;
            number = number * 10 + static_cast<std::uint64_t>(c - '0');
        } else {
            return std::nullopt;
        }
    }
    if (part != 2 || cursor.id.empty()) return std::nullopt;
    return cursor;
}

// The newest block of the current branch below the orphan `id`, or null when `id` was never seen.
const ChainBlock* ancestor_of(const ChainState& state, std::string id) {
    for (auto orphan = state.orphans.rbegin(); orphan != state.orphans.rend(); ++orphan) {
        if (orphan->position.id != id) continue;
        id = orphan->parent;
        const ChainBlock* block = find_block(state, {id, orphan->position.height - 1});
        if (block != nullptr) return block;
    }
    return nullptr;
}

}  // namespace

void begin(ChainState& state) {
    if (state.blocks.empty()) state.blocks.push_back(next_block(state, "0x", 0));
}

const ChainBlock& head(const ChainState& state) { return state.blocks.back(); }

Block block_of(const ChainBlock& block) { return {block.position, block.time}; }

const ChainBlock* find_block(const ChainState& state, const Position& position) {
    if (position.height >= state.blocks.size()) return nullptr;
    const ChainBlock& block = state.blocks[position.height];
    return block.position.id == position.id ? &block : nullptr;
}

View view_at(const ChainState& state, std::uint64_t height) {
    View view{Ledger{{state.agent, state.operator_key, state.treasury}}, {}, {}, {}};
    for (const ChainBlock& block : state.blocks)
        if (block.position.height <= height) run_block(view, block);
    return view;
}

void mine(ChainState& state, std::uint32_t blocks) {
    begin(state);
    for (std::uint32_t i = 0; i < blocks; ++i) {
        std::vector<Transaction> transactions = take_from_pool(state);
        state.now += state.block_time_s;
        state.blocks.push_back(next_block(state, head(state).position.id, head(state).position.height + 1));
        state.blocks.back().transactions = std::move(transactions);
    }
}

void reorg(ChainState& state, std::uint32_t depth, bool keep_transactions) {
    depth = std::min<std::uint32_t>(depth, static_cast<std::uint32_t>(state.blocks.size() - 1));
    std::vector<Transaction> again;
    const auto first = state.blocks.end() - depth;
    for (auto block = first; block != state.blocks.end(); ++block) {
        if (keep_transactions) again.insert(again.end(), block->transactions.begin(), block->transactions.end());
        block->transactions.clear();
        state.orphans.push_back(*block);
    }
    state.blocks.erase(first, state.blocks.end());
    state.pool.insert(state.pool.begin(), again.begin(), again.end());
    ++state.forks;
    mine(state, depth + 1);
}

Transaction prepare(const ChainState& state, const std::string& from, ContractCall call) {
    View view = view_at(state, head(state).position.height);
    Transaction transaction{{}, from, view.nonces[from], std::move(call)};
    for (const Transaction& waiting : state.pool)
        if (waiting.from == from) transaction.nonce = std::max(transaction.nonce, waiting.nonce + 1);
    transaction.hash = "0x" + pretended_hash(write_document(transaction));
    return transaction;
}

Result<ChainEvents> events_after(const ChainState& state, std::string_view text, std::uint32_t max) {
    Cursor cursor{0, 0, state.blocks.front().position.id};
    if (!text.empty()) {
        const auto parsed = read_cursor(text);
        if (!parsed) return invalid("bad_cursor", "the cursor is not one of this chain");
        cursor = *parsed;
    }
    ChainEvents answer;
    if (find_block(state, {cursor.id, cursor.height}) == nullptr) {
        const ChainBlock* valid = ancestor_of(state, cursor.id);
        if (valid == nullptr) return invalid("bad_cursor", "the cursor is not one of this chain");
        ChainEvent rollback;
        rollback.type = "rollback";
        rollback.position = valid->position;
        rollback.time = valid->time;
        answer.events.push_back(rollback);
        const ChainBlock& next = state.blocks[valid->position.height + 1];
        cursor = {next.position.height, 0, next.position.id};
    }
    for (const ChainEvent& event : view_at(state, head(state).position.height).logs) {
        const std::uint64_t height = event.position.height;
        if (height < cursor.height || (height == cursor.height && event.log_index < cursor.logs)) continue;
        if (answer.events.size() >= std::max<std::uint32_t>(max, 1)) {
            answer.more = true;
            break;
        }
        cursor = {height, event.log_index + std::uint64_t{1}, event.position.id};
        answer.events.push_back(event);
    }
    if (!answer.more && cursor.height < head(state).position.height)
        cursor = {head(state).position.height, 0, head(state).position.id};
    answer.cursor = write_cursor(cursor);
    answer.head = block_of(head(state));
    const std::uint64_t tip = head(state).position.height;
    answer.finalized = block_of(state.blocks[tip - std::min<std::uint64_t>(tip, state.finality_lag)]);
    answer.safe = answer.finalized;
    constexpr std::size_t kRecent = 512;
    for (std::size_t i = state.blocks.size() - std::min(state.blocks.size(), kRecent); i < state.blocks.size(); ++i)
        answer.recent.push_back(block_of(state.blocks[i]));
    return answer;
}

}  // namespace bh::mem
