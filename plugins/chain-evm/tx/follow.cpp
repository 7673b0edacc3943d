// Submitter: looks after a transaction that was signed.
#include "plugins/chain-evm/tx/fee_policy.hpp"
#include "plugins/chain-evm/tx/job.hpp"

#include <algorithm>

namespace bh::evm {
namespace {

// A nonce that was reserved and not used for this long has lost its owner.
constexpr std::int64_t kAbandonedAfterSeconds = 30;

Failure not_on_branch() {
    constexpr std::uint32_t kPauseMs = 1000;
    return {BH_E_UNAVAILABLE, "position_unknown", "the endpoint does not have the final block on its branch", kPauseMs};
}

}  // namespace

// Is it at or below the final position, on the branch that holds both?
Result<bool> Submitter::is_final(const TxReceipt& receipt, const std::optional<At>& final_at, std::int64_t& time) {
    if (!final_at || receipt.block > final_at->height) return false;
    const std::uint64_t numbers[] = {receipt.block, final_at->height};
    const Result<std::vector<std::optional<Header>>> headers = node_.headers(numbers);
    if (!headers) return headers.failure();
    const std::optional<Header>& own = headers->front();
    const std::optional<Header>& last = headers->back();
    if (!last || last->hash != final_at->hash) return not_on_branch();
    if (!own || own->hash != receipt.block_hash) return false;  // the receipt is of a branch that was left
    time = own->time;
    return true;
}

Result<Receipt> Submitter::follow(Job& job) {
    const Result<std::vector<std::optional<TxReceipt>>> receipts = node_.receipts(job.hashes());
    if (!receipts) return receipts.failure();
    for (const std::optional<TxReceipt>& receipt : *receipts) {
        if (receipt) return settle(job, *receipt);
    }
    const Result<Node::Nonces> nonces = node_.nonces(agent_);
    if (!nonces) return nonces.failure();
    if (nonces->latest > job.checkpoint.nonce) return nonce_is_gone(job);
    return keep_alive(job, *nonces);
}

Result<Receipt> Submitter::settle(Job& job, const TxReceipt& receipt) {
    std::int64_t time = 0;
    const Result<bool> final = is_final(receipt, job.call.final_at, time);
    if (!final) return final.failure();
    if (!*final) {
        job.call.progress(700, "mined");
        return pending();
    }
    const Result<std::uint64_t> nonce = node_.nonce_at(agent_, job.call.final_at->height);
    if (nonce) (void)ledger_.forget_below(*nonce);  // a pruned node can't say; the entries go later
    if (!receipt.success) {
        job.checkpoint.reverted = true;
        if (const Status status = job.call.save(checkpoint_text(job.checkpoint)); !status) return status.failure();
        return Failure{BH_E_CONFLICT, "reverted",
                       "the contract refused " + job.call.intent.action + " in the final block " +
                           std::to_string(receipt.block) + " (transaction " + receipt.tx.text() + ")",
                       0};
    }
    const auto variant = std::ranges::find(job.checkpoint.variants, receipt.tx.text(), &Variant::hash);
    if (variant->empty_transfer) {
        return Failure{BH_E_CANCELLED, "cancelled",
                       "the order was cancelled; an empty transfer took its transaction's place", 0};
    }
    return Receipt{receipt.tx.text(), {receipt.block_hash.text(), receipt.block}, {time}, {receipt.fee.decimal()}};
}

// Another transaction has our nonce, unless the node's receipts lag. Only a final block decides.
Result<Receipt> Submitter::nonce_is_gone(Job& job) {
    const std::optional<At>& final_at = job.call.final_at;
    if (!final_at) return pending();
    const Result<std::uint64_t> nonce = node_.nonce_at(agent_, final_at->height);
    if (!nonce) return nonce.failure();
    if (*nonce <= job.checkpoint.nonce) return pending();
    const Result<std::vector<std::optional<TxReceipt>>> receipts = node_.receipts(job.hashes());
    if (!receipts) return receipts.failure();
    const bool mined = std::ranges::any_of(*receipts, [](const auto& receipt) { return receipt.has_value(); });
    if (mined) return pending();
    // Also proves that the final block is on the endpoint's branch, which the nonce was read from.
    const Result<Effect> done = done_already(job, *final_at);
    if (!done) return done.failure();
    if (done->there) return effect_as_receipt(*done, *final_at);
    if (job.cancelled())
        return Failure{BH_E_CANCELLED, "cancelled", "the order was cancelled; nothing of it was mined", 0};
    services_.log(BH_LOG_WARN, "nonce " + std::to_string(job.checkpoint.nonce) +
                                   " of the agent was used by a transaction that is not ours; taking a new one");
    job.checkpoint = {};
    return start(job);
}

// Whoever did it: no transaction of this job is known for it.
Result<Receipt> Submitter::effect_as_receipt(const Effect& effect, const At& at) {
    const Result<std::optional<Header>> header = node_.header(at.height);
    if (!header) return header.failure();
    if (!*header || (*header)->hash != at.hash) return not_on_branch();
    return Receipt{effect.tx, {at.hash.text(), at.height}, {(*header)->time}, {}};
}

Result<Receipt> Submitter::keep_alive(Job& job, const Node::Nonces& nonces) {
    const Result<std::vector<bool>> known = node_.known(job.hashes());
    if (!known) return known.failure();
    const bool behind_a_gap = nonces.pending < job.checkpoint.nonce;
    if (behind_a_gap) fill_gap(nonces);
    const Variant& newest = job.checkpoint.variants.back();
    const bool replace = job.cancelled() && !newest.empty_transfer;
    const bool waited = !behind_a_gap && clock_() - newest.signed_at >= config_.bump_after.count();
    if (replace || waited) {
        const Result<bool> replaced = replace_newest(job, replace || newest.empty_transfer);
        if (!replaced) return replaced.failure();
        if (*replaced) return pending();
    }
    if (!known->back()) {  // lost, or replaced by an older one, which the node then says
        if (const Status status = offer(job); !status) return status.failure();
    }
    return pending();
}

// The same nonce again for more. False where the caps leave no room: then what was sent has to do.
Result<bool> Submitter::replace_newest(Job& job, bool empty_transfer) {
    if (job.checkpoint.variants.size() >= kMaxVariants) return false;
    const Result<FeeHistory> market = node_.fees();
    if (!market) return market.failure();
    const std::optional<Fees> fees = bump_fees(job.checkpoint.variants.back().fees(), *market, config_.profile.fees);
    if (!fees) return false;
    const std::size_t before = job.checkpoint.variants.size();
    if (const Status status = add_variant(job, *fees, empty_transfer); !status) {
        const bool not_signed = job.checkpoint.variants.size() == before;
        if (!not_signed || status.failure().code != BH_E_UNAVAILABLE) return status.failure();
        services_.log(BH_LOG_WARN, "a transaction waits, and may not pay more: " + status.failure().message);
        return false;
    }
    if (const Status status = offer(job); !status) return status.failure();
    return true;
}

// A lower nonce is missing, so ours can't be mined: offer what its owner signed, or an empty transfer if it has none.
// Best effort; the job looks again soon.
void Submitter::fill_gap(const Node::Nonces& nonces) {
    const std::uint64_t gap = nonces.pending;
    const std::int64_t now = clock_();
    const Result<std::optional<NonceEntry>> held = ledger_.entry(gap);
    if (!held) return;
    const bool fresh = *held && now - (*held)->at < config_.bump_after.count();
    if (*held && !(*held)->saved.empty() && (fresh || !(*held)->op.empty())) {
        const Result<Checkpoint> theirs = parse_checkpoint((*held)->saved);
        if (theirs) (void)node_.broadcast(theirs->variants.back().raw);
        return;
    }
    if (!*held || (*held)->saved.empty()) {
        const Result<bool> ours = ledger_.abandon(gap, now - kAbandonedAfterSeconds, now);
        if (!ours || !*ours) return;
    }
    const Result<Node::Estimate> estimate = node_.estimate(agent_, agent_, {});
    const Result<FeeHistory> market = node_.fees();
    if (!estimate || estimate->reverted || !market) return;
    const Result<Fees> fees = choose_fees(*market, config_.profile.fees);
    if (!fees) return;
    const std::uint64_t gas = gas_limit(estimate->gas, config_.profile.fees);
    const Result<SignedTransaction> made = sign(empty_transfer(gap, gas, *fees));
    if (!made) {
        services_.log(BH_LOG_WARN, "could not fill the nonce " + std::to_string(gap) + ": " + made.failure().message);
        return;
    }
    const Checkpoint filled{
        "", gap, gas, false, {{made->raw, made->hash.text(), fees->max_fee, fees->priority_fee, now, true}}};
    if (!ledger_.record(gap, "", checkpoint_text(filled), now)) return;
    (void)node_.broadcast(made->raw);
    services_.log(BH_LOG_INFO, "filled the abandoned nonce " + std::to_string(gap) + " with an empty transfer");
}

}  // namespace bh::evm
