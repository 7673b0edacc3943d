// Poller: reads logs and vouches for them.
#include "plugins/chain-evm/poll/branch.hpp"
#include "plugins/chain-evm/poll/poller.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

Failure moved(const Node& node) {
    constexpr std::uint32_t kPauseMs = 200;
    return {BH_E_UNAVAILABLE, "endpoint_moved",
            "the endpoint " + node.label() + " changed its branch while its logs were read; it is asked again",
            kPauseMs};
}

Failure behind(const Node& node, std::uint64_t block) {
    constexpr std::uint32_t kPauseMs = 1000;
    return {BH_E_UNAVAILABLE, "endpoint_behind",
            "the endpoint " + node.label() + " does not have block " + std::to_string(block) +
                ", so its answer about logs counts as none",
            kPauseMs};
}

bool smaller_range_helps(const Failure& failure) {
    return failure.reason == "too_many_logs" || failure.reason == "answer_too_large" ||
           failure.reason == "endpoint_timeout";
}

// Every log belongs to the block that the branch has at its height.
bool agree(std::span<const Log> logs, const std::vector<Mark>& branch) {
    return std::ranges::all_of(logs, [&](const Log& log) {
        const Mark* mark = mark_at(branch, log.block);
        return mark == nullptr || mark->hash == log.block_hash;
    });
}

}  // namespace

Result<Poller::Scan> Poller::scan(const Cursor& cursor, std::uint64_t from) {
    const Mark& head = cursor.branch.back();
    if (from == head.height) return scan_head(head);
    for (;;) {
        const std::uint64_t to = std::min(head.height, from + range_ - 1);
        Result<Scan> out = scan_range(cursor, from, to);
        if (out) {
            range_ = std::min(config_.profile.logs.max_range, range_ * 2);
            return out;
        }
        if (!smaller_range_helps(out.failure()) || to == from) return out;
        range_ = std::max<std::uint64_t>(1, (to - from + 1) / 2);
    }
}

// Asked by its hash, a block's logs can't be those of another branch.
Result<Poller::Scan> Poller::scan_head(const Mark& head) {
    const Address addresses[] = {config_.contract, config_.credential};
    Result<LogsAnswer> answer = node_.logs_of_block(addresses, head.hash);
    if (!answer && answer.failure().reason == "position_unknown") return moved(node_);
    if (!answer) return answer.failure();
    const bool all_of_it = std::ranges::all_of(
        answer->logs, [&](const Log& log) { return log.block == head.height && log.block_hash == head.hash; });
    if (!all_of_it) return moved(node_);
    return Scan{head, std::move(answer->logs)};
}

Result<Poller::Scan> Poller::scan_range(const Cursor& cursor, std::uint64_t from, std::uint64_t to) {
    const Address addresses[] = {config_.contract, config_.credential};
    std::optional<Mark> last;
    if (const Mark* known = mark_at(cursor.branch, to)) {
        last = *known;
    } else {
        const Result<std::optional<Header>> before = node_.header(to);
        if (!before) return before.failure();
        if (!*before) return behind(node_, to);
        last = Mark::of(**before);
    }
    Result<LogsAnswer> answer = node_.logs(addresses, from, to);
    if (!answer) return answer.failure();
    if (answer->last.hash != last->hash || !agree(answer->logs, cursor.branch)) return moved(node_);
    return Scan{*last, std::move(answer->logs)};
}

Result<std::map<std::uint64_t, Mark>> Poller::blocks_of(const Cursor& cursor, std::span<const Log> logs) {
    std::map<std::uint64_t, Mark> out;
    std::vector<std::uint64_t> unknown;
    for (const Log& log : logs) {
        if (out.contains(log.block) || (!unknown.empty() && unknown.back() == log.block)) continue;
        if (const Mark* mark = mark_at(cursor.branch, log.block)) {
            out.emplace(log.block, *mark);
        } else {
            unknown.push_back(log.block);
        }
    }
    if (!unknown.empty()) {
        const Result<std::vector<std::optional<Header>>> headers = node_.headers(unknown);
        if (!headers) return headers.failure();
        for (std::size_t i = 0; i < unknown.size(); ++i) {
            if (!(*headers)[i]) return behind(node_, unknown[i]);
            out.emplace(unknown[i], Mark::of(*(*headers)[i]));
        }
    }
    const bool same =
        std::ranges::all_of(logs, [&](const Log& log) { return out.at(log.block).hash == log.block_hash; });
    if (!same) return moved(node_);
    return out;
}

}  // namespace bh::evm
