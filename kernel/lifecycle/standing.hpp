// What the chain says about one order, in one word, and which fact that is for a row. Pure.
#pragma once

#include "kernel/journal/rows.hpp"
#include "kernel/lifecycle/table.hpp"
#include "plugin-api/documents/chain.hpp"

namespace bh::life {

enum class Standing : std::uint8_t {
    unknown,  // not read (no final position yet)
    absent,   // no such subscription, or another order: says nothing in this row's favour
    open,     // bought, not delivered, neither declined nor refunded: counts as paid
    declined,
    refunded,
    paid,
    expired,
    close_due,  // cancelled by the owner, or expired and the grace is over
    closed,
    burned,
};
std::string_view to_text(Standing standing) noexcept;

// What the chain's contract lets this host do, of what not every contract does. What it can't is never tried.
struct Abilities {
    bool decline = true;  // else who can't be served is held: the operator gives the money back by hand
    bool close = true;    // else what is due for it is as good as closed
    bool burn = true;     // else a credential outlives its VM
    bool operator==(const Abilities&) const = default;
};
// All of them where the description does not even say that it delivers: then it says nothing about any.
Abilities abilities_of(const ChainDescription& description);

// `order` is the hash that the contract stores: a state with another one is another purchase's.
Standing standing_of(const SubscriptionState& state, const std::string& order, const Abilities& can = {});

inline bool was_delivered(Standing s) noexcept {
    return s == Standing::paid || s == Standing::expired || s == Standing::close_due || s == Standing::closed ||
           s == Standing::burned;
}

// Fresh reads of one subscription: at the newest final position and at the head.
struct View {
    Block final_block;  // unknown position: the chain has no final block yet
    std::optional<SubscriptionState> final_state;
    SubscriptionState head_state;
};

struct Reading {
    Standing final = Standing::unknown, head = Standing::unknown;
};
Reading read_view(const View& view, const std::string& order, const Abilities& can = {});

struct FactInputs {
    bool has_vm = false;
    bool has_objects = false;        // a VM or a volume
    bool early_allowed = false;      // the purchase's amount is within the operator's risk limit
    bool excludes_purchase = false;  // the final position is at or above the block that held the rolled-back purchase
    bool retry = false;              // a held row may move: an operator asked for it
    bool late = false;               // 80 % of the delivery window have passed by the newest final block
    bool deliver_in_flight = false;
    bool rederive = false;        // an ended row of a rollback below a final position, and an operator has accepted it
    Step held_step = Step::none;  // of a held row: the step that is held, and not what became of it since
    Abilities can = {};
    bool confirmed_gone = false;  // an operator said that what `clean` should have removed is gone
};
// The chain's fact for the row's state; Fact::none: stay.
Fact fact_of(const SubscriptionRow& row, const Reading& reading, const FactInputs& inputs) noexcept;

// Does the guard's condition hold, at the final position and not contradicted by the head?
bool guard_holds(Guard guard, const Reading& reading, const FactInputs& inputs) noexcept;
// The condition of a fact that is irreversible, or that a person has to see to; Guard::none: one look is enough.
Guard guard_of(Fact fact) noexcept;

}  // namespace bh::life
