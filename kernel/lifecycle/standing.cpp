#include "kernel/lifecycle/standing.hpp"

#include <algorithm>
#include <array>

namespace bh::life {
namespace {

constexpr std::array<std::string_view, 10> kNames{"unknown", "absent",  "open",      "declined", "refunded",
                                                  "paid",    "expired", "close_due", "closed",   "burned"};

// purchased .. delivering, declining
Fact waiting_fact(const SubscriptionRow& row, const Reading& now, const FactInputs& in) noexcept {
    const bool mined = row.purchase != EventState::rolled_back;
    switch (now.final) {
        case Standing::declined:
            return Fact::declined_final;
        case Standing::refunded:
            return Fact::refunded_final;
        case Standing::paid:
        case Standing::expired:
        case Standing::close_due:
            return in.has_vm ? Fact::delivered_final : Fact::delivered_no_vm;
        case Standing::closed:
            return in.has_objects ? Fact::closed_final : Fact::closed_no_vm;
        case Standing::burned:
            return in.has_objects ? Fact::burned_final : Fact::burned_no_vm;
        default:
            break;
    }
    if (!mined) return Fact::rolled_back;
    if (now.head == Standing::refunded) return Fact::refund_seen;
    const bool final_open = now.final == Standing::open;
    const bool serving = row.state != State::declining;
    if (final_open && serving && in.late && !in.deliver_in_flight && in.can.decline) return Fact::window_late;
    switch (row.state) {
        case State::purchased:
            if (now.head != Standing::open) return Fact::none;
            return final_open || in.early_allowed ? Fact::start_allowed : Fact::none;
        case State::reachable:
            return final_open ? Fact::purchase_final : Fact::purchase_open;
        case State::awaiting_final:
            return final_open ? Fact::purchase_final : Fact::none;
        default:
            return Fact::none;
    }
}

// Its end is not on the chain any more; its VM is gone.
Fact returned_fact(Standing now) noexcept {
    switch (now) {
        case Standing::paid:
        case Standing::expired:
        case Standing::close_due:
            return Fact::delivered_no_vm;
        case Standing::closed:
            return Fact::closed_no_vm;
        default:
            return Fact::none;
    }
}

// refunded, declined, rolled_back, cleaning, ended
Fact leaving_fact(const SubscriptionRow& row, const Reading& now, const FactInputs& in) noexcept {
    const bool mined = row.purchase != EventState::rolled_back;
    if (row.state == State::ended) {
        // What it ended by was final: that it is gone is no chain's word alone.
        const bool returns = in.rederive || row.reason == "rolled_back";
        if (!returns || now.final != now.head) return Fact::none;
        if (now.final == Standing::open) return mined ? Fact::remined : Fact::none;
        return in.rederive ? returned_fact(now.final) : Fact::none;
    }
    switch (now.final) {
        case Standing::paid:
        case Standing::expired:
        case Standing::close_due:
            return in.has_vm ? Fact::delivered_final : Fact::delivered_no_vm;
        case Standing::closed:
            return in.has_objects ? Fact::closed_final : Fact::closed_no_vm;
        case Standing::burned:
            return in.has_objects ? Fact::burned_final : Fact::burned_no_vm;
        default:
            break;
    }
    if (row.state == State::rolled_back) {
        if (mined) return Fact::remined;
        return in.excludes_purchase && now.final == Standing::absent ? Fact::gone_final : Fact::none;
    }
    if (row.state == State::cleaning) {
        if (!mined || now.final != Standing::open || now.head != Standing::open) return Fact::none;
        return row.reason == "rolled_back" ? Fact::remined : Fact::open_again;
    }
    if (now.final == Standing::declined) return Fact::declined_final;
    if (now.final == Standing::refunded) return Fact::refunded_final;
    if (!mined) return Fact::rolled_back;
    if (now.head != Standing::open) return Fact::none;
    // Declined was final, refunded was seen: only a rollback opens it again.
    if (row.state == State::refunded || now.final == Standing::open) return Fact::open_again;
    return Fact::none;
}

// active, suspending, suspended, resuming, closing, rebuilding, and retiring while its VM is there
Fact kept_fact(const SubscriptionRow& row, const Reading& now) noexcept {
    switch (now.final) {
        case Standing::paid:
            return Fact::paid;
        case Standing::expired:
            return Fact::expired;
        case Standing::close_due:
            return Fact::close_due;
        case Standing::closed:
            return Fact::closed_final;
        case Standing::burned:
            return Fact::burned_final;
        case Standing::open:
            return row.state == State::retiring ? Fact::order_lost : Fact::undelivered_again;
        case Standing::unknown:
            return Fact::none;
        default:
            return Fact::order_lost;
    }
}

Fact held_fact(const SubscriptionRow& row, const Reading& now, const FactInputs& in) noexcept {
    // What is held because just this failed is not tried again without a person.
    const bool may_clean = in.retry || in.held_step != Step::clean;
    const bool may_decline = in.can.decline && (in.retry || in.held_step != Step::decline);
    const bool unpaid = now.final == Standing::declined || now.final == Standing::refunded;
    const bool gone = row.purchase == EventState::rolled_back && in.excludes_purchase && now.final == Standing::absent;
    if (in.confirmed_gone && (unpaid || gone)) return Fact::confirmed_gone;
    if (now.final == Standing::declined && may_clean) return Fact::declined_final;
    if (now.final == Standing::refunded && may_clean) return Fact::refunded_final;
    if (now.final == Standing::open && in.late && !in.deliver_in_flight && may_decline) return Fact::window_late;
    // What can't be closed can still be paid for: its payer does not wait for a person.
    const bool paid_again = now.final == Standing::paid && now.head == Standing::paid;
    if (in.held_step == Step::close && paid_again && in.has_vm) return Fact::paid;
    if (!in.retry) return Fact::none;
    if (row.purchase == EventState::rolled_back) return Fact::rolled_back;
    switch (now.final) {
        case Standing::open:
            return Fact::open_again;
        case Standing::paid:
            return in.has_vm ? Fact::paid : Fact::none;
        case Standing::expired:
            return in.has_vm ? Fact::expired : Fact::none;
        case Standing::close_due:
            return in.has_vm ? Fact::close_due : Fact::none;
        case Standing::closed:
            return in.has_objects ? Fact::closed_final : Fact::closed_no_vm;
        case Standing::burned:
            return in.has_objects ? Fact::burned_final : Fact::burned_no_vm;
        default:
            return Fact::none;
    }
}

}  // namespace

std::string_view to_text(Standing standing) noexcept { return kNames[static_cast<std::size_t>(standing)]; }

Abilities abilities_of(const ChainDescription& description) {
    const auto has = [&](const char* word) {
        return std::find(description.capabilities.begin(), description.capabilities.end(), word) !=
               description.capabilities.end();
    };
    if (!has("deliver")) return {};
    return {has("decline"), has("close"), has("burn")};
}

Standing standing_of(const SubscriptionState& state, const std::string& order, const Abilities& can) {
    const Standing due = can.close ? Standing::close_due : Standing::closed;
    if (!state.exists || state.order.empty() || state.order != order) return Standing::absent;
    if (state.burned) return Standing::burned;
    if (state.closed) return Standing::closed;
    if (state.declined) return Standing::declined;
    if (state.refunded) return Standing::refunded;
    if (!state.delivered) return Standing::open;
    if (state.cancelled_by_owner) return due;
    if (state.expires_at > state.time) return Standing::paid;
    return state.grace_ends > state.time ? Standing::expired : due;
}

Reading read_view(const View& view, const std::string& order, const Abilities& can) {
    return {view.final_state ? standing_of(*view.final_state, order, can) : Standing::unknown,
            standing_of(view.head_state, order, can)};
}

Fact fact_of(const SubscriptionRow& row, const Reading& now, const FactInputs& in) noexcept {
    if (is_undelivered(row.state)) return waiting_fact(row, now, in);
    switch (row.state) {
        case State::refunded:
        case State::declined:
        case State::rolled_back:
        case State::cleaning:
        case State::ended:
            return leaving_fact(row, now, in);
        case State::held:
            return held_fact(row, now, in);
        case State::destroyed:
        case State::burning:
            if (now.final == Standing::unknown) return Fact::none;
            if (now.final == Standing::burned) return Fact::burned_no_vm;
            if (now.final != Standing::closed) return Fact::order_lost;
            if (row.state != State::destroyed) return Fact::none;
            return in.can.burn ? Fact::burn_due : Fact::burned_no_vm;
        case State::retiring: {
            if (now.final == Standing::closed || now.final == Standing::burned) return Fact::none;
            return in.has_vm ? kept_fact(row, now) : Fact::order_lost;
        }
        default:
            return kept_fact(row, now);
    }
}

bool guard_holds(Guard guard, const Reading& now, const FactInputs& in) noexcept {
    const auto over = [](Standing s) { return s == Standing::closed || s == Standing::burned; };
    switch (guard) {
        case Guard::none:
            return true;
        case Guard::expired:
            return (now.final == Standing::expired || now.final == Standing::close_due) &&
                   (now.head == Standing::expired || now.head == Standing::close_due);
        case Guard::close_due:
            // Its own transaction may be mined already.
            return (now.final == Standing::close_due || over(now.final)) &&
                   (now.head == Standing::close_due || over(now.head));
        case Guard::closed:
            return over(now.final) && over(now.head);
        case Guard::gone: {
            const auto gone = [&in](Standing s) {
                return s == Standing::declined || s == Standing::refunded ||
                       (s == Standing::absent && in.excludes_purchase);
            };
            return gone(now.final) && gone(now.head);
        }
        case Guard::open: {
            // Its own transaction may be mined already.
            const auto open = [](Standing each) { return each == Standing::open || each == Standing::declined; };
            return open(now.final) && open(now.head);
        }
        case Guard::lost:
            // An endpoint that lies, or changes branches, says it once: an order may be mined again.
            return now.final == now.head;
    }
    return false;
}

Guard guard_of(Fact fact) noexcept {
    switch (fact) {
        case Fact::expired:
            return Guard::expired;
        case Fact::close_due:
            return Guard::close_due;
        case Fact::order_lost:
            return Guard::lost;
        default:
            return Guard::none;
    }
}

}  // namespace bh::life
