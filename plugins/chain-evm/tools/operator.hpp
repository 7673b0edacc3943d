// What an operator does with the contracts: deploy them, publish the server key, make and list plans. Each change is a
// list of transactions; on a devnet they are signed with a key file and sent, else they are for the operator's wallet.
#pragma once

#include "plugin-api/crypto/secret.hpp"
#include "plugins/chain-evm/contract/views.hpp"
#include "plugins/chain-evm/rpc/node.hpp"

#include <map>

namespace bh::evm {

struct OperatorCall {
    std::string what;           // for people
    std::optional<Address> to;  // nullopt: creates a contract
    Bytes data;
};

struct Deployment {
    Address operator_account, treasury;
    std::uint64_t min_grace = 0;
    Bytes server_key;  // 65 bytes, or empty
};
struct DeploymentCalls {
    std::vector<OperatorCall> calls;
    Address contract, credential;  // where they will be
};
// `nonce`: that of the operator's account before the first of the two.
Result<DeploymentCalls> deployment_calls(const Deployment& deployment, std::uint64_t nonce);

struct NewPlan {
    std::string resources;  // JSON object
    std::uint64_t window_s = 0, grace_s = 0, setup_days = 0, capacity = 0;
    Address agent;
    std::map<std::string, std::string> prices;  // token address or "native" -> smallest units for a day
};
Result<OperatorCall> create_plan_call(const Address& contract, const NewPlan& plan);
Result<OperatorCall> server_key_call(const Address& contract, const Bytes& server_key);

// A RevenueSplit of the owners "ADDRESS=BASIS_POINTS", which add up to 10,000, and, with `contract`, the call that
// makes it the treasury. `nonce`: that of the operator's account before the first of the two.
struct SplitCalls {
    std::vector<OperatorCall> calls;
    Address split;  // where it will be
};
Result<SplitCalls> split_calls(const std::vector<std::string>& shares, const std::optional<Address>& contract,
                               const Address& operator_account, std::uint64_t nonce);

// A view's answer at that block. BH_E_INVALID, reason "bad_contract": the contract refuses the question.
Result<Bytes> ask_contract(Node& node, const Header& head, const Address& contract, Bytes question);

// The plans, as a JSON document.
Result<std::string> list_plans(Node& node, const Address& contract);

// Signs, sends and waits until each is in a block.
struct SentCall {
    std::string what;
    TxReceipt receipt;
};
Result<std::vector<SentCall>> send_calls(Node& node, std::uint64_t chain_id, const crypto::Secret& key,
                                         const std::vector<OperatorCall>& calls);
// For a wallet: what eth_sendTransaction takes.
std::string unsigned_calls(std::uint64_t chain_id, const Address& from, const std::vector<OperatorCall>& calls);

}  // namespace bh::evm
