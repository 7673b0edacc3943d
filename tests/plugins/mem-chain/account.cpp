#include "tests/plugins/mem-chain/account.hpp"

#include <algorithm>

namespace bh::mem {
namespace {

UnixTime time_of(std::uint64_t seconds) { return {static_cast<std::int64_t>(seconds)}; }

}  // namespace

Result<std::string> canonical_address(const std::string& text) {
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    });
    const auto bytes = bytes_from_hex(lower);
    if (!bytes || bytes->size() != 20) return invalid("bad_address", "an address is 0x and 40 hex digits");
    return lower;
}

Bytes sign(const std::string& address, const Bytes& message) {
    Bytes signature = bytes_from_hex(address).value();
    const std::string mark = pretended_hash(address + hex_from_bytes(message));
    signature.insert(signature.end(), mark.begin(), mark.end());
    return signature;
}

Result<std::string> signer_of(const std::string& scheme, const Bytes& message, const Bytes& signature) {
    if (scheme != kScheme)
        return Failure{BH_E_UNSUPPORTED, "scheme", "the signature scheme " + scheme + " is not known"};
    if (signature.size() < 20) return invalid("bad_signature", "the signature is too short");
    const std::string address = hex_from_bytes(signature.data(), 20);
    if (sign(address, message) != signature) return invalid("bad_signature", "the signature is of another message");
    return address;
}

SubscriptionState state_of(const Ledger& ledger, const std::string& id, const ChainBlock& block) {
    SubscriptionState state;
    state.position = block.position;
    state.time = block.time;
    const SubscriptionRow* row = ledger.subscription(id);
    if (row == nullptr) return state;
    const PlanRow& plan = *ledger.plan(row->plan);
    state.exists = true;
    state.subscription = id;
    state.plan = row->plan;
    state.order = row->order;
    state.recipient = row->buyer;
    state.owner = row->owner;
    state.paid_seconds = row->paid_seconds;
    state.token = "native";
    state.amount = {std::to_string(row->amount)};
    state.window_ends = time_of(row->purchased_at + plan.window_s);
    if (row->delivered) {
        state.expires_at = time_of(row->end);
        state.grace_ends = time_of(row->end + plan.grace_s);
        const auto now = static_cast<std::uint64_t>(block.time.seconds);
        state.unsettled = {std::to_string(earned(*row, std::max(now, row->start)) - row->settled)};
        state.creditable_from = time_of(row->outage_until == 0 ? row->delivered_at : row->outage_until);
        if (!row->cancelled && !row->closed) state.creditable_s = row->paid_seconds - row->outage_credited;
    }
    state.delivered = row->delivered;
    state.declined = row->declined;
    state.refunded = row->refunded;
    state.cancelled = row->cancelled;
    state.cancelled_by_owner = row->cancelled && !row->by_operator;
    state.closed = row->closed;
    state.burned = row->burned;
    return state;
}

std::uint64_t held_by(const ChainState& state, const View& view, const std::string& account) {
    if (account == "agent" || account == state.agent) {
        const auto sent = view.nonces.find(state.agent);
        return kPurse - (sent == view.nonces.end() ? 0 : sent->second * kFee);
    }
    if (account == "treasury" || account == state.treasury) return view.ledger.money().withdrawn;
    if (account == "escrow" || account == state.contract) return view.ledger.money().balance;
    return 0;
}

}  // namespace bh::mem
