// Whether the contracts on a chain are the pinned ones: their code at the head block, byte for byte but for the words
// that the constructors filled in, and those words among themselves.
#pragma once

#include "plugins/chain-evm/rpc/node.hpp"
#include "plugins/chain-evm/tools/pinned.hpp"

#include <map>

namespace bh::evm {

struct CodeComparison {
    bool same = false;
    std::size_t size = 0, expected_size = 0;        // bytes
    std::size_t differing = 0;                      // bytes, outside of immutables, up to the shorter one's end
    std::optional<std::size_t> first_difference;    // offset
    std::map<std::string, std::string> immutables;  // name -> hex word; "inconsistent" where the code has several
};
// Pure. `code` is empty where an account has none.
CodeComparison compare_code(const PinnedContract& expected, ByteView code);

struct ContractCheck {
    bool good = false;
    std::string document;  // JSON: block, contract, credential, findings
};
// Asks the contract for its credential and compares both. A failure: the node can't be asked.
Result<ContractCheck> verify_contracts(Node& node, const Address& contract);

}  // namespace bh::evm
