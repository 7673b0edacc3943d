// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What is stored, field by field. Sizes and order are chosen for gas: a purchase fills two slots of a subscription
/// and a delivery writes the third only. Of a plan a purchase in the chain's own coin needs the first slot and nothing
/// else, and a delivery the second. Views.sol holds the wide structs that callers read.

/// Price of a plan in one token. `perDay` stays when the token goes off sale: extensions still need it.
struct Price {
    uint96 perDay;
    uint8 tokenIndex; // 0: the chain's own coin
    bool accepted;
}

/// Terms of a plan. The hash of its resources, the window, the grace and the setup days never change.
struct Plan {
    uint96 coinPerDay; // the Price in the chain's own coin; those in other tokens are in Storage._prices
    bool coinAccepted;
    uint24 total; // capacity that the host offers
    uint24 open; // purchases that are neither declined, refunded nor burned
    uint24 deliveryWindow; // seconds
    uint8 setupDays;
    bool active;
    address agent; // from here on the second slot
    uint24 agentWindow; // deliveryWindow and setupDays once more, for the delivery
    uint8 agentSetupDays;
    uint32 grace; // seconds
    address resources; // where SSTORE2 keeps the JSON text
    bytes32 resourcesHash;
}

/// One subscription. `amount` is the whole payment until the delivery, afterwards that of the earning line
/// (EarningLine.sol), of which `settled` has already been moved on. It is delivered once `deliveredAt` is set.
struct Subscription {
    address buyer;
    uint24 planId;
    uint32 paidSeconds; // purchase and extensions together, without setup days
    uint40 purchasedAt;
    uint112 amount;
    bytes16 order; // first half of the order hash
    uint8 tokenIndex;
    uint8 flags;
    uint112 settled;
    uint40 start;
    uint40 end;
    uint40 deliveredAt;
    uint8 setupDays; // earned at the start of this line: the plan's in the first one, if delivered in time
}

/// The host's own outages credited to a subscription so far; written by creditTime only.
struct Outage {
    uint40 until; // end of the last one credited
    uint40 credited; // seconds, all together
}

/// What the contract holds of one token, by claimant.
struct Money {
    uint128 undelivered; // escrow, all of it the buyers'
    uint128 unearned; // in earning lines, not settled yet
    uint128 earned; // settled, waits for the treasury
    uint128 credits; // waits to be claimed
}

/// Bits of Subscription.flags: how it ended. None is ever cleared.
library Flag {
    uint8 internal constant DECLINED = 1;
    uint8 internal constant REFUNDED = 2;
    uint8 internal constant CANCELLED = 4;
    uint8 internal constant BY_OPERATOR = 8; // who cancelled
    uint8 internal constant CLOSED = 16;
    uint8 internal constant BURNED = 32;

    /// It has not ended: open until the delivery, live afterwards.
    uint8 internal constant NONE = 0;
}
