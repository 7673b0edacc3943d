// Submitter: the first transaction of a job, and every broadcast.
#include "plugins/chain-evm/tx/submitter.hpp"

#include "plugin-api/crypto/digest.hpp"
#include "plugins/chain-evm/contract/calls.hpp"
#include "plugins/chain-evm/contract/errors.hpp"
#include "plugins/chain-evm/tx/fee_policy.hpp"
#include "plugins/chain-evm/tx/job.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

constexpr std::uint32_t kLeastPauseMs = 200;
constexpr std::uint32_t kMostPauseMs = 4000;
constexpr std::string_view kFeeCapReason = "fee_cap";  // of the signer's policy

std::string digest_of(const SubmitCall& call) {
    return crypto::hex(crypto::sha256(crypto::bytes_of(call.other ? to_json(*call.other) : to_json(call.intent))));
}

constexpr std::size_t kMaxCallBytes = 24576;

// Whom the transaction calls, and with what.
Result<Target> target_of(const SubmitCall& call, Deployment& deployment) {
    if (!call.other) return deployment.target(call.intent);
    const Result<Address> to = Address::parse(call.other->contract);
    if (!to) return to.failure().within("intent /contract");
    if (call.other->data.size() < 4 || call.other->data.size() > kMaxCallBytes)
        return invalid("bad_call", "intent /data: must be a selector and arguments, 4 to 24,576 bytes");
    return Target{*to, call.other->data};
}

}  // namespace

Submitter::Submitter(Node& node, const Config& config, Deployment& deployment, Reader& reader, const Services& services,
                     const Address& agent, Clock clock)
    : node_{node},
      config_{config},
      deployment_{deployment},
      reader_{reader},
      services_{services},
      agent_{agent},
      clock_{std::move(clock)},
      ledger_{services, agent} {}

Failure Submitter::pending() const {
    const std::uint32_t pause = std::clamp(config_.profile.block_time_ms / 3, kLeastPauseMs, kMostPauseMs);
    return {BH_PENDING, "pending", "the transaction waits to be in a final block", pause};
}

Result<Receipt> Submitter::submit(const SubmitCall& call) {
    Result<Target> target = target_of(call, deployment_);
    if (!target) return target.failure();
    Job job{call, target->to, std::move(target->data), digest_of(call), {}};
    std::string saved = call.checkpoint;
    if (saved.empty()) {  // look first: an older journal may have lost it
        Result<std::string> found = look_for_checkpoint(job);
        if (!found) return found.failure();
        saved = std::move(*found);
    }
    if (saved.empty()) {
        if (job.cancelled())
            return Failure{BH_E_CANCELLED, "cancelled", "the order was cancelled; nothing was sent", 0};
        return start(job);
    }
    Result<Checkpoint> checkpoint = parse_checkpoint(saved);
    if (!checkpoint) return checkpoint.failure();
    if (checkpoint->intent != job.digest) {
        return Failure{BH_E_CONFLICT, "other_intent", "this op_id has already sent another intent; make a new op_id",
                       0};
    }
    job.checkpoint = std::move(*checkpoint);
    return job.checkpoint.reverted ? start(job) : follow(job);
}

// What the effect of a call to another contract looks like nobody knows: it is never taken for done. That the position
// is on the endpoint's branch is checked all the same.
Result<Effect> Submitter::done_already(const Job& job, const At& at) {
    if (!job.call.other) return deployment_.effect(reader_, job.call.intent, at);
    const Result<Node::CallsAnswer> there = node_.calls_at({}, at.hash, at.height);
    if (!there) return there.failure();
    return Effect{};
}

Result<std::string> Submitter::look_for_checkpoint(const Job& job) {
    Result<std::optional<std::string>> saved = ledger_.saved(job.call.op_id, 0);
    if (!saved) return saved.failure();
    if (!*saved) return std::string{};
    const Result<Node::Nonces> nonces = node_.nonces(agent_);
    if (!nonces) return nonces.failure();
    saved = ledger_.saved(job.call.op_id, nonces->latest);
    if (!saved) return saved.failure();
    if (!*saved) return std::string{};
    if (const Status status = job.call.save(**saved); !status) return status.failure();
    return std::move(**saved);
}

Transaction Submitter::empty_transfer(std::uint64_t nonce, std::uint64_t gas, const Fees& fees) const {
    return {config_.profile.chain_id, nonce, fees, gas, agent_, Uint256{}, {}};
}

Transaction Submitter::transaction(const Job& job, const Fees& fees, bool empty) const {
    const Checkpoint& checkpoint = job.checkpoint;
    if (empty) return empty_transfer(checkpoint.nonce, checkpoint.gas, fees);
    return {config_.profile.chain_id, checkpoint.nonce, fees, checkpoint.gas, job.to, Uint256{}, job.calldata};
}

