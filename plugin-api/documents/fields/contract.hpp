// The members of the documents in contract.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/contract.hpp"
#include "plugin-api/documents/fields/common.hpp"

namespace bh {

template <class F>
void fields(F& f, Is<ChainRead> auto& x) {
    f.required("contract", x.contract, "Canonical address of the contract.");
    f.required("data", x.data, "The call, in the chain's own encoding.");
}

template <class F>
void fields(F& f, Is<ChainValue> auto& x) {
    f.required("position", x.position, "The block this holds for.");
    f.optional("reverted", x.reverted, "Whether the contract refused; data then says why.");
    f.required("data", x.data, "The answer, in the chain's own encoding.");
}

template <class F>
void fields(F& f, Is<ContractCall> auto& x) {
    f.required("action", x.action, "call.");
    f.required("contract", x.contract, "Canonical address of the contract.");
    f.required("data", x.data, "The call, in the chain's own encoding; no coins are sent.");
}

template <class F>
void fields(F& f, Is<ChainFilter> auto& x) {
    f.required("contracts", x.contracts,
               "Canonical addresses of the contracts whose logs are asked for; at least one.");
    f.optional("topics", x.topics, "For each of the first topics the values it may have; an empty list: any.");
}

template <class F>
void fields(F& f, Is<ChainLog> auto& x) {
    f.required("contract", x.contract, "Canonical address of the contract that made it.");
    f.required("topics", x.topics, "Its topics.");
    f.required("data", x.data, "Its data, in the chain's own encoding.");
    f.required("position", x.position, "Its block.");
    f.required("time", x.time, "Time of its block.");
    f.required("tx", x.tx, "Hash of its transaction.");
    f.required("log_index", x.log_index, "Index of the log in its block.");
}

template <class F>
void fields(F& f, Is<ChainLogs> auto& x) {
    f.optional("rollback", x.rollback,
               "The chain left the branch that was reported: the last block still valid; what was reported above it "
               "never happened.");
    f.required("logs", x.logs, "Oldest first.");
    f.required("head", x.head, "Newest block.");
    f.required("cursor", x.cursor, "What the next call passes.");
    f.optional("more", x.more, "Whether to call again at once.");
}

}  // namespace bh
