// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {IAccessCredential} from "../interfaces/IAccessCredential.sol";
import {SubscriptionErrors} from "../interfaces/SubscriptionErrors.sol";
import {SubscriptionEvents} from "../interfaces/SubscriptionEvents.sol";
import {Money, Outage, Plan, Price, Subscription} from "./Types.sol";

/// @title All state of BlockHostSubscription, and its limits
abstract contract Storage is SubscriptionEvents, SubscriptionErrors {
    uint256 internal constant MAX_DAYS = 3650;
    uint256 internal constant MAX_SEALED_BYTES = 1024;
    uint256 internal constant MAX_REASON_BYTES = 64;
    uint256 internal constant MAX_RESOURCES_BYTES = 4096;
    uint256 internal constant MIN_DELIVERY_WINDOW = 1 minutes;
    uint256 internal constant MAX_DELIVERY_WINDOW = 7 days;
    uint256 internal constant MAX_GRACE = 90 days;
    uint256 internal constant MAX_SETUP_DAYS = 30;
    /// @dev From here on anybody may send the money of an undelivered purchase back to its buyer.
    uint256 internal constant PUBLIC_REFUND_AFTER = 30 days;

    /// @notice The credential contract; it mints for this contract only.
    IAccessCredential public immutable credential;

    /// @notice Least grace of a plan in seconds; 0 on a devnet.
    uint256 public immutable minGrace;

    /// @notice Where what is earned goes, and nowhere else.
    address public treasury;
    /// @notice Ids are given out from 1 without gaps.
    uint64 public lastSubscriptionId;
    /// @notice Plan ids are given out from 1 without gaps.
    uint24 public lastPlanId;
    /// @notice True: no purchases now. Nothing else is ever paused.
    bool public purchasesPaused;

    mapping(uint256 planId => Plan) internal _plans;
    mapping(uint256 planId => mapping(address token => Price)) internal _prices;
    mapping(uint256 id => Subscription) internal _subscriptions;
    mapping(uint256 id => Outage) internal _outages;
    mapping(address token => Money) internal _money;
    mapping(address token => mapping(address who => uint256)) internal _credits;

    /// @dev Tokens ever listed; index 0 is the chain's own coin. Subscriptions store the index.
    address[] internal _tokens;
    mapping(address token => uint8) internal _tokenIndex;

    bytes internal _serverKey;

    /// @dev Money must never be sent to, or credited to, one of our own contracts: nothing could claim it.
    function _requireOutside(address account) internal view {
        require(
            account != address(0) && account != address(this) && account != address(credential), BadAddress(account)
        );
    }

    function _requireLength(uint256 length, uint256 limit) internal pure {
        require(length <= limit, TooLong(length, limit));
    }

    function _requireBefore(uint256 deadline) internal view {
        require(block.timestamp <= deadline, DeadlinePassed(deadline));
    }

    function _knownPlan(uint256 planId) internal view returns (Plan storage p) {
        p = _plans[planId];
        require(p.deliveryWindow != 0, UnknownPlan(planId));
    }

    /// @dev The price in the chain's own coin is where a purchase finds all else of its plan.
    function _priceOf(uint256 planId, Plan storage p, address token)
        internal
        view
        returns (uint256 perDay, bool accepted)
    {
        if (token == address(0)) return (p.coinPerDay, p.coinAccepted);
        Price storage price_ = _prices[planId][token];
        return (price_.perDay, price_.accepted);
    }

    /// @dev Of a token that the plan has a price in.
    function _indexOf(uint256 planId, address token) internal view returns (uint8) {
        return token == address(0) ? 0 : _prices[planId][token].tokenIndex;
    }

    function _known(uint256 id) internal view returns (Subscription storage s) {
        s = _subscriptions[id];
        require(s.buyer != address(0), UnknownSubscription(id));
    }

    function _knownForAgent(uint256 id) internal view returns (Subscription storage s) {
        s = _known(id);
        require(msg.sender == _plans[s.planId].agent, NotAgent(s.planId, msg.sender));
    }

    /// @dev The token that a subscription is paid in. Its index was given out by Catalogue, so it is in range.
    function _tokenOf(Subscription storage s) internal view returns (address) {
        uint256 index = s.tokenIndex;
        return index == 0 ? address(0) : Arrays.unsafeAccess(_tokens, index).value;
    }

    /// @dev All that the contract holds in the token of a subscription.
    function _moneyOf(Subscription storage s) internal view returns (Money storage) {
        return _money[_tokenOf(s)];
    }
}
