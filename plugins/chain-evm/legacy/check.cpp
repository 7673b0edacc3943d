#include "plugins/chain-evm/legacy/check.hpp"

#include "plugins/chain-evm/legacy/calls.hpp"

namespace bh::evm::legacy {
namespace {

// The answer, which must be one word; nullopt: the contract gives none.
std::optional<Bytes> word_of(Node& node, const Address& contract, Bytes question, const At& head) {
    const Node::Call calls[] = {{contract, std::move(question)}};
    const Result<Node::CallsAnswer> answer = node.calls_at(calls, head.hash, head.height);
    if (!answer || answer->results.front().reverted || answer->results.front().data.size() != 32) return std::nullopt;
    return answer->results.front().data;
}

}  // namespace

std::vector<Finding> inspect(Node& node, const Config& config, const At& head) {
    std::vector<Finding> out;
    if (!word_of(node, config.contract, view::next_subscription_id(), head)) {
        out.push_back({"/contract", "error",
                       "The contract at " + config.contract.text() + " is not a BlockhostSubscriptions.",
                       "Check the address, the chain and contract_kind."});
    }
    if (!word_of(node, config.credential, view::owner(), head)) {
        out.push_back({"/credential", "error",
                       "The contract at " + config.credential.text() + " is not an AccessCredentialNFT with an owner.",
                       "Check the address, the chain and contract_kind."});
    }
    return out;
}

std::vector<Finding> inspect_owner(Node& node, const Config& config, const At& head, const Address& agent) {
    std::vector<Finding> out;
    const std::optional<Bytes> said = word_of(node, config.credential, view::owner(), head);
    const Result<Address> owner = decode_address(said.value_or(Bytes{}));
    if (!owner || *owner != agent) {
        out.push_back({"/credential", "error",
                       "The credential contract belongs to " + (owner ? owner->text() : std::string{"nobody known"}) +
                           ", and only its owner may mint.",
                       "Transfer its ownership to the agent " + agent.text() + ", and stop whatever minted before."});
    }
    if (config.legacy->plans.empty()) {
        out.push_back({"/legacy/plans", "warning", "No plan is described, so no purchase can be served.",
                       "Say what the VMs of each plan get."});
    }
    return out;
}

}  // namespace bh::evm::legacy
