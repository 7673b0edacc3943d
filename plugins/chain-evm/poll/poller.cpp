#include "plugins/chain-evm/poll/poller.hpp"

#include "plugins/chain-evm/poll/branch.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr int kAttempts = 3;  // while the node moves under us
// Nobody knows yet how many logs a block has: an answer that is too large costs the node more than it costs to begin
// with a few blocks and double.
constexpr std::uint64_t kFirstRange = 32;

// Forgets what is not on the branch any more. Everything below a block that was reported in part is reported.
void roll_back(Cursor& cursor, const std::optional<Mark>& ancestor, std::uint64_t start_block) {
    if (cursor.part && ancestor && ancestor->height >= cursor.part->block.height) return;
    const bool above = cursor.scanned && (!ancestor || ancestor->height < cursor.scanned->height);
    if (cursor.part || above) cursor.scanned = ancestor;
    cursor.part.reset();
    if (cursor.scanned && cursor.scanned->height < start_block) cursor.scanned.reset();
}

std::uint64_t next_block(const Cursor& cursor, std::uint64_t start_block) {
    if (cursor.part) return cursor.part->block.height;
    return cursor.scanned ? cursor.scanned->height + 1 : start_block;
}

ChainEvent rollback_event(const Mark& to) {
    ChainEvent event;
    event.type = "rollback";
    event.position = to.block().position;
    event.time = to.block().time;
    return event;
}

// A final block is one of our branch, or older than it goes back.
std::optional<Mark> on_branch(const std::vector<Mark>& branch, const std::optional<Header>& header) {
    if (!header || header->number > branch.back().height) return std::nullopt;
    const Mark* mark = mark_at(branch, header->number);
    if (mark != nullptr && mark->hash != header->hash) return std::nullopt;
    return Mark::of(*header);
}

}  // namespace

Poller::Poller(Node& node, const Config& config, Deployment& deployment)
    : node_{node},
      config_{config},
      deployment_{deployment},
      range_{std::min(kFirstRange, config.profile.logs.max_range)} {}

Result<ChainEvents> Poller::poll(std::string_view cursor, std::uint32_t max, const std::function<bool()>& stop) {
    Result<ChainEvents> out = attempt(cursor, max);
    for (int i = 1; i < kAttempts && !out && out.failure().reason == "endpoint_moved" && !stop(); ++i) {
        out = attempt(cursor, max);
    }
    return out;
}

Result<ChainEvents> Poller::attempt(std::string_view text, std::uint32_t max) {
    Result<Cursor> cursor = parse_cursor(text, config_.profile.chain_id, config_.contract);
    if (!cursor) return cursor.failure();
    const Result<Tips> tips = node_.tips(config_.profile.finality.tags);
    if (!tips) return tips.failure();
    const Result<Advance> moved = advance(node_, cursor->branch, tips->head, config_.profile.finality.depth);
    if (!moved) return moved.failure();

    ChainEvents out;
    cursor->branch = moved->branch;
    if (moved->rolled_back_to) {
        std::optional<Mark> ancestor = *moved->rolled_back_to;
        roll_back(*cursor, ancestor, config_.start_block);
        if (!ancestor) {  // nothing that was ever reported is valid
            const Result<std::optional<Header>> floor =
                node_.header(std::max<std::uint64_t>(config_.start_block, 1) - 1);
            if (!floor) return floor.failure();
            ancestor = *floor ? Mark::of(**floor) : cursor->branch.front();
        }
        out.events.push_back(rollback_event(*ancestor));
    }
    const Mark head = cursor->branch.back();
    if (head.hash == tips->head.hash) {  // else the node lags, and what it calls final is old
        cursor->safe = on_branch(cursor->branch, tips->safe);
        cursor->finalized = on_branch(cursor->branch, tips->finalized);
    }

    const bool current = head.hash == tips->head.hash;
    const std::uint64_t from = next_block(*cursor, config_.start_block);
    if (current && from <= head.height) {
        const Result<Scan> scanned = scan(*cursor, from);
        if (!scanned) return scanned.failure();
        if (const Status status = report(*cursor, *scanned, max, out); !status) return status.failure();
    }
    out.head = head.block();
    if (cursor->safe) out.safe = cursor->safe->block();
    if (cursor->finalized) out.finalized = cursor->finalized->block();
    for (const Mark& mark : dense_part(cursor->branch)) out.recent.push_back(mark.block());
    out.more = current && next_block(*cursor, config_.start_block) <= head.height;
    out.cursor = cursor_text(*cursor);
    return out;
}

}  // namespace bh::evm
