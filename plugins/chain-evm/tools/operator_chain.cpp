#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/strict_json.hpp"
#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/abi/encode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/contract/errors.hpp"
#include "plugins/chain-evm/tools/operator.hpp"
#include "plugins/chain-evm/tx/eip1559.hpp"

#include <thread>

namespace bh::evm {
namespace {

using nlohmann::json;

constexpr auto kReceiptTimeout = std::chrono::seconds{120};
constexpr auto kReceiptPause = std::chrono::milliseconds{100};
constexpr std::uint64_t kMaxPlans = 1000;
constexpr std::size_t kMaxTokens = 256;
constexpr std::size_t kMaxResourcesBytes = 4096;

Result<TxReceipt> wait_for_receipt(Node& node, const Hash& hash, const std::string& what) {
    const auto deadline = std::chrono::steady_clock::now() + kReceiptTimeout;
    while (std::chrono::steady_clock::now() < deadline) {
        const auto receipts = node.receipts({&hash, 1});
        if (!receipts) return receipts.failure();
        if (receipts->front()) return *receipts->front();
        std::this_thread::sleep_for(kReceiptPause);
    }
    return Failure{BH_E_UNKNOWN_OUTCOME, "not_mined", what + ": transaction " + hash.text() + " is in no block yet", 0};
}

Result<json> prices_of(Node& node, const Header& head, const Address& contract, const Uint256& plan,
                       const std::vector<Address>& tokens) {
    json out = json::object();
    for (const Address& token : tokens) {
        const Result<Bytes> data = ask_contract(
            node, head, contract, CallEncoder{"price(uint256,address)"}.uint(plan).address(token).finish());
        if (!data) return data.failure();
        WordReader words{*data};
        const Uint256 price = words.uint(0);
        const bool accepted = words.boolean(1);
        if (const Status status = words.status(); !status) return status.failure();
        if (accepted) out[token_text(token)] = price.decimal();
    }
    return out;
}

Result<json> plan_as_json(Node& node, const Header& head, const Address& contract, const Uint256& id,
                          const std::vector<Address>& tokens) {
    const Result<Bytes> data = ask_contract(node, head, contract, view::plan(id));
    if (!data) return data.failure();
    const Result<PlanView> plan = decode_plan(*data);
    if (!plan) return plan.failure();
    const Result<Bytes> text = ask_contract(node, head, contract, view::resources(id));
    if (!text) return text.failure();
    const Result<std::string> resources = decode_text(*text, kMaxResourcesBytes);
    if (!resources) return resources.failure();
    Result<json> prices = prices_of(node, head, contract, id, tokens);
    if (!prices) return prices.failure();
    const ChainEvent::PlanState& state = plan->state;
    return json{{"plan", id.decimal()},
                {"resources", *resources},
                {"delivery_window_s", state.delivery_window_s},
                {"grace_s", state.grace_s},
                {"setup_days", state.setup_days},
                {"active", state.active},
                {"total", state.total},
                {"open", plan->open},
                {"agent", state.agent},
                {"prices_per_day", std::move(*prices)}};
}

}  // namespace

Result<Bytes> ask_contract(Node& node, const Header& head, const Address& contract, Bytes question) {
    const Node::Call calls[] = {{contract, std::move(question)}};
    Result<Node::CallsAnswer> answer = node.calls_at(calls, head.hash, head.number);
    if (!answer) return answer.failure();
    if (answer->results.front().reverted) {
        return Failure{BH_E_INVALID, "bad_contract", "there is no BlockHostSubscription at " + contract.text(), 0};
    }
    return std::move(answer->results.front().data);
}

Result<std::vector<SentCall>> send_calls(Node& node, std::uint64_t chain_id, const crypto::Secret& key,
                                         const std::vector<OperatorCall>& calls) {
    const auto public_key = crypto::PublicKey::of(key);
    if (!public_key) return public_key.failure();
    const Address account = Address::of(*public_key);
    std::vector<SentCall> out;
    for (const OperatorCall& call : calls) {
        const Result<Node::Nonces> nonces = node.nonces(account);
        if (!nonces) return nonces.failure();
        const Result<Node::Estimate> estimate = node.estimate(account, call.to, call.data);
        if (!estimate) return estimate.failure().within(call.what);
        if (estimate->reverted) {
            return Failure{BH_E_CONFLICT, "would_revert",
                           call.what + ": the contract would refuse it: " + describe_revert(estimate->revert_data), 0};
        }
        const Result<FeeHistory> fees = node.fees();
        if (!fees) return fees.failure();
        const Transaction tx{chain_id,
                             nonces->pending,
                             {2 * fees->next_base_fee + fees->priority_fee, fees->priority_fee},
                             estimate->gas + estimate->gas / 4,
                             call.to,
                             Uint256{},
                             call.data};
        const auto signature = crypto::sign(key, crypto::keccak256(unsigned_bytes(tx)));
        if (!signature) return signature.failure();
        const Result<SignedTransaction> made = attach_signature(tx, signature->encoded(), account);
        if (!made) return made.failure();
        const Result<BroadcastResult> sent = node.broadcast(made->raw);
        if (!sent) return sent.failure().within(call.what);
        if (sent->outcome != Broadcast::accepted) {
            return Failure{BH_E_UNAVAILABLE, "refused", call.what + ": the node refused it: " + sent->text, 0};
        }
        const Result<TxReceipt> receipt = wait_for_receipt(node, made->hash, call.what);
        if (!receipt) return receipt.failure();
        if (!receipt->success) {
            return Failure{BH_E_CONFLICT, "reverted", call.what + ": transaction " + made->hash.text() + " reverted",
                           0};
        }
        out.push_back({call.what, *receipt});
    }
    return out;
}

Result<std::string> list_plans(Node& node, const Address& contract) {
    const Result<Tips> tips = node.tips(false);
    if (!tips) return tips.failure();
    const Result<Bytes> last_data = ask_contract(node, tips->head, contract, view::last_plan_id());
    if (!last_data) return last_data.failure();
    const Result<Uint256> last = decode_uint(*last_data);
    if (!last) return invalid("bad_contract", "there is no BlockHostSubscription at " + contract.text());
    const Result<Bytes> token_data = ask_contract(node, tips->head, contract, CallEncoder{"tokens()"}.finish());
    if (!token_data) return token_data.failure();
    const Result<std::vector<Address>> tokens = decode_addresses(*token_data, kMaxTokens);
    if (!tokens) return tokens.failure();
    json plans = json::array();
    const std::uint64_t count = std::min(last->as_u64().value_or(0), kMaxPlans);
    for (std::uint64_t id = 1; id <= count; ++id) {
        Result<json> plan = plan_as_json(node, tips->head, contract, Uint256{id}, *tokens);
        if (!plan) return plan.failure();
        plans.push_back(std::move(*plan));
    }
    return json{{"plans", std::move(plans)}, {"block", tips->head.number}}.dump();
}

}  // namespace bh::evm
