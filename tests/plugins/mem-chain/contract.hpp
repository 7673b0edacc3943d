// The extension `contract` on the pretended chain. Its own encoding: a read is the decimal id of a subscription and is
// answered by its owner's address; a call is the JSON of a ContractCall; a log's topic is the event's type and its data
// the subscription.
#pragma once

#include "plugin-api/documents/contract.hpp"
#include "tests/plugins/mem-chain/state.hpp"

namespace bh::mem {

ChainValue contract_value(const ChainState& state, const View& view, const ChainBlock& block, const ChainRead& read);
Result<ChainLogs> contract_logs(const ChainState& state, const ChainFilter& filter, std::string_view cursor,
                                std::uint32_t max);
Result<ContractCall> decode_call(const ChainState& state, const std::string& contract, const Bytes& data);

}  // namespace bh::mem
