#include "plugins/chain-evm/tx/effect.hpp"

#include "plugins/chain-evm/contract/calls.hpp"

namespace bh::evm {

Result<bool> effect_is_there(Reader& reader, const Intent& intent, const At& at) {
    if (intent.action == kRelease) {
        const Result<Address> token = parse_token(intent.token);
        if (!token) return token.failure();
        const Result<Uint256> due = reader.due(*token, intent.owner, at);
        if (!due) return due.failure();
        return *due == Uint256{};
    }
    if (intent.action == "set_capacity") {
        const Result<PlanView> plan = reader.plan(intent.plan, at);
        if (!plan) return plan.failure();
        return plan->exists && plan->state.total == intent.total;
    }
    if (intent.action == "withdraw") {
        const Result<Address> token = parse_token(intent.token);
        if (!token) return token.failure();
        const Result<Uint256> earned = reader.earned(*token, at);
        if (!earned) return earned.failure();
        return *earned == Uint256{};
    }
    if (intent.action == "update") {
        const Result<Bytes> sealed = reader.sealed(intent.subscription, at);
        if (!sealed) return sealed.failure();
        return *sealed == intent.sealed;
    }
    const Result<SubscriptionView> view = reader.subscription(intent.subscription, at);
    if (!view) return view.failure();
    const SubscriptionState& state = view->state;
    if (intent.action == "close") return state.closed;
    if (intent.action == "burn") return state.burned;
    if (intent.action == "credit_time") {
        return view->outage_until >= static_cast<std::uint64_t>(intent.until.seconds);
    }
    const Result<Hash> order = parse_order(intent.order);
    if (!order) return order.failure();
    if (state.order != order_text(*order)) return false;
    return intent.action == "deliver" ? state.delivered : state.declined;
}

}  // namespace bh::evm
