// The root that a block's header has for a list: that of the Merkle-Patricia trie with rlp(i) -> item i (Ethereum
// yellow paper, appendix D). Transactions and receipts are such lists. Pure.
#pragma once

#include "plugins/chain-evm/abi/types.hpp"

#include <span>

namespace bh::evm {

// `items`: each as the trie holds it, so encoded already.
Hash list_root(std::span<const Bytes> items);

}  // namespace bh::evm
