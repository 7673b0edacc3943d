// Documents of the extension `bh.chain.contract/1` and of the service `bh.svc.chain/1`: schemas/chain/1/.
//
// Calls, answers, topics and data are bytes in the chain's own encoding (on EVM chains: the contract ABI): whoever uses
// a contract knows how it is spoken to.
#pragma once

#include "plugin-api/documents/chain.hpp"

namespace bh {

// chain-read.json: one read of a contract.
struct ChainRead {
    std::string contract;  // canonical address
    Bytes data;            // the encoded call
};
Result<ChainRead> parse_chain_read(std::string_view json);
std::string to_json(const ChainRead& read);

// chain-value.json
struct ChainValue {
    Position position;      // the block this holds for
    bool reverted = false;  // the contract refused; `data` says why
    Bytes data;             // the encoded answer
};
Result<ChainValue> parse_chain_value(std::string_view json);
std::string to_json(const ChainValue& value);

// contract-call.json: what submit() of a chain that offers the extension takes beside intent.json. No coins are sent.
struct ContractCall {
    std::string action;    // "call": tells it from an intent
    std::string contract;  // canonical address
    Bytes data;            // the encoded call
};
Result<ContractCall> parse_contract_call(std::string_view json);
std::string to_json(const ContractCall& call);

// chain-filter.json: logs of these contracts whose first topics are each one of a list; an empty list: any.
struct ChainFilter {
    std::vector<std::string> contracts;
    std::vector<std::vector<Bytes>> topics;
    bool operator==(const ChainFilter&) const = default;
};
Result<ChainFilter> parse_chain_filter(std::string_view json);
std::string to_json(const ChainFilter& filter);

// chain-logs.json
struct ChainLog {
    std::string contract;
    std::vector<Bytes> topics;
    Bytes data;
    Position position;
    UnixTime time;  // of its block
    std::string tx;
    std::uint32_t log_index = 0;  // in its block
};
struct ChainLogs {
    // Known: the chain left the branch that was reported; what was reported above this block never happened.
    Position rollback;
    std::vector<ChainLog> logs;  // oldest first
    Block head;
    std::string cursor;
    bool more = false;  // call again at once
};
Result<ChainLogs> parse_chain_logs(std::string_view json);
std::string to_json(const ChainLogs& logs);

}  // namespace bh
