#include "plugins/chain-evm/contract/views.hpp"

#include "plugins/chain-evm/abi/decode.hpp"
#include "plugins/chain-evm/contract/calls.hpp"

namespace bh::evm {
namespace {

// Indexes of the words, in the order of ViewTypes.sol.
namespace sub {
enum : std::size_t {
    kExists,
    kPlan,
    kOrder,
    kBuyer,
    kOwner,
    kAgent,
    kToken,
    kAmount,
    kPaidSeconds,
    kPurchasedAt,
    kWindowEnds,
    kGrace,
    kDelivered,
    kDeclined,
    kRefunded,
    kCancelled,
    kCancelledByOperator,
    kClosed,
    kBurned,
    kDeliveredAt,
    kStart,
    kExpiresAt,
    kGraceEndsAt,
    kSetup,
    kEarned,
    kSettled,
    kUnearned,
    kOutageUntil,
    kOutageCredited
};
}
namespace plan {
enum : std::size_t { kExists, kResourcesHash, kWindow, kGrace, kSetupDays, kAgent, kActive, kTotal, kOpen };
}

UnixTime time_of(std::uint64_t seconds) { return {static_cast<std::int64_t>(seconds)}; }

template <class T>
Result<T> checked(const WordReader& words, T value) {
    if (const Status status = words.status(); !status) return status.failure();
    return value;
}

}  // namespace

Result<SubscriptionView> decode_subscription(ByteView data, std::string_view id) {
    WordReader words{data};
    SubscriptionView out;
    SubscriptionState& state = out.state;
    state.exists = words.boolean(sub::kExists);
    state.subscription = id;
    out.agent = words.address(sub::kAgent);
    out.outage_until = words.u64(sub::kOutageUntil);
    if (!state.exists) return checked(words, out);
    const Address owner = words.address(sub::kOwner);
    state.plan = words.uint(sub::kPlan).decimal();
    state.order = order_text(words.hash(sub::kOrder));
    state.recipient = words.address(sub::kBuyer).text();
    state.owner = owner.is_zero() ? "" : owner.text();
    state.paid_seconds = words.u64(sub::kPaidSeconds);
    state.token = token_text(words.address(sub::kToken));
    state.amount.units = words.uint(sub::kAmount).decimal();
    state.expires_at = time_of(words.u64(sub::kExpiresAt));
    state.window_ends = time_of(words.u64(sub::kWindowEnds));
    state.grace_ends = time_of(words.u64(sub::kGraceEndsAt));
    state.delivered = words.boolean(sub::kDelivered);
    state.declined = words.boolean(sub::kDeclined);
    state.refunded = words.boolean(sub::kRefunded);
    state.cancelled = words.boolean(sub::kCancelled);
    state.cancelled_by_owner = state.cancelled && !words.boolean(sub::kCancelledByOperator);
    state.closed = words.boolean(sub::kClosed);
    state.burned = words.boolean(sub::kBurned);
    if (!state.delivered) return checked(words, out);
    const auto fresh = subtract(words.uint(sub::kEarned), words.uint(sub::kSettled));
    const std::uint64_t credited = words.u64(sub::kOutageCredited);
    if (!fresh || credited > state.paid_seconds) {
        return Failure{BH_E_UNAVAILABLE, "bad_encoding", "the endpoint's subscription is none of our contract's", 0};
    }
    state.unsettled.units = fresh->decimal();
    // As creditTime asks for it.
    state.creditable_from = time_of(out.outage_until == 0 ? words.u64(sub::kDeliveredAt) : out.outage_until);
    if (!state.cancelled && !state.closed) state.creditable_s = state.paid_seconds - credited;
    return checked(words, out);
}

Result<PlanView> decode_plan(ByteView data) {
    WordReader words{data};
    PlanView out;
    out.exists = words.boolean(plan::kExists);
    out.state.delivery_window_s = words.u64(plan::kWindow);
    out.state.grace_s = words.u64(plan::kGrace);
    out.state.setup_days = static_cast<std::uint32_t>(words.u64(plan::kSetupDays));
    out.state.agent = words.address(plan::kAgent).text();
    out.state.active = words.boolean(plan::kActive);
    out.state.total = words.u64(plan::kTotal);
    out.open = words.u64(plan::kOpen);
    return checked(words, out);
}

Result<std::string> decode_text(ByteView data, std::size_t max_size) {
    WordReader words{data};
    return checked(words, words.text(0, max_size));
}

Result<Address> decode_address(ByteView data) {
    WordReader words{data};
    return checked(words, words.address(0));
}

Result<std::vector<Address>> decode_addresses(ByteView data, std::size_t max_count) {
    WordReader words{data};
    const bool at_once = words.u64(0) == 32;
    const std::uint64_t count = words.u64(1);
    if (!at_once || count > max_count) {
        return Failure{BH_E_UNAVAILABLE, "bad_encoding", "the endpoint's answer is not a list of addresses", 0};
    }
    std::vector<Address> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(words.address(2 + i));
    return checked(words, out);
}

Result<Uint256> decode_uint(ByteView data) {
    WordReader words{data};
    return checked(words, words.uint(0));
}

Result<Uint256> decode_earned(ByteView money) {
    WordReader words{money};
    return checked(words, words.uint(2));
}

Result<Balances::Escrow> decode_money(ByteView money) {
    WordReader words{money};
    Balances::Escrow out;
    Amount* const parts[] = {&out.undelivered, &out.unearned, &out.earned, &out.credits};
    for (std::size_t i = 0; i < std::size(parts); ++i) parts[i]->units = words.uint(i).decimal();
    return checked(words, out);
}

Result<std::vector<Balances::Share>> decode_shares(ByteView data) {
    WordReader words{data};
    const std::uint64_t count = words.u64(1);
    if (words.u64(0) != 32 || count > kMaxShares) {
        return Failure{BH_E_UNAVAILABLE, "bad_encoding", "the endpoint's answer is not a list of shares", 0};
    }
    std::vector<Balances::Share> out;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = 2 + 4 * i;
        Balances::Share share;
        share.account = words.address(at).text();
        share.basis_points = static_cast<std::uint32_t>(words.u64(at + 1));
        share.due.units = words.uint(at + 2).decimal();
        share.paid.units = words.uint(at + 3).decimal();
        out.push_back(std::move(share));
    }
    return checked(words, out);
}

}  // namespace bh::evm
