// Poller: turns logs into events.
#include "plugins/chain-evm/poll/poller.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::size_t kDefaultMax = 256;
// A document holds 1 MiB; this much of it is for events, with room for their JSON.
constexpr std::size_t kMaxEventBytes = 500'000;
constexpr std::size_t kMaxPlanBytes = 250'000;  // texts of plans that are read from the contract
constexpr std::size_t kEventBytes = 900;

// Hex doubles the data; a resources text may be escaped.
std::size_t size_in_json(const Log& log) { return kEventBytes + 2 * log.data.size(); }

// Which of the two contracts' logs of its transaction it is.
std::vector<std::uint32_t> ordinals(std::span<const Log> logs) {
    std::vector<std::uint32_t> out;
    for (std::size_t i = 0; i < logs.size(); ++i) {
        const bool follows = i > 0 && logs[i - 1].tx == logs[i].tx && logs[i - 1].block == logs[i].block;
        out.push_back(follows ? out.back() + 1 : 0);
    }
    return out;
}

// How many of `logs` fit into one answer, at least one.
std::size_t fitting(std::span<const Log> logs, std::size_t max) {
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (count < logs.size() && count < max) {
        bytes += size_in_json(logs[count]);
        if (count > 0 && bytes > kMaxEventBytes) break;
        ++count;
    }
    return count;
}

}  // namespace

Status Poller::report(Cursor& cursor, const Scan& scan, std::uint32_t max, ChainEvents& out) {
    const std::span<const Log> logs{scan.logs};
    const std::size_t skip = cursor.part ? cursor.part->reported : 0;
    if (skip > logs.size()) {
        return Failure{BH_E_UNAVAILABLE, "endpoint_behind",
                       "the endpoint " + node_.label() + " gives fewer logs of a block than before", 1000};
    }
    std::size_t end = skip + fitting(logs.subspan(skip), max == 0 ? kDefaultMax : max);
    const Result<std::map<std::uint64_t, Mark>> blocks =
        blocks_of(cursor, logs.subspan(skip, end - skip + (end == logs.size() ? 0 : 1)));
    if (!blocks) return blocks.failure();

    const std::vector<std::uint32_t> ordinal = ordinals(logs);
    std::size_t plan_bytes = 0;
    const At head{cursor.branch.back().hash, cursor.branch.back().height};
    for (std::size_t i = skip; i < end; ++i) {
        Result<ChainEvent> event = deployment_.decode(logs[i]);
        if (!event) return event.failure().within("block " + std::to_string(logs[i].block));
        const Block block = blocks->at(logs[i].block).block();
        event->position = block.position;
        event->time = block.time;
        event->tx = logs[i].tx.text();
        event->log_index = logs[i].index;
        event->ordinal = ordinal[i];
        if (const Status status = deployment_.complete(node_, *event, logs[i], head); !status) return status;
        if (event->plan_state) plan_bytes += 2 * event->plan_state->resources.size();
        if (plan_bytes > kMaxPlanBytes) end = i + 1;
        out.events.push_back(std::move(*event));
    }
    if (end == logs.size()) {
        cursor.scanned = scan.last;
        cursor.part.reset();
    } else {
        const Log& next = logs[end];
        range_ = next.block - logs.front().block + 1;  // the rest of a larger one would be read again and again
        const auto reported = std::ranges::count(logs.first(end), next.block, &Log::block);
        cursor.part = Cursor::Part{blocks->at(next.block), static_cast<std::uint32_t>(reported)};
    }
    return {};
}

}  // namespace bh::evm
