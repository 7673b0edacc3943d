// The members of the documents in chain.hpp; see codec.hpp.
#pragma once

#include "plugin-api/documents/chain.hpp"
#include "plugin-api/documents/fields/common.hpp"

namespace bh {

template <class F>
void fields(F& f, Is<ChainEndpoint::Caught> auto& x) {
    f.required("what", x.what,
               "empty_answer, omitted_log, added_log, altered_log, delayed_log, forged_header, other_branch, "
               "other_answer, went_back or wrong_chain.");
    f.required("count", x.count, "How often.");
    f.required("last_at", x.last_at, "When last.");
    f.optional("height", x.height, "Block it was last about.");
}

template <class F>
void fields(F& f, Is<ChainEndpoint::Heads> auto& x) {
    f.required("state", x.state, "connecting, subscribed, silent or wrong_chain.");
    f.optional("told", x.told, "Blocks it told of so far.");
    f.optional("height", x.height, "Height of the last one, as it says.");
    f.optional("last_at", x.last_at, "When that was.");
    f.optional("ends", x.ends, "Connections that ended.");
    f.optional("last_error", x.last_error, "Why the last one did.");
}

template <class F>
void fields(F& f, Is<ChainEndpoint> auto& x) {
    f.required("name", x.name, "What may be shown of it: never a key.");
    f.required("state", x.state, "unknown, ok, behind, slow, resting, distrusted or wrong_chain.");
    f.optional("votes", x.votes, "Whether its word counts for what the chain says.");
    f.optional("head", x.head, "Its newest block.");
    f.optional("lag", x.lag, "Blocks below the head that is agreed on.");
    f.optional("answers", x.answers, "Answers so far.");
    f.optional("errors", x.errors, "Requests without an answer so far.");
    f.optional("latency_ms", x.latency_ms, "Milliseconds of its answers of late.");
    f.optional("last_error", x.last_error, "The last request without an answer.");
    f.optional("last_error_at", x.last_error_at, "When that was.");
    f.optional("rests_until", x.rests_until, "Not asked, or not believed, before this.");
    f.optional("caught", x.caught, "What it was caught at.");
    f.optional("heads", x.heads, "How it tells of new blocks without being asked; absent where it is not to.");
}

template <class F>
void fields(F& f, Is<ChainDescription> auto& x) {
    f.required("chain", x.chain, "CAIP-2 id of the chain.");
    f.required("contract", x.contract, "Canonical address of the subscription contract.");
    f.optional("credential", x.credential, "Canonical address of the credential contract.");
    f.required("capabilities", x.capabilities,
               "Intents and facts the contract knows: deliver, decline, refund, cancel, close, extend, update, burn, "
               "set_capacity, credit_time, withdraw, release, transfer.");
    f.optional("signature_schemes", x.signature_schemes, "Schemes that recover_signer and verify_signature know.");
    f.optional("credential_kinds", x.credential_kinds, "Kinds of access credentials: nft.");
    f.optional("seal_formats", x.seal_formats, "Seal formats that purchases may use.");
    f.optional(
        "accounts", x.accounts,
        "Names that `balances` takes, and their addresses: agent, escrow, treasury. Empty: only the chain knows.");
    f.optional("block_time_ms", x.block_time_ms, "Typical time between blocks in milliseconds; 0: unknown.");
    f.optional("coin_symbol", x.coin_symbol, "Symbol of the native coin.");
    f.required("coin_decimals", x.coin_decimals, "Decimals of the native coin.");
    f.optional("agree", x.agree, "Endpoints that must agree where a read does not say how many; 0: not told.");
    f.optional("endpoints", x.endpoints, "The ways to the chain and how they are now; no network is asked for it.");
}

template <class F>
void fields(F& f, Is<ChainEvent::PlanState> auto& x) {
    f.required("resources", x.resources, "Canonical JSON text of what a VM of this plan gets.");
    f.required("delivery_window_s", x.delivery_window_s, "Seconds the host has to deliver.");
    f.required("grace_s", x.grace_s, "Seconds between expiry and close.");
    f.optional("setup_days", x.setup_days, "Days charged once on top.");
    f.required("active", x.active, "Whether it can be bought.");
    f.required("total", x.total, "Capacity.");
    f.optional("agent", x.agent, "Address of the key that serves this plan.");
}

template <class F>
void fields(F& f, Is<ChainEvent> auto& x) {
    f.required("type", x.type,
               "rollback, purchased, delivered, extended, cancelled, time_credited, declined, refunded, closed, "
               "burned, credential_updated, transferred, plan, withdrawn, claimed or other.");
    f.required("position", x.position, "Its block; of a rollback: the last one still valid.");
    f.optional("time", x.time, "Time of its block.");
    f.optional("tx", x.tx, "Hash of its transaction.");
    f.optional("log_index", x.log_index, "Index of the log in its block.");
    f.optional("ordinal", x.ordinal, "Index of the log in its transaction: equal when it is mined again.");
    f.optional("name", x.name, "The contract's own name of the event.");
    f.optional("subscription", x.subscription, "Decimal id.");
    f.optional("plan", x.plan, "Decimal id.");
    f.optional("actor", x.actor,
               "Buyer of a purchase, decline or refund, payer of an extension, sender of a transfer, who cancelled, "
               "the treasury of a withdrawal, whose credit was claimed.");
    f.optional("owner", x.owner, "New owner after a transfer; who was paid by a claim.");
    f.optional("token", x.token, "Address, or native.");
    f.optional("order", x.order, "The order's hash that the contract stored.");
    f.optional("paid_seconds", x.paid_seconds, "Time bought.");
    f.optional("amount", x.amount, "Paid, given back, withdrawn or claimed, in the token's smallest unit.");
    f.optional("expires_at", x.expires_at, "Paid until.");
    f.optional("data", x.data, "Sealed request of a purchase.");
    f.optional("plan_state", x.plan_state, "The plan as it is now, in an event of type plan.");
}

template <class F>
void fields(F& f, Is<ChainEvents> auto& x) {
    f.required("events", x.events, "Oldest first.");
    f.required("head", x.head, "Newest block.");
    f.optional("safe", x.safe, "Newest safe block, where the chain has that notion.");
    f.optional("finalized", x.finalized, "Newest finalized block, where the chain has that notion.");
    f.required("recent", x.recent, "Blocks of the current branch, ascending, the last is head; at most 512.");
    f.required("cursor", x.cursor, "What the next poll passes.");
    f.optional("more", x.more, "Whether to call again at once.");
    f.optional("wakes", x.wakes,
               "Whether the plugin asks to be polled when there is more, so that there is no hurry till then.");
}

template <class F>
void fields(F& f, Is<Intent> auto& x) {
    f.required("action", x.action,
               "deliver, decline, close, update, burn, set_capacity, credit_time, withdraw or release.");
    f.optional("subscription", x.subscription, "Decimal id: all but set_capacity, withdraw and release.");
    f.optional("order", x.order, "deliver, decline: the order it is for.");
    f.optional("deadline", x.deadline, "deliver: not mined after this, by the chain's clock.");
    f.optional("sealed", x.sealed, "deliver, update: the sealed credential.");
    f.optional("attestation_hash", x.attestation_hash, "deliver: hash of the delivery attestation.");
    f.optional("reason", x.reason, "decline: at most 64 bytes.");
    f.optional("owner", x.owner, "update: only if this is the owner; release: whose share is paid out.");
    f.optional("plan", x.plan, "set_capacity: decimal id.");
    f.optional("total", x.total, "set_capacity: the new capacity.");
    f.optional("from", x.from, "credit_time: first second of the outage.");
    f.optional("until", x.until, "credit_time: end of the outage.");
    f.optional("token", x.token, "withdraw, release: address, or native.");
    f.optional("subscriptions", x.subscriptions, "withdraw: decimal ids to settle.");
}

template <class F>
void fields(F& f, Is<Receipt> auto& x) {
    f.required("tx", x.tx, "Hash of the transaction.");
    f.required("position", x.position, "Its block.");
    f.required("time", x.time, "Time of its block.");
    f.optional("fee", x.fee, "What it cost, in the native coin.");
}

template <class F>
void fields(F& f, Is<SubscriptionState> auto& x) {
    f.required("exists", x.exists, "Whether the contract knows it at the position.");
    f.required("position", x.position, "The block this holds for.");
    f.required("time", x.time, "Time of that block: the clock that expiry is measured with.");
    f.optional("subscription", x.subscription, "Decimal id.");
    f.optional("plan", x.plan, "Decimal id.");
    f.optional("order", x.order, "The order's hash that the contract stored.");
    f.optional("recipient", x.recipient, "Who the purchase was for.");
    f.optional("owner", x.owner, "Owner of the credential; empty while not minted or burned.");
    f.optional("paid_seconds", x.paid_seconds, "Time bought.");
    f.optional("token", x.token, "Address, or native.");
    f.optional("amount", x.amount, "Paid, in the token's smallest unit.");
    f.optional("expires_at", x.expires_at, "Paid until; absent while not delivered.");
    f.optional("window_ends", x.window_ends, "End of the delivery window.");
    f.optional("grace_ends", x.grace_ends, "End of the grace; absent while not delivered.");
    f.optional("delivered", x.delivered, "Delivered.");
    f.optional("declined", x.declined, "Declined.");
    f.optional("refunded", x.refunded, "Refunded.");
    f.optional("cancelled", x.cancelled, "Cancelled, by whomever.");
    f.optional("cancelled_by_owner", x.cancelled_by_owner, "Cancelled by its owner: close needs no grace.");
    f.optional("closed", x.closed, "Closed.");
    f.optional("burned", x.burned, "The credential is burned.");
    f.optional("unsettled", x.unsettled, "Earned, and moved by a withdrawal that names it.");
    f.optional("creditable_from", x.creditable_from, "An outage that is credited begins at this time or later.");
    f.optional("creditable_s", x.creditable_s, "Seconds of outage that may still be credited.");
}

template <class F>
void fields(F& f, Is<OwnerAnswer> auto& x) {
    f.required("exists", x.exists, "Whether there is such a credential at the position.");
    f.required("position", x.position, "The block this holds for.");
    f.optional("owner", x.owner, "Its owner.");
    f.optional("user", x.user, "A tenant with an end (ERC-4907).");
}

template <class F>
void fields(F& f, Is<Balances::Escrow> auto& x) {
    f.required("undelivered", x.undelivered, "Of purchases that are not delivered yet.");
    f.required("unearned", x.unearned, "Of delivered ones, what time has not earned or nobody has settled.");
    f.required("earned", x.earned, "Settled: the next withdrawal pays it to the treasury.");
    f.required("credits", x.credits, "Given back: buyers claim it.");
}

template <class F>
void fields(F& f, Is<Balances::Share> auto& x) {
    f.required("account", x.account, "Whose share.");
    f.required("basis_points", x.basis_points, "Of 10,000; all shares add up to that.");
    f.required("due", x.due, "What `release` pays now.");
    f.required("paid", x.paid, "What was paid so far.");
}

template <class F>
void fields(F& f, Is<Balances::Row> auto& x) {
    f.required("token", x.token, "Address, or native.");
    f.optional("symbol", x.symbol, "For people.");
    f.required("decimals", x.decimals, "Decimals of the amount.");
    f.required("amount", x.amount, "In the token's smallest unit.");
    f.optional("escrow", x.escrow, "Of the account escrow: whose it is.");
    f.optional("shares", x.shares, "Of the account treasury, where it splits revenue: whose it is.");
}

template <class F>
void fields(F& f, Is<Balances> auto& x) {
    f.required("position", x.position, "The block this holds for.");
    f.required("balances", x.balances, "The native coin and each configured token.");
    f.optional("account", x.account, "Address of the account, where a name was asked for.");
}

template <class F>
void fields(F& f, Is<Verification> auto& x) {
    f.required("valid", x.valid, "Whether the signature is the signer's.");
    f.required("position", x.position, "The block this holds for.");
}

}  // namespace bh
