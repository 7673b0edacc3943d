// What a block's hash commits to, encoded as the chain's consensus does: headers up to the fields of EIP-7928 and
// EIP-7843, transactions and receipts of the types 0 to 4 (EIP-2718, 2930, 1559, 4844, 7702) and of OP-stack deposits
// (0x7e). Read from the objects of Ethereum JSON-RPC; nullopt: a member is missing or malformed, or the type is
// another. Pure.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/proof/bloom.hpp"

namespace bh::evm {

// keccak(rlp(header)): equal to its "hash" if no member was changed.
std::optional<Hash> header_hash(const nlohmann::json& block);

// As the block's transaction list has it; its keccak is the transaction's hash.
std::optional<Bytes> transaction_bytes(const nlohmann::json& transaction);

// As the block's receipt list has it. The bloom filter is computed, not read.
std::optional<Bytes> receipt_bytes(const nlohmann::json& receipt);

}  // namespace bh::evm
