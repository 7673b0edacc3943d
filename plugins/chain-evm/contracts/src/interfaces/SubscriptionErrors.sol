// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Every refusal of BlockHostSubscription. Arguments name the value and the limit, so that a caller
/// can say what to change.
interface SubscriptionErrors {
    /// @notice Plan ids run from 1 to lastPlanId().
    error UnknownPlan(uint256 planId);
    /// @notice Ids run from 1 to lastSubscriptionId().
    error UnknownSubscription(uint256 id);

    /// @notice Buy another plan; this one takes no purchase and no extension now.
    error PlanInactive(uint256 planId);
    /// @notice `open` of `total` places are taken.
    error SoldOut(uint256 planId, uint256 open, uint256 total);
    /// @notice The operator stopped purchases; existing subscriptions go on.
    error PurchasesArePaused();
    /// @notice See price(planId, token); an extension also needs the token of what is unearned.
    error TokenNotAccepted(address token);
    /// @notice Only the owner may change the token, and only once nothing is unearned.
    error TokenChangeRefused(address token, address current);
    /// @notice Between 1 and `most`.
    error BadDays(uint256 numDays, uint256 most);
    /// @notice The price is higher than the caller allows; see quote().
    error AmountAboveMax(uint256 amount, uint256 maxAmount);
    /// @notice Mined too late; send it again with a later deadline.
    error DeadlinePassed(uint256 deadline);
    /// @notice Zero, or one of the two contracts.
    error BadAddress(address account);
    /// @notice `length` bytes were given, `limit` are allowed.
    error TooLong(uint256 length, uint256 limit);
    /// @notice Native: at least `needed`; with an ERC-20 token: exactly 0.
    error WrongValue(uint256 sent, uint256 needed);
    /// @notice The token delivered another amount than it was asked for; such tokens are not supported.
    error WrongTransfer(uint256 received, uint256 expected);

    /// @notice Only the agent of this plan may; see plan(planId).agent.
    error NotAgent(uint256 planId, address caller);
    /// @notice cancel: the owner or the operator; setCapacity: the agent or the operator.
    error NotAllowed(address caller);
    /// @notice Already delivered, declined or refunded.
    error NotOpen(uint256 id);
    /// @notice Not delivered yet, or cancelled or closed already.
    error NotLive(uint256 id);
    /// @notice The id holds another purchase than the caller means.
    error OrderMismatch(uint256 id, bytes16 stored);
    /// @notice Refused up to and including `lastRefused`.
    error TooEarly(uint256 lastRefused);
    /// @notice Fewer days: the expiry may be at most `latest`.
    error ExpiryTooFar(uint256 expiresAt, uint256 latest);
    /// @notice An outage is past, not empty, not before `earliest`.
    error BadOutage(uint256 from, uint256 until, uint256 earliest);
    /// @notice All credits together stay within the seconds paid for.
    error CreditExhausted(uint256 requested, uint256 left);
    /// @notice The credential has another owner now.
    error NotOwner(uint256 id, address owner);
    /// @notice Close it first; or it is burned already.
    error NotBurnable(uint256 id);
    /// @notice `who` has no credit in this token.
    error NothingToClaim(address token, address who);

    /// @notice A plan's or the constructor's `field` must lie within `least` and `most`.
    error OutOfRange(string field, uint256 value, uint256 least, uint256 most);
    /// @notice tokens and pricesPerDay have different lengths.
    error LengthMismatch(uint256 tokens, uint256 prices);
    /// @notice A listed token is a contract, and at most 255 different ones are ever listed.
    error BadToken(address token);
    /// @notice 65 bytes: 0x04, X, Y (uncompressed secp256k1).
    error BadServerKey(uint256 length);
    /// @notice The credential contract was deployed for another subscription contract.
    error WrongCredential(address expected);
    /// @notice The operator can hand over, not vanish.
    error RenounceRefused();
}
