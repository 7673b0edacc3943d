// Reads the objects of Ethereum JSON-RPC. Each reader answers nullopt for anything that is not exactly such an object.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/rpc/node.hpp"

namespace bh::evm {

// The member, or null where there is none or `node` is no object.
const nlohmann::json& member(const nlohmann::json& node, const char* name);

std::optional<std::uint64_t> read_u64(const nlohmann::json& node);
std::optional<Uint256> read_uint(const nlohmann::json& node);
std::optional<Hash> read_hash(const nlohmann::json& node);
std::optional<Address> read_address(const nlohmann::json& node);
std::optional<Bytes> read_data(const nlohmann::json& node);
std::optional<Header> read_header(const nlohmann::json& node);
std::optional<Log> read_log(const nlohmann::json& node);
std::optional<TxReceipt> read_receipt(const nlohmann::json& node);
std::optional<FeeHistory> read_fee_history(const nlohmann::json& node);

}  // namespace bh::evm
