// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {ISubscriptionAuthority} from "../interfaces/ISubscriptionAuthority.sol";
import {MoneyState, PlanState, SubscriptionState} from "../interfaces/ViewTypes.sol";
import {EarningLine} from "./EarningLine.sol";
import {Pricing} from "./Pricing.sol";
import {Flag, Money, Outage, Plan, Subscription} from "./Types.sol";

/// @title Reads: each answers one question in one call at one block
abstract contract Views is Pricing, ISubscriptionAuthority {
    using EarningLine for Subscription;

    /// @notice All about subscription `id`; `exists` is false when there is none.
    /// @param id Any number.
    /// @return v Words by offset, see ViewTypes.sol.
    function subscription(uint256 id) external view returns (SubscriptionState memory v) {
        Subscription storage s = _subscriptions[id];
        if (s.buyer == address(0)) return v;
        Plan storage p = _plans[s.planId];
        v.exists = true;
        v.planId = s.planId;
        v.order = s.order;
        v.buyer = s.buyer;
        v.agent = p.agent;
        v.token = _tokenOf(s);
        v.amount = s.amount;
        v.paidSeconds = s.paidSeconds;
        v.purchasedAt = s.purchasedAt;
        v.deliveryDeadline = uint256(s.purchasedAt) + p.deliveryWindow;
        v.grace = p.grace;
        v.delivered = s.deliveredAt != 0;
        _flags(v, s.flags);
        if (v.delivered) _life(v, id, s);
        else v.setup = EarningLine.setupPart(s.amount, s.paidSeconds, p.setupDays);
    }

    /// @notice All about plan `planId` but its text and prices; `exists` is false when there is none.
    /// @param planId Any number.
    /// @return v Words by offset, see ViewTypes.sol.
    function plan(uint256 planId) external view returns (PlanState memory v) {
        Plan storage p = _plans[planId];
        if (p.deliveryWindow == 0) return v;
        v.exists = true;
        v.resourcesHash = p.resourcesHash;
        v.deliveryWindow = p.deliveryWindow;
        v.grace = p.grace;
        v.setupDays = p.setupDays;
        v.agent = p.agent;
        v.active = p.active;
        v.total = p.total;
        v.open = p.open;
        v.available = p.total > p.open ? p.total - p.open : 0;
    }

    /// @notice The plan's resources, the JSON text whose keccak256 is plan(planId).resourcesHash.
    /// @param planId From 1 to lastPlanId().
    /// @return JSON, at most 4,096 bytes.
    function resources(uint256 planId) external view returns (string memory) {
        return string(SSTORE2.read(_knownPlan(planId).resources));
    }

    /// @notice Price of a day; given also when the token is off sale.
    /// @param planId Any number.
    /// @param token 0: the chain's own coin.
    /// @return perDay Smallest units of the token.
    /// @return accepted False: off sale, or never on sale.
    function price(uint256 planId, address token) external view returns (uint256 perDay, bool accepted) {
        return _priceOf(planId, _plans[planId], token);
    }

    /// @notice What purchase(planId, numDays, token ...) takes, setup days included.
    /// @param planId From 1 to lastPlanId().
    /// @param numDays 1 to 3650.
    /// @param token An accepted one; 0: the chain's own coin.
    /// @return Smallest units of the token.
    function quote(uint256 planId, uint256 numDays, address token) external view returns (uint256) {
        Plan storage p = _knownPlan(planId);
        (uint256 perDay, bool accepted) = _priceOf(planId, p, token);
        return _purchasePrice(perDay, accepted, numDays, p.setupDays, token);
    }

    /// @notice What extend(id, numDays, token ...) sent by `payer` takes.
    /// @param id Of a subscription.
    /// @param numDays 1 to 3650.
    /// @param token 0: the chain's own coin.
    /// @param payer Only the owner may change the token.
    /// @return Smallest units of the token.
    function quoteExtension(uint256 id, uint256 numDays, address token, address payer) external view returns (uint256) {
        return _extensionPrice(id, _known(id), numDays, token, payer);
    }

    /// @notice How the contract's balance of `token` is divided.
    /// @param token 0: the chain's own coin.
    /// @return The balance's parts, see ViewTypes.sol.
    function money(address token) external view returns (MoneyState memory) {
        Money storage m = _money[token];
        return MoneyState(m.undelivered, m.unearned, m.earned, m.credits);
    }

    /// @notice What `who` can claim.
    /// @param token 0: the chain's own coin.
    /// @param who Anybody.
    /// @return Smallest units of the token.
    function credit(address token, address who) external view returns (uint256) {
        return _credits[token][who];
    }

    /// @notice Every token that ever had a price, the chain's own coin (0) first.
    /// @return Their addresses, at most 256.
    function tokens() external view returns (address[] memory) {
        return _tokens;
    }

    /// @notice The key that buyers seal their requests to.
    /// @return Empty, or 65 bytes 0x04 X Y.
    function serverKey() external view returns (bytes memory) {
        return _serverKey;
    }

    /// @inheritdoc ISubscriptionAuthority
    function mintedTo(uint256 id) external view override returns (address) {
        Subscription storage s = _subscriptions[id];
        return s.deliveredAt == 0 || s.flags & Flag.BURNED != 0 ? address(0) : s.buyer;
    }

    /// @inheritdoc ISubscriptionAuthority
    function transferLocked(uint256 id) external view override returns (bool) {
        return _subscriptions[id].flags & (Flag.CANCELLED | Flag.CLOSED) != 0;
    }

    /// @notice The hash that names a purchase across reorganisations, where ids may change hands.
    /// @param buyer Recipient of the purchase.
    /// @param planId The plan bought.
    /// @param paidSeconds Days bought * 86,400, without setup days.
    /// @param token 0: the chain's own coin.
    /// @param amount Paid, with setup days.
    /// @param sealedRequestHash keccak256 of the sealed request.
    /// @return keccak256 of the six words; a subscription keeps its first 16 bytes.
    function orderHash(
        address buyer,
        uint256 planId,
        uint256 paidSeconds,
        address token,
        uint256 amount,
        bytes32 sealedRequestHash
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(buyer, planId, paidSeconds, token, amount, sealedRequestHash));
    }

    function _flags(SubscriptionState memory v, uint8 flags) private pure {
        v.declined = flags & Flag.DECLINED != 0;
        v.refunded = flags & Flag.REFUNDED != 0;
        v.cancelled = flags & Flag.CANCELLED != 0;
        v.cancelledByOperator = flags & Flag.BY_OPERATOR != 0;
        v.closed = flags & Flag.CLOSED != 0;
        v.burned = flags & Flag.BURNED != 0;
    }

    function _life(SubscriptionState memory v, uint256 id, Subscription storage s) private view {
        if (!v.burned) v.owner = credential.ownerOf(id);
        v.deliveredAt = s.deliveredAt;
        v.start = s.start;
        v.expiresAt = s.end;
        v.graceEndsAt = s.end + v.grace;
        v.earned = s.earned();
        v.settled = s.settled;
        v.unearned = s.unearned();
        Outage storage outage = _outages[id];
        v.outageUntil = outage.until;
        v.outageCredited = outage.credited;
    }
}
