#include "tests/plugins/mem-chain/submit.hpp"

#include <algorithm>

namespace bh::mem {
namespace {

// What is saved: the transaction and the intent it is for.
struct Checkpoint {
    Transaction transaction;
    std::string intent;
};
template <class F>
void fields(F& f, Is<Checkpoint> auto& x) {
    f.required("transaction", x.transaction, "");
    f.required("intent", x.intent, "");
}

constexpr std::uint32_t kAskAgainMs = 20;

ContractCall call_of(const Intent& intent) {
    ContractCall call;
    call.function = intent.action;
    call.subscription = intent.subscription;
    call.order = intent.order;
    call.deadline = static_cast<std::uint64_t>(intent.deadline.seconds);
    call.data = intent.sealed;
    call.text = intent.action == "deliver" ? hex_from_bytes(intent.attestation_hash) : intent.reason;
    call.to = intent.owner;
    call.plan = intent.plan;
    call.total = intent.total;
    call.from = static_cast<std::uint64_t>(intent.from.seconds);
    call.until = static_cast<std::uint64_t>(intent.until.seconds);
    call.subscriptions = intent.subscriptions;
    return call;
}

bool effect_is_there(const Ledger& ledger, const Intent& intent) {
    if (intent.action == "set_capacity") {
        const PlanRow* plan = ledger.plan(intent.plan);
        return plan != nullptr && plan->total == intent.total;
    }
    if (intent.action == "withdraw") return ledger.money().earned == 0;
    const SubscriptionRow* row = ledger.subscription(intent.subscription);
    if (row == nullptr) return false;
    if (intent.action == "credit_time") return row->outage_until >= static_cast<std::uint64_t>(intent.until.seconds);
    if (intent.action == "deliver") return row->delivered && row->order == intent.order;
    if (intent.action == "decline") return row->declined && row->order == intent.order;
    if (intent.action == "close") return row->closed;
    if (intent.action == "burn") return row->burned;
    if (intent.action == "update") return row->sealed == intent.sealed;
    return false;
}

Failure waits(const char* what) { return sdk::pending(kAskAgainMs, what); }

// A new transaction: tried, saved, sent.
Failure send_new(ChainState& state, const sdk::Call& call, const Wanted& wanted) {
    Checkpoint next{prepare(state, state.agent, wanted.call), wanted.document};
    if (state.estimate != 0) {
        Ledger trial = view_at(state, head(state).position.height).ledger;
        const auto tried = trial.apply(state.agent, next.transaction.call, state.now + state.block_time_s);
        if (!tried)
            return {BH_E_UNAVAILABLE, "would_revert", "the contract refuses this now: " + tried.failure().message};
    }
    const Status saved = call.save(write_document(next));
    if (!saved) return saved.failure();
    state.pool.push_back(next.transaction);
    return waits("the transaction was sent");
}

Result<Receipt> receipt_of(const std::string& hash, const Mined& mined) {
    if (mined.reverted)
        return Failure{BH_E_CONFLICT, "reverted", "the transaction " + hash + " reverted: " + mined.why};
    return Receipt{hash, mined.position, mined.time, {std::to_string(kFee)}};
}

}  // namespace

Wanted wanted_of(const Intent& intent) {
    return {call_of(intent), to_json(intent),
            [intent](const Ledger& ledger) { return effect_is_there(ledger, intent); }};
}

Result<Receipt> submit_once(ChainState& state, const sdk::Call& call, const Wanted& wanted, const Position& final_at) {
    if (call.checkpoint().empty()) return send_new(state, call, wanted);
    const auto checkpoint = read_document<Checkpoint>(call.checkpoint());
    if (!checkpoint) return Failure{BH_E_CORRUPT, "checkpoint", "the saved transaction can't be read"};
    if (checkpoint->intent != wanted.document)
        return Failure{BH_E_CONFLICT, "other_intent", "this op_id has a transaction for another intent"};
    const Transaction& sent = checkpoint->transaction;

    const View now = view_at(state, head(state).position.height);
    if (const auto mined = now.mined.find(sent.hash); mined != now.mined.end()) {
        const bool final = final_at.known() && find_block(state, final_at) != nullptr &&
                           mined->second.position.height <= final_at.height;
        if (!final) return waits("the transaction is mined and not final yet");
        return receipt_of(sent.hash, mined->second);
    }
    if (final_at.known() && find_block(state, final_at) != nullptr) {
        View last = view_at(state, final_at.height);
        if (last.nonces[state.agent] > sent.nonce) {
            if (wanted.done(last.ledger))
                return Failure{BH_E_CONFLICT, "already_so", "another transaction did this already"};
            return send_new(state, call, wanted);
        }
    }
    const auto next = now.nonces.find(state.agent);
    if (next != now.nonces.end() && next->second > sent.nonce)
        return waits("another transaction has taken the nonce, and that is not final yet");
    const auto same = [&](const Transaction& waiting) { return waiting.hash == sent.hash; };
    if (std::any_of(state.pool.begin(), state.pool.end(), same)) return waits("the transaction waits to be mined");
    state.pool.push_back(sent);
    return waits("the transaction was sent again");
}

}  // namespace bh::mem
