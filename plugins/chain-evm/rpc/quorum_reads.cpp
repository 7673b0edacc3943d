// Quorum: state, accounts and transactions.
#include "plugins/chain-evm/rpc/agreement.hpp"

namespace bh::evm {
namespace {

// Estimates of honest nodes at neighbouring blocks differ by less than this factor.
constexpr std::uint64_t kAlike = 2;

// The highest value that at least `agree` of them reach.
std::uint64_t reached(std::vector<std::uint64_t> values, std::uint32_t agree) {
    std::ranges::sort(values, std::greater{});
    return values[agree - 1];
}

std::uint64_t median(std::vector<std::uint64_t> values) {
    std::ranges::sort(values);
    return values[(values.size() - 1) / 2];
}

}  // namespace

Result<Node::CallsAnswer> Quorum::calls_at(std::span<const Call> calls, const Hash& block, std::uint64_t number) {
    std::vector<Call> list{calls.begin(), calls.end()};
    return agreed<CallsAnswer>(
        "the contract's state", [list, block, number](RpcNode& node) { return node.calls_at(list, block, number); },
        [](const CallsAnswer& answer) {
            std::string key = answer.header.hash.text();
            for (const CallResult& result : answer.results) {
                key += (result.reverted ? " reverted " : " ") + crypto::hex(result.data);
            }
            return key;
        },
        number);
}

Result<Bytes> Quorum::code_at(const Address& account, std::uint64_t number) {
    return agreed<Bytes>(
        "an account's code", [account, number](RpcNode& node) { return node.code_at(account, number); },
        [](const Bytes& code) { return crypto::hex(code); }, number);
}

Result<Uint256> Quorum::balance_at(const Address& account, std::uint64_t number) {
    return agreed<Uint256>(
        "a balance", [account, number](RpcNode& node) { return node.balance_at(account, number); },
        [](const Uint256& value) { return value.quantity(); }, number);
}

Result<std::uint64_t> Quorum::nonce_at(const Address& account, std::uint64_t number) {
    return agreed<std::uint64_t>(
        "a nonce", [account, number](RpcNode& node) { return node.nonce_at(account, number); },
        [](const std::uint64_t& value) { return std::to_string(value); }, number);
}

Result<Node::Nonces> Quorum::nonces(const Address& account) {
    const Ask<Nonces> question = [account](RpcNode& node) { return node.nonces(account); };
    if (endpoints_->alone()) return only().ask(question);
    const auto said = votes(question);
    if (!said) return said.failure();
    std::vector<std::uint64_t> latest, pending;
    for (const Said<Nonces>& one : *said) {
        latest.push_back(one.answer->latest);
        pending.push_back(one.answer->pending);
    }
    Nonces out{reached(std::move(latest), agree_), 0};
    out.pending = std::max(out.latest, reached(std::move(pending), agree_));
    return out;
}

Result<Node::Estimate> Quorum::estimate(const Address& from, const std::optional<Address>& to, const Bytes& data) {
    const Ask<Estimate> question = [from, to, data](RpcNode& node) { return node.estimate(from, to, data); };
    if (endpoints_->alone()) return only().ask(question);
    const auto said = votes(question);
    if (!said) return said.failure();
    const std::function<std::string(const Estimate&)> key = [](const Estimate& estimate) {
        return estimate.reverted ? "reverted " + crypto::hex(estimate.revert_data) : std::string{"runs"};
    };
    const auto groups = groups_of<Estimate>(*said, key);
    const auto* winner = winner_of(groups, agree_);
    if (winner == nullptr) return disagree("what a transaction would do");
    Estimate out = *winner->second.front()->answer;
    std::vector<std::uint64_t> gas;
    for (const Said<Estimate>* one : winner->second) gas.push_back(one->answer->gas);
    std::ranges::sort(gas, std::greater{});
    for (std::size_t i = 0; i + agree_ <= gas.size(); ++i) {
        out.gas = gas[i];
        if (gas[i] / kAlike <= gas[i + agree_ - 1]) return out;
    }
    return disagree("the gas of a transaction");
}

Result<FeeHistory> Quorum::fees() {
    const Ask<FeeHistory> question = [](RpcNode& node) { return node.fees(); };
    if (endpoints_->alone()) return only().ask(question);
    const auto said = votes(question);
    if (!said) return said.failure();
    std::vector<std::uint64_t> base, priority;
    for (const Said<FeeHistory>& one : *said) {
        base.push_back(one.answer->next_base_fee);
        priority.push_back(one.answer->priority_fee);
    }
    return FeeHistory{median(std::move(base)), median(std::move(priority))};
}

Result<BroadcastResult> Quorum::broadcast(const Bytes& raw) {
    const Ask<BroadcastResult> question = [raw](RpcNode& node) { return node.broadcast(raw); };
    if (endpoints_->alone()) return only().ask(question);
    const std::vector<Said<BroadcastResult>> said = endpoints_->gather<BroadcastResult>(
        endpoints_->ready(false, 1), question, [](const std::vector<Said<BroadcastResult>>& so_far) {
            return std::ranges::any_of(
                so_far, [](const auto& one) { return one.answer && one.answer->outcome == Broadcast::accepted; });
        });
    const Said<BroadcastResult>* best = nullptr;
    for (const Said<BroadcastResult>& one : said) {
        // In the order of the enumeration: what says most about the transaction is first.
        if (one.answer && (best == nullptr || one.answer->outcome < best->answer->outcome)) best = &one;
    }
    if (best == nullptr) return too_few(said);
    return *best->answer;
}

Result<std::vector<std::optional<TxReceipt>>> Quorum::receipts(std::span<const Hash> hashes) {
    using Receipts = std::vector<std::optional<TxReceipt>>;
    std::vector<Hash> list{hashes.begin(), hashes.end()};
    return agreed<Receipts>(
        "a transaction's receipt", [list](RpcNode& node) { return node.receipts(list); },
        [](const Receipts& receipts) {
            std::string key;
            for (const std::optional<TxReceipt>& receipt : receipts) {
                key += receipt ? receipt->block_hash.text() + (receipt->success ? "+" : "-") + receipt->fee.quantity()
                               : std::string{"none"};
                key += ' ';
            }
            return key;
        },
        0);
}

Result<std::vector<bool>> Quorum::known(std::span<const Hash> hashes) {
    std::vector<Hash> list{hashes.begin(), hashes.end()};
    const Ask<std::vector<bool>> question = [list](RpcNode& node) { return node.known(list); };
    if (endpoints_->alone()) return only().ask(question);
    const auto said = votes(question);
    if (!said) return said.failure();
    std::vector<bool> out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto count = std::ranges::count_if(*said, [&](const auto& one) { return (*one.answer)[i]; });
        out.push_back(static_cast<std::size_t>(count) >= agree_);
    }
    return out;
}

Result<std::vector<Bytes>> Quorum::inputs(std::span<const Hash> hashes) {
    using Inputs = std::vector<Bytes>;
    std::vector<Hash> list{hashes.begin(), hashes.end()};
    return agreed<Inputs>(
        "a transaction", [list](RpcNode& node) { return node.inputs(list); },
        [](const Inputs& inputs) {
            std::string key;
            for (const Bytes& input : inputs) key += crypto::hex(input) + ' ';
            return key;
        },
        0);
}

}  // namespace bh::evm
