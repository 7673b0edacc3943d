// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Every event of BlockHostSubscription. One call emits one of them (deliver and burn also cause the
/// credential's own Transfer and MetadataUpdate). Those that change the expiry carry the new one.
interface SubscriptionEvents {
    /// @notice A payment is in escrow. `order` is the whole hash; the contract stores its first 16 bytes.
    event SubscriptionPurchased(
        uint256 indexed id,
        uint256 indexed planId,
        address indexed buyer,
        uint256 paidSeconds,
        address token,
        uint256 amount,
        bytes32 order,
        bytes sealedRequest
    );

    /// @notice Credential `id` is minted and the paid time runs.
    event SubscriptionDelivered(uint256 indexed id, uint256 expiresAt, bytes32 attestationHash);

    /// @notice The host can't serve the purchase; `amount` is credited to the buyer.
    event Declined(uint256 indexed id, address indexed buyer, address token, uint256 amount, string reason);

    /// @notice The purchase was not delivered in time; `amount` is credited to the buyer.
    event Refunded(uint256 indexed id, address indexed buyer, address token, uint256 amount);

    /// @notice `paidSeconds` more were paid for by `payer`.
    event Extended(
        uint256 indexed id, address indexed payer, uint256 paidSeconds, address token, uint256 amount, uint256 expiresAt
    );

    /// @notice Final; `credited` is the unearned part, to `owner`.
    event Cancelled(
        uint256 indexed id, address indexed owner, bool byOperator, address token, uint256 credited, uint256 expiresAt
    );

    /// @notice Nobody can pay for it any more; the host may destroy what it holds.
    event Closed(uint256 indexed id, uint256 expiresAt);

    /// @notice The host's outage from `from` to `until` was added to the paid time.
    event TimeCredited(uint256 indexed id, uint256 from, uint256 until, uint256 expiresAt);

    /// @notice The sealed details of the credential were replaced, for `owner`.
    event CredentialUpdated(uint256 indexed id, address indexed owner);

    /// @notice The credential is gone and its place in the plan is free.
    event Burned(uint256 indexed id);

    /// @notice A new plan, on sale. `resources` is the JSON text whose keccak256 is `resourcesHash`.
    event PlanCreated(
        uint256 indexed planId,
        bytes32 resourcesHash,
        string resources,
        uint256 deliveryWindow,
        uint256 grace,
        uint256 setupDays,
        address agent,
        uint256 total
    );

    /// @notice Price of one day in `token` (0 address: the chain's own coin); 0 = off sale.
    event PriceChanged(uint256 indexed planId, address indexed token, uint256 perDay);

    /// @notice Purchases and extensions of the plan stop, or go on.
    event PlanActiveChanged(uint256 indexed planId, bool active);

    /// @notice From now on `agent` serves the plan.
    event AgentChanged(uint256 indexed planId, address indexed agent);

    /// @notice The plan offers `total` places in all.
    event CapacityChanged(uint256 indexed planId, uint256 total);

    /// @notice What is earned goes to `treasury`.
    event TreasuryChanged(address indexed treasury);

    /// @notice Buyers seal their requests to this key; requests already made stay sealed to the former one.
    event ServerKeyChanged(bytes serverKey);

    /// @notice Purchases of all plans stop, or go on.
    event PurchasesPaused(bool paused);

    /// @notice Credit of `who` was paid to `to`.
    event Claimed(address indexed token, address indexed who, address indexed to, uint256 amount);

    /// @notice What was earned was paid to the treasury.
    event Withdrawn(address indexed token, address indexed treasury, uint256 amount);
}
