// The ways in which an endpoint fails or lies, as changes of what a real node answers (endpoint.hpp). Each is the whole
// behaviour of one endpoint until it is honest again.
#pragma once

#include "tests/chain-evm/endpoint.hpp"

namespace bh::evm::test {

// About logs: what eth_getLogs gives.
Endpoint::Change omits_logs();    // the first of several, and the only one
Endpoint::Change empty_logs();    // always none
Endpoint::Change adds_a_log();    // the last one once more, of another token or subscription
Endpoint::Change alters_logs();   // the last word of the data
Endpoint::Change moves_logs();    // another transaction
Endpoint::Change removes_logs();  // "removed": true
// All of these also in its receipts, so that they fit what it says.
Endpoint::Change in_receipts_too(Endpoint::Change change);

// About blocks.
Endpoint::Change forks_from(std::uint64_t height);  // blocks of its own, each the child of the one before
Endpoint::Change forges_headers();                  // the right hash over a wrong receipts root
Endpoint::Script lags(std::uint64_t head);          // knows nothing above that block
Endpoint::Script of_chain(std::uint64_t id);

// Refusals.
Endpoint::Script caps_ranges(std::uint64_t blocks, int code, std::string message);
Endpoint::Script lacks(std::vector<std::string> methods);           // as Hardhat says it
Endpoint::Script prunes_below(std::uint64_t height);                // logs and state
Endpoint::Script fails_every(int nth, std::shared_ptr<int> count);  // flapping: every so many requests

// About state: what eth_call gives, and what a transaction would do or did.
Endpoint::Change alters_calls();
Endpoint::Change loses_receipts();    // of transactions
Endpoint::Change invents_receipts();  // all have failed

// Every one of those that are about logs or blocks and can be told at any time, by name.
struct NamedFault {
    const char* name;
    std::function<void(Endpoint&)> begin;
};
const std::vector<NamedFault>& all_faults();

}  // namespace bh::evm::test
