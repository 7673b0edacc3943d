// Follows the chain's head and finds out when it moved to another branch. A branch is a list of marks
// (poll/cursor.hpp): every block of the newest `depth` + 1, each checked to be the child of the one before, and a few
// older ones.
#pragma once

#include "plugins/chain-evm/poll/cursor.hpp"

namespace bh::evm {

// The answer of find_*: nullptr if that height is not in the branch.
const Mark* mark_at(const std::vector<Mark>& branch, std::uint64_t height);

// The newest part of a branch without gaps.
std::span<const Mark> dense_part(const std::vector<Mark>& branch);

struct Advance {
    std::vector<Mark> branch;
    // Set when the old branch's head is no longer on the chain: the newest old mark that still is; nullopt inside
    // means that none is.
    std::optional<std::optional<Mark>> rolled_back_to;
};

// The branch that ends with `head`. A head that the old branch knows is a node that lags behind: nothing changes.
// BH_E_UNAVAILABLE "endpoint_moved": the node changed its branch while it was asked; ask again.
Result<Advance> advance(Node& node, const std::vector<Mark>& old, const Header& head, std::uint32_t depth);

}  // namespace bh::evm
