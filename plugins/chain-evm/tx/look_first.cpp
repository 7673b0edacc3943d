// Submitter: a contract that would do the same again is looked at before it is asked to do it.
#include "plugins/chain-evm/tx/job.hpp"

namespace bh::evm {
namespace {

constexpr std::uint32_t kPauseMs = 1000;

Failure not_yet(std::string reason, std::string message) {
    return {BH_E_UNAVAILABLE, std::move(reason), std::move(message), kPauseMs};
}

}  // namespace

// nullopt: it was not done and nothing of ours that could still do it is on its way. A receipt: it was done. In between
// BH_PENDING or BH_E_UNAVAILABLE.
//
// A transaction that nobody here remembers, as after an older journal was restored, waits in the nodes' pools, or is in
// a block. So the nonces come first: where nothing unknown waits, all that was ever sent is in the blocks that are
// looked at afterwards. One that comes later has a nonce that ours will have, too, and only one of the two counts: ours
// is the next after `nonces`, and is not asked for anew.
Result<std::optional<Receipt>> Submitter::look_first(Job& job, const Node::Nonces& nonces) {
    for (std::uint64_t nonce = nonces.latest; nonce < nonces.pending; ++nonce) {
        const Result<std::optional<NonceEntry>> known = ledger_.entry(nonce);
        if (!known) return known.failure();
        if (*known && !(*known)->saved.empty()) continue;
        return not_yet("unknown_pending", "a transaction of the agent that is not in this journal waits with nonce " +
                                              std::to_string(nonce) + "; what it does is seen once it is mined");
    }
    const Result<Tips> tips = node_.tips(false);
    if (!tips) return tips.failure();
    const Result<std::uint64_t> mined = node_.nonce_at(agent_, tips->head.number);
    if (!mined) return mined.failure();
    if (*mined < nonces.latest) {
        return not_yet("endpoint_behind", "the endpoint " + node_.label() +
                                              " does not have the newest block with a transaction of the agent");
    }
    const Result<Effect> effect = done_already(job, {tips->head.hash, tips->head.number});
    if (!effect) return effect.failure();
    if (!effect->there) return std::optional<Receipt>{};
    const std::optional<At>& final_at = job.call.final_at;
    if (!final_at || effect->height > final_at->height) return pending();
    const Result<Effect> final = done_already(job, *final_at);
    if (!final) return final.failure();
    if (!final->there) return pending();
    Result<Receipt> receipt = effect_as_receipt(*final, *final_at);
    if (!receipt) return receipt.failure();
    return std::optional{std::move(*receipt)};
}

}  // namespace bh::evm