Result<SignedTransaction> Submitter::sign(const Transaction& tx) {
    const Result<Bytes> signature = services_.sign_transaction(unsigned_bytes(tx));
    if (!signature) {
        Failure failure = signature.failure();
        // A fee that the policy finds too high now may be fine later; nothing is wrong with the key.
        if (failure.reason == kFeeCapReason) failure.code = BH_E_UNAVAILABLE;
        return failure;
    }
    return attach_signature(tx, *signature, agent_);
}

Status Submitter::afford(std::uint64_t gas, const Fees& fees) {
    const Result<Tips> tips = node_.tips(false);
    if (!tips) return tips.failure();
    const Result<Uint256> balance = node_.balance_at(agent_, tips->head.number);
    if (!balance) return balance.failure();
    const auto cost = multiply(Uint256{gas}, fees.max_fee);
    if (cost && *balance >= *cost) return {};
    return Failure{BH_E_NO_FUNDS, "no_funds",
                   "the agent " + agent_.text() + " has " + balance->decimal() + " wei and a transaction may cost " +
                       (cost ? cost->decimal() : "more than that") + "; send it " + config_.profile.coin.symbol,
                   0};
}

// Everything that can fail without a trace comes before the nonce is taken.
Result<Receipt> Submitter::start(Job& job) {
    const SubmitCall& call = job.call;
    const bool again = job.checkpoint.reverted;
    std::optional<Node::Nonces> looked_at;
    if (!call.other && !deployment_.refuses_repeats()) {
        const Result<Node::Nonces> nonces = node_.nonces(agent_);
        if (!nonces) return nonces.failure();
        looked_at = *nonces;
        const Result<std::optional<Receipt>> found = look_first(job, *nonces);
        if (!found) return found.failure();
        if (*found) return **found;
    }
    const Result<Node::Estimate> estimate = node_.estimate(agent_, job.to, job.calldata);
    if (!estimate) return estimate.failure();
    if (estimate->reverted) {
        if (call.final_at) {
            const Result<Effect> done = done_already(job, *call.final_at);
            if (!done) return done.failure();
            if (done->there) return effect_as_receipt(*done, *call.final_at);
        }
        const std::string error = describe_revert(estimate->revert_data);
        if (again) {
            return Failure{BH_E_CONFLICT, "reverted",
                           call.intent.action + " was refused by the contract in a final block, and is now: " + error,
                           0};
        }
        return Failure{BH_E_UNAVAILABLE, "would_revert",
                       "the contract would refuse " + call.intent.action + ": " + error, 0};
    }
    const Result<FeeHistory> market = node_.fees();
    if (!market) return market.failure();
    const Result<Fees> fees = choose_fees(*market, config_.profile.fees);
    if (!fees) return fees.failure();
    const std::uint64_t gas = gas_limit(estimate->gas, config_.profile.fees);
    if (const Status status = afford(gas, *fees); !status) return status.failure();
    const Result<Node::Nonces> nonces = looked_at ? Result<Node::Nonces>{*looked_at} : node_.nonces(agent_);
    if (!nonces) return nonces.failure();
    const Result<std::uint64_t> nonce = ledger_.reserve(call.op_id, *nonces, clock_());
    if (!nonce) return nonce.failure();
    job.checkpoint = {job.digest, *nonce, gas, false, {}};
    if (const Status status = add_variant(job, *fees, false); !status) {
        // Nothing that was signed can have been saved, so the nonce is free again.
        if (job.checkpoint.variants.empty()) (void)ledger_.release(*nonce, call.op_id);
        return status.failure();
    }
    if (const Status status = offer(job); !status) return status.failure();
    return pending();
}

Status Submitter::add_variant(Job& job, const Fees& fees, bool empty) {
    const Result<SignedTransaction> made = sign(transaction(job, fees, empty));
    if (!made) return made.failure();
    const std::int64_t now = clock_();
    job.checkpoint.variants.push_back({made->raw, made->hash.text(), fees.max_fee, fees.priority_fee, now, empty});
    if (const Status status = job.call.save(checkpoint_text(job.checkpoint)); !status) return status.failure();
    return ledger_.record(job.checkpoint.nonce, job.call.op_id, checkpoint_text(job.checkpoint), now);
}

// Offers the newest variant. What the node says is only a hint: the next call looks.
Status Submitter::offer(Job& job) {
    const Variant& newest = job.checkpoint.variants.back();
    const Result<BroadcastResult> result = node_.broadcast(newest.raw);
    if (!result) {
        services_.log(BH_LOG_WARN, "no answer to transaction " + newest.hash + ": " + result.failure().message);
        return {};
    }
    if (result->outcome == Broadcast::no_funds) {
        return Failure{
            BH_E_NO_FUNDS, "no_funds",
            "the agent " + agent_.text() + " can't pay for its transaction; send it " + config_.profile.coin.symbol, 0};
    }
    if (result->outcome == Broadcast::refused) {
        services_.log(BH_LOG_WARN, "the endpoint refused transaction " + newest.hash + ": " + result->text);
    }
    job.call.progress(300, "sent");
    return {};
}

}  // namespace bh::evm
