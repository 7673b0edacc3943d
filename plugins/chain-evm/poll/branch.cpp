#include "plugins/chain-evm/poll/branch.hpp"

#include <algorithm>
#include <bit>

namespace bh::evm {
namespace {

Failure moved(const Node& node) {
    constexpr std::uint32_t kPauseMs = 200;
    return {BH_E_UNAVAILABLE, "endpoint_moved",
            "the endpoint " + node.label() + " changed its branch while it was asked; it is asked again", kPauseMs};
}

// Blocks from..head.number, checked to be one chain that ends in `head`.
struct Chain {
    std::vector<Mark> marks;
    Hash parent;  // of the first
};
Result<Chain> read_chain(Node& node, std::uint64_t from, const Header& head) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = from; number < head.number; ++number) numbers.push_back(number);
    const Result<std::vector<std::optional<Header>>> headers = node.headers(numbers);
    if (!headers) return headers.failure();
    Chain chain{{}, head.parent};
    const Hash* before = nullptr;
    for (const std::optional<Header>& header : *headers) {
        if (!header || (before != nullptr && header->parent != *before)) return moved(node);
        if (before == nullptr) chain.parent = header->parent;
        chain.marks.push_back(Mark::of(*header));
        before = &header->hash;
    }
    if (before != nullptr && head.parent != *before) return moved(node);
    chain.marks.push_back(Mark::of(head));
    return chain;
}

// Of the marks below the dense part about one per doubling of the distance stays.
std::vector<Mark> join(const std::vector<Mark>& old, std::vector<Mark> fresh, std::uint64_t dense_from) {
    const std::uint64_t head = fresh.back().height;
    std::vector<Mark> out;
    for (const Mark& mark : old) {
        if (mark.height >= fresh.front().height) break;
        if (mark.height >= dense_from || mark.height % std::bit_ceil(head - mark.height) == 0) out.push_back(mark);
    }
    out.insert(out.end(), fresh.begin(), fresh.end());
    return out;
}

// The newest mark of `old` that is still on the chain that `fresh` is the top of.
Result<std::optional<Mark>> common_ancestor(Node& node, const std::vector<Mark>& old, const std::vector<Mark>& fresh) {
    for (auto mark = old.rbegin(); mark != old.rend(); ++mark) {
        if (mark->height > fresh.back().height) continue;
        if (mark->height >= fresh.front().height) {
            const Mark* now = mark_at(fresh, mark->height);
            if (now != nullptr && now->hash == mark->hash) return std::optional{*mark};
            continue;
        }
        const Result<std::optional<Header>> now = node.header(mark->height);
        if (!now) return now.failure();
        if (*now && (*now)->hash == mark->hash) return std::optional{*mark};
    }
    return std::optional<Mark>{};
}

}  // namespace

const Mark* mark_at(const std::vector<Mark>& branch, std::uint64_t height) {
    const auto found = std::ranges::lower_bound(branch, height, {}, &Mark::height);
    return found != branch.end() && found->height == height ? &*found : nullptr;
}

std::span<const Mark> dense_part(const std::vector<Mark>& branch) {
    std::size_t first = branch.size();
    while (first > 0 && (first == branch.size() || branch[first - 1].height + 1 == branch[first].height)) --first;
    return std::span{branch}.subspan(first);
}

Result<Advance> advance(Node& node, const std::vector<Mark>& old, const Header& head, std::uint32_t depth) {
    const std::uint64_t dense_from = head.number > depth ? head.number - depth : 0;
    if (const Mark* known = mark_at(old, head.number); known != nullptr && known->hash == head.hash) {
        return Advance{old, std::nullopt};
    }
    // The usual case: a few blocks on top of what is known.
    const bool near = !old.empty() && old.back().height < head.number && old.back().height >= dense_from;
    if (near && dense_part(old).front().height <= dense_from) {
        const Result<Chain> chain = read_chain(node, old.back().height + 1, head);
        if (!chain) return chain.failure();
        if (chain->parent == old.back().hash) return Advance{join(old, chain->marks, dense_from), std::nullopt};
    }
    const Result<Chain> chain = read_chain(node, dense_from, head);
    if (!chain) return chain.failure();
    if (old.empty()) return Advance{chain->marks, std::nullopt};
    const Result<std::optional<Mark>> ancestor = common_ancestor(node, old, chain->marks);
    if (!ancestor) return ancestor.failure();
    if (*ancestor == old.back()) return Advance{join(old, chain->marks, dense_from), std::nullopt};
    std::vector<Mark> kept;
    for (const Mark& mark : old) {
        if (*ancestor && mark.height <= (*ancestor)->height) kept.push_back(mark);
    }
    return Advance{join(kept, chain->marks, dense_from), *ancestor};
}

}  // namespace bh::evm
