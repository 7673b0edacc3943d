// submit(): brings the transaction of one intent into a final block, across any number of calls and crashes
// (LIFECYCLE section 3, "Transactions"). Everything about one job is in its checkpoint; which nonces are taken is in
// the ledger. Safe on any thread.
#pragma once

#include "plugin-api/documents/contract.hpp"
#include "plugins/chain-evm/contract/deployment.hpp"
#include "plugins/chain-evm/tx/checkpoint.hpp"
#include "plugins/chain-evm/tx/nonce_ledger.hpp"

#include <functional>

namespace bh::evm {

// One call of the verb, as the submitter sees it.
struct SubmitCall {
    std::string op_id;
    std::string checkpoint;
    Intent intent;                      // unused if there is a call
    std::optional<ContractCall> other;  // a call to any contract; its intent's action is "call"
    std::optional<At> final_at;
    std::uint32_t cancel_reason = BH_CANCEL_NONE;
    std::function<Status(const std::string& checkpoint)> save;  // durable when it returns
    std::function<void(std::uint32_t permille, const char* stage)> progress;
};

class Submitter {
public:
    using Clock = std::function<std::int64_t()>;  // Unix seconds

    Submitter(Node& node, const Config& config, Deployment& deployment, Reader& reader, const Services& services,
              const Address& agent, Clock clock);

    // BH_PENDING with a hint until the transaction is at or below final_at.
    Result<Receipt> submit(const SubmitCall& call);

private:
    struct Job;  // submitter.cpp

    Result<std::string> look_for_checkpoint(const Job& job);
    Result<Receipt> start(Job& job);
    Result<Receipt> follow(Job& job);
    Result<Receipt> settle(Job& job, const TxReceipt& receipt);
    Result<Receipt> nonce_is_gone(Job& job);
    Result<Receipt> keep_alive(Job& job, const Node::Nonces& nonces);
    Result<bool> replace_newest(Job& job, bool empty_transfer);
    Status add_variant(Job& job, const Fees& fees, bool empty_transfer);
    Status offer(Job& job);
    void fill_gap(const Node::Nonces& nonces);

    Result<Effect> done_already(const Job& job, const At& at);
    Result<std::optional<Receipt>> look_first(Job& job, const Node::Nonces& nonces);
    Result<Receipt> effect_as_receipt(const Effect& effect, const At& at);
    Result<bool> is_final(const TxReceipt& receipt, const std::optional<At>& final_at, std::int64_t& time);
    Result<SignedTransaction> sign(const Transaction& tx);
    Transaction transaction(const Job& job, const Fees& fees, bool empty_transfer) const;
    Transaction empty_transfer(std::uint64_t nonce, std::uint64_t gas, const Fees& fees) const;
    Status afford(std::uint64_t gas, const Fees& fees);
    Failure pending() const;

    Node& node_;
    const Config& config_;
    Deployment& deployment_;
    Reader& reader_;
    const Services& services_;
    const Address agent_;
    const Clock clock_;
    NonceLedger ledger_;
};

}  // namespace bh::evm
