// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What views return. Every member is one 32-byte word of the answer, in this order, so that any decoder
/// can read it by offset. New members are only ever appended.

/// Everything that a host asks about one subscription at one block. Times are Unix seconds.
struct SubscriptionState {
    bool exists; // false: never purchased, all other members are zero
    uint256 planId;
    bytes16 order; // first 16 bytes of the order hash in SubscriptionPurchased
    address buyer; // recipient named in the purchase
    address owner; // holder of the credential; 0 unless it is minted
    address agent; // the plan's agent now
    address token; // 0 = the chain's own coin
    uint256 amount; // undelivered: the payment in escrow; delivered: that of the current earning line
    uint256 paidSeconds; // purchase and extensions together, without setup days
    uint256 purchasedAt;
    uint256 deliveryDeadline; // last second of the delivery window
    uint256 grace; // seconds
    bool delivered;
    bool declined;
    bool refunded;
    bool cancelled;
    bool cancelledByOperator;
    bool closed;
    bool burned;
    uint256 deliveredAt; // 0 = undelivered
    uint256 start; // of the current earning line; 0 = undelivered
    uint256 expiresAt; // 0 = undelivered; paid while now < expiresAt
    uint256 graceEndsAt; // expiresAt + grace; 0 = undelivered
    uint256 setup; // undelivered: the part of amount that a delivery inside the window earns at once
    uint256 earned; // of amount, at this block's time; 0 = undelivered
    uint256 settled; // of earned, what already counts in money(token).earned or was withdrawn
    uint256 unearned; // amount - earned: what a cancel now would credit; 0 = undelivered
    uint256 outageUntil; // end of the last outage credited; 0 = none
    uint256 outageCredited; // seconds credited so far, at most paidSeconds
}

struct PlanState {
    bool exists; // false: all other members are zero
    bytes32 resourcesHash; // keccak256 of the JSON text that resources(planId) returns
    uint256 deliveryWindow; // seconds
    uint256 grace; // seconds
    uint256 setupDays;
    address agent;
    bool active;
    uint256 total;
    uint256 open;
    uint256 available; // max(0, total - open)
}

/// balance of the contract >= the sum of the four, equal without donations.
struct MoneyState {
    uint256 undelivered; // escrow of undelivered purchases
    uint256 unearned; // in earning lines, not settled: sum over delivered ids of amount - settled
    uint256 earned; // settled, not yet withdrawn to the treasury
    uint256 credits; // credited, not yet claimed
}
