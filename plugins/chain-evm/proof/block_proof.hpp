// Proves the logs of a block against its header: the header's hash commits to the roots of the transactions and of the
// receipts, these to every log with the transaction it is from. Whoever gave the two lists need not be believed. Pure.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/rpc/node.hpp"

#include <span>

namespace bh::evm {

// Every log of `addresses` in the block; nullopt: the lists are not those of `header`, or have a type that
// proof/consensus.hpp does not know. `header.proven` is the caller's to check.
std::optional<std::vector<Log>> proven_logs(const Header& header, const nlohmann::json& transactions,
                                            const nlohmann::json& receipts, std::span<const Address> addresses);

}  // namespace bh::evm
