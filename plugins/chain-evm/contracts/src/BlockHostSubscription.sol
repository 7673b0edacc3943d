// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IAccessCredential} from "./interfaces/IAccessCredential.sol";
import {ISubscriptionAuthority} from "./interfaces/ISubscriptionAuthority.sol";
import {Permit} from "./interfaces/Permit.sol";
import {Catalogue} from "./subscription/Catalogue.sol";
import {EarningLine} from "./subscription/EarningLine.sol";
import {Slots} from "./subscription/Slots.sol";
import {Flag, Money, Outage, Plan, Subscription} from "./subscription/Types.sol";
import {Vault} from "./subscription/Vault.sol";
import {Views} from "./subscription/Views.sol";

/// @title Subscriptions to virtual machines: purchase, delivery, extension, end
/// @notice A payment waits in escrow until the host's agent delivers; then it is earned evenly over the paid time.
/// Roles: the operator (owner) makes plans and names agents and treasury; a plan's agent is the hot key on the
/// host; the treasury receives what is earned. INTERFACE.md lists every call, README.md draws the states.
/// @dev All money calls share one reentrancy guard, and no receiver can hold up another's call.
contract BlockHostSubscription is Catalogue, Vault, Views {
    using EarningLine for Subscription;
    using Slots for Money;
    using Slots for Plan;
    using Slots for Subscription;

    /// @param operator Account that makes plans, names agents, treasury and server key, and may cancel.
    /// @param treasury_ Receives what is earned.
    /// @param credential_ AccessCredentialNFT deployed with this contract's address (see INTERFACE.md).
    /// @param minGrace_ Least grace a plan may have, in seconds: 86400, or less where grace 0 is wanted (devnet).
    /// @param serverKey_ Key that buyers seal to, 65 bytes 0x04 X Y; may be empty and published later.
    constructor(
        address operator,
        address treasury_,
        IAccessCredential credential_,
        uint256 minGrace_,
        bytes memory serverKey_
    ) Ownable(operator) {
        address expected = credential_.subscriptions();
        require(expected == address(this), WrongCredential(expected));
        credential = credential_;
        _requireRange("minGrace", minGrace_, 0, MAX_GRACE);
        minGrace = minGrace_;
        _tokens.push(address(0));
        _setTreasury(treasury_);
        if (serverKey_.length != 0) _setServerKey(serverKey_);
    }

    // ---------------------------------------------------------------- before the delivery

    /// @notice Buys `numDays` of a plan for `recipient`, the buyer from here on; the payment goes into escrow.
    /// @param planId From 1 to lastPlanId(); it must be active and have a free place.
    /// @param numDays 1 to 3650; the plan's setup days are charged on top.
    /// @param token 0: the chain's own coin, msg.value at least the price, the rest returns at once. Otherwise an
    /// ERC-20 that msg.sender has approved, msg.value 0.
    /// @param maxAmount Most that may be taken; the operator may have changed the price meanwhile.
    /// @param deadline Last second at which this purchase may be mined.
    /// @param recipient Buyer: gets the credential, or the money back.
    /// @param sealedRequest What the host needs to know, sealed to serverKey(); at most 1,024 bytes.
    /// @return id Of the subscription, and of its credential once it is delivered.
    function purchase(
        uint256 planId,
        uint256 numDays,
        address token,
        uint256 maxAmount,
        uint256 deadline,
        address recipient,
        bytes calldata sealedRequest
    ) external payable nonReentrant returns (uint256 id) {
        uint256 amount;
        (id, amount) = _takePlace(planId, numDays, token, maxAmount);
        _buy(id, planId, numDays, token, amount, deadline, recipient, sealedRequest);
        _returnExcess(token, amount);
    }

    /// @notice purchase() in an ERC-20 with msg.sender's signed allowance in place of a former approve(). The payer is
    /// msg.sender; a permit that the token refuses is ignored, and the allowance decides.
    /// @param planId As in purchase(), like all but the last.
    /// @param numDays 1 to 3650.
    /// @param token A listed ERC-20 with EIP-2612.
    /// @param maxAmount Most that may be taken.
    /// @param deadline Last second at which this purchase may be mined; the permit has one of its own.
    /// @param recipient Buyer.
    /// @param sealedRequest Sealed to serverKey().
    /// @param permit Signed by msg.sender with this contract as spender.
    /// @return id Of the subscription.
    function purchaseWithPermit(
        uint256 planId,
        uint256 numDays,
        address token,
        uint256 maxAmount,
        uint256 deadline,
        address recipient,
        bytes calldata sealedRequest,
        Permit calldata permit
    ) external nonReentrant returns (uint256 id) {
        uint256 amount;
        (id, amount) = _takePlace(planId, numDays, token, maxAmount);
        _permit(token, permit);
        _buy(id, planId, numDays, token, amount, deadline, recipient, sealedRequest);
    }

    /// @notice The host has built it: mints the credential to the buyer and starts the paid time.
    /// @param id Of a subscription that is neither delivered, declined nor refunded; its plan's agent calls.
    /// @param order The order hash of the purchase that was served; an id may have changed hands in a reorganisation.
    /// @param deadline Last second at which this delivery may be mined.
    /// @param sealedCredential Connection details sealed to the buyer, at most 1,024 bytes.
    /// @param attestationHash EIP-712 hash of the delivery attestation, whose text the host serves.
    function deliver(
        uint256 id,
        bytes32 order,
        uint256 deadline,
        bytes calldata sealedCredential,
        bytes32 attestationHash
    ) external nonReentrant {
        Subscription storage s = _openForAgent(id, order);
        _requireBefore(deadline);
        _requireLength(sealedCredential.length, MAX_SEALED_BYTES);
        uint256 expiresAt = _startEarning(s);
        credential.mint(id, s.buyer, sealedCredential);
        emit SubscriptionDelivered(id, expiresAt, attestationHash);
    }

    /// @notice The host can't serve this purchase; the buyer gets all of it back as credit.
    /// @param id Of a subscription that is neither delivered, declined nor refunded; its plan's agent calls.
    /// @param order The order hash of the purchase that is meant.
    /// @param reason At most 64 bytes, for the buyer to read.
    function decline(uint256 id, bytes32 order, string calldata reason) external nonReentrant {
        Subscription storage s = _openForAgent(id, order);
        _requireLength(bytes(reason).length, MAX_REASON_BYTES);
        (address token, uint256 amount) = _giveBack(s, Flag.DECLINED);
        emit Declined(id, s.buyer, token, amount, reason);
    }

    /// @notice Takes an undelivered payment back once the delivery window has passed: the buyer at once, anybody
    /// for the buyer 30 days later.
    /// @param id Of a subscription that is neither delivered, declined nor refunded.
    function refund(uint256 id) external nonReentrant {
        Subscription storage s = _known(id);
        _requireOpen(s, id);
        uint256 lastRefused = uint256(s.purchasedAt) + _plans[s.planId].deliveryWindow;
        if (msg.sender != s.buyer) lastRefused += PUBLIC_REFUND_AFTER;
        require(block.timestamp > lastRefused, TooEarly(lastRefused));
        (address token, uint256 amount) = _giveBack(s, Flag.REFUNDED);
        emit Refunded(id, s.buyer, token, amount);
    }

    // ---------------------------------------------------------------- while it lives

    /// @notice Pays for `numDays` more, from the expiry or, if that has passed, from now. Anybody may, in the token
    /// of what is unearned; the owner may change to another one once nothing is unearned.
    /// @param id Of a delivered subscription, neither cancelled nor closed.
    /// @param numDays 1 to 3650; the new expiry may be at most 3650 days from now.
    /// @param token 0: the chain's own coin; see subscription(id).token.
    /// @param maxAmount Most that may be taken.
    /// @param deadline Last second at which this extension may be mined.
    function extend(uint256 id, uint256 numDays, address token, uint256 maxAmount, uint256 deadline)
        external
        payable
        nonReentrant
    {
        uint256 amount = _extend(id, numDays, token, maxAmount, deadline);
        _returnExcess(token, amount);
    }

    /// @notice extend() in an ERC-20 with msg.sender's signed allowance, as in purchaseWithPermit().
    /// @param id As in extend(), like all but the last.
    /// @param numDays 1 to 3650.
    /// @param token A listed ERC-20 with EIP-2612.
    /// @param maxAmount Most that may be taken.
    /// @param deadline Last second at which this extension may be mined.
    /// @param permit Signed by msg.sender with this contract as spender.
    function extendWithPermit(
        uint256 id,
        uint256 numDays,
        address token,
        uint256 maxAmount,
        uint256 deadline,
        Permit calldata permit
    ) external nonReentrant {
        _permit(token, permit);
        _extend(id, numDays, token, maxAmount, deadline);
    }

    /// @notice Ends it for good: what is unearned is credited to the credential's owner. By the owner or the operator.
    /// @param id Of a delivered subscription, neither cancelled nor closed.
    function cancel(uint256 id) external nonReentrant {
        Subscription storage s = _live(_known(id), id);
        address holder = credential.ownerOf(id);
        bool byOperator = msg.sender != holder;
        require(!byOperator || msg.sender == owner(), NotAllowed(msg.sender));
        s.flags = byOperator ? Flag.CANCELLED | Flag.BY_OPERATOR : Flag.CANCELLED;
        address token = _tokenOf(s);
        uint256 left = s.stop(_money[token]);
        _credit(token, holder, left);
        emit Cancelled(id, holder, byOperator, token, left, s.end);
    }

    /// @notice Adds an outage of the host, wholly past, to the paid time.
    /// @param id Of a delivered subscription, neither cancelled nor closed; its plan's agent calls.
    /// @param from Unix seconds; not before the delivery, nor before the end of the last outage credited.
    /// @param until Unix seconds; after `from`, and past. All credits together stay within the seconds paid for.
    function creditTime(uint256 id, uint256 from, uint256 until) external nonReentrant {
        Subscription storage s = _live(_knownForAgent(id), id);
        Outage storage outage = _outages[id];
        uint256 earliest = outage.until == 0 ? s.deliveredAt : outage.until;
        require(earliest <= from && from < until && until <= block.timestamp, BadOutage(from, until, earliest));
        uint256 left = s.paidSeconds - outage.credited;
        require(until - from <= left, CreditExhausted(until - from, left));
        outage.until = uint40(until);
        outage.credited += uint40(until - from);
        uint256 expiresAt = _laterOfExpiryAndNow(s) + (until - from);
        s.restart(_moneyOf(s), 0, expiresAt);
        emit TimeCredited(id, from, until, expiresAt);
    }

    /// @notice Replaces the sealed details, if `owner_` still holds the credential.
    /// @param id Of a delivered subscription whose credential is not burned; its plan's agent calls.
    /// @param owner_ Whom the details are sealed to.
    /// @param sealedCredential At most 1,024 bytes.
    function update(uint256 id, address owner_, bytes calldata sealedCredential) external nonReentrant {
        Subscription storage s = _knownForAgent(id);
        require(s.deliveredAt != 0 && s.flags & Flag.BURNED == 0, NotLive(id));
        address holder = credential.ownerOf(id);
        require(owner_ == holder, NotOwner(id, holder));
        _requireLength(sealedCredential.length, MAX_SEALED_BYTES);
        credential.reseal(id, sealedCredential);
        emit CredentialUpdated(id, holder);
    }

    // ---------------------------------------------------------------- the end

    /// @notice From here on nobody can pay for it, and the host may destroy what it holds. After expiry and grace,
    /// or after the owner's cancel.
    /// @param id Of a delivered subscription that is not closed; its plan's agent calls.
    function close(uint256 id) external nonReentrant {
        Subscription storage s = _knownForAgent(id);
        require(s.deliveredAt != 0 && s.flags & Flag.CLOSED == 0, NotLive(id));
        if (s.flags & (Flag.CANCELLED | Flag.BY_OPERATOR) != Flag.CANCELLED) {
            uint256 lastRefused = uint256(s.end) + _plans[s.planId].grace;
            require(block.timestamp > lastRefused, TooEarly(lastRefused));
        }
        s.flags |= Flag.CLOSED;
        // The expiry has passed or the line is empty: all is earned, nothing is left for anybody.
        s.stop(_moneyOf(s));
        emit Closed(id, s.end);
    }

    /// @notice Burns the credential of a closed subscription and frees its place in the plan.
    /// @param id Of a closed subscription; its plan's agent calls.
    function burn(uint256 id) external nonReentrant {
        Subscription storage s = _knownForAgent(id);
        require(s.flags & Flag.CLOSED != 0 && s.flags & Flag.BURNED == 0, NotBurnable(id));
        --_plans[s.planId].open;
        credential.burn(id); // first: the credential asks mintedTo(), which answers until the flag is set
        s.flags |= Flag.BURNED;
        emit Burned(id);
    }

    /// @notice Settles `ids` (skipping what can't earn `token`), then sends what is earned to the treasury.
    /// @param token 0: the chain's own coin.
    /// @param ids Subscriptions to settle; as many as fit into a block, none is fine, too.
    /// @return amount Sent.
    function withdraw(address token, uint256[] calldata ids) external nonReentrant returns (uint256 amount) {
        Money storage m = _money[token];
        uint256 fresh;
        for (uint256 i = 0; i < ids.length; ++i) {
            Subscription storage s = _subscriptions[ids[i]];
            if (s.deliveredAt == 0 || _tokenOf(s) != token) continue;
            fresh += s.settle();
        }
        EarningLine.moveSettled(m, fresh);
        amount = m.earned;
        if (amount == 0) return 0;
        m.earned = 0;
        emit Withdrawn(token, treasury, amount);
        _payOut(token, treasury, amount);
    }

    /// @notice The operator.
    function owner() public view override(Ownable, ISubscriptionAuthority) returns (address) {
        return super.owner();
    }

    // ---------------------------------------------------------------- parts of the calls above

    function _takePlace(uint256 planId, uint256 numDays, address token, uint256 maxAmount)
        private
        returns (uint256 id, uint256 amount)
    {
        require(!purchasesPaused, PurchasesArePaused());
        Plan storage p = _plans[planId];
        // What is read here one after the other shares a slot, which the optimizer then loads once.
        uint256 first = p.saleSlot();
        require(p.deliveryWindow != 0, UnknownPlan(planId));
        require(p.active, PlanInactive(planId));
        (uint24 open, uint24 total) = (p.open, p.total);
        require(open < total, SoldOut(planId, open, total));
        (uint256 perDay, bool accepted, uint256 setupDays) = (p.coinPerDay, p.coinAccepted, p.setupDays);
        if (token != address(0)) (perDay, accepted) = _priceOf(planId, p, token);
        amount = _purchasePrice(perDay, accepted, numDays, setupDays, token);
        require(amount <= maxAmount, AmountAboveMax(amount, maxAmount));
        unchecked {
            id = ++lastSubscriptionId; // nobody pays for 2^64 purchases
        }
        p.storeOneMore(first);
    }

    function _buy(
        uint256 id,
        uint256 planId,
        uint256 numDays,
        address token,
        uint256 amount,
        uint256 deadline,
        address recipient,
        bytes calldata sealedRequest
    ) private {
        _requireBefore(deadline);
        _requireOutside(recipient);
        _requireLength(sealedRequest.length, MAX_SEALED_BYTES);
        _pull(token, amount);
        unchecked {
            _record(id, planId, numDays * 1 days, token, amount, recipient, sealedRequest); // at most MAX_DAYS
        }
    }

    function _record(
        uint256 id,
        uint256 planId,
        uint256 paidSeconds,
        address token,
        uint256 amount,
        address buyer,
        bytes calldata sealedRequest
    ) private {
        bytes32 order = orderHash(buyer, planId, paidSeconds, token, amount, keccak256(sealedRequest));
        Subscription storage s = _subscriptions[id];
        s.storePurchase(buyer, planId, paidSeconds);
        s.storePayment(amount, order, _indexOf(planId, token));
        _money[token].addUndelivered(amount);
        emit SubscriptionPurchased(id, planId, buyer, paidSeconds, token, amount, order, sealedRequest);
    }

    function _extend(uint256 id, uint256 numDays, address token, uint256 maxAmount, uint256 deadline)
        private
        returns (uint256 amount)
    {
        _requireBefore(deadline);
        Subscription storage s = _live(_known(id), id);
        require(_plans[s.planId].active, PlanInactive(s.planId));
        amount = _extensionPrice(id, s, numDays, token, msg.sender);
        require(amount <= maxAmount, AmountAboveMax(amount, maxAmount));
        uint256 expiresAt = _laterOfExpiryAndNow(s) + numDays * 1 days;
        uint256 latest = block.timestamp + MAX_DAYS * 1 days;
        require(expiresAt <= latest, ExpiryTooFar(expiresAt, latest));
        _pull(token, amount);
        _prolong(s, token, amount, expiresAt);
        s.paidSeconds += uint32(numDays * 1 days);
        emit Extended(id, msg.sender, numDays * 1 days, token, amount, expiresAt);
    }

    function _openForAgent(uint256 id, bytes32 order) private view returns (Subscription storage s) {
        s = _knownForAgent(id);
        _requireOpen(s, id);
        require(bytes16(order) == s.order, OrderMismatch(id, s.order));
    }

    /// @dev Setup days are earned by a delivery inside the window; a later one spreads them over the paid time.
    function _startEarning(Subscription storage s) private returns (uint256 end) {
        Plan storage p = _plans[s.planId];
        uint128 amount = s.amount;
        Money storage m = _moneyOf(s);
        m.undelivered -= amount;
        m.unearned += amount;
        bool inTime = block.timestamp <= uint256(s.purchasedAt) + p.agentWindow;
        end = block.timestamp + s.paidSeconds;
        s.storeLine(end, block.timestamp, inTime ? p.agentSetupDays : 0);
    }

    /// @dev Decline and refund: all of an undelivered payment becomes the buyer's credit.
    function _giveBack(Subscription storage s, uint8 flag) private returns (address token, uint256 amount) {
        token = _tokenOf(s);
        amount = s.amount;
        s.flags = flag;
        s.amount = 0;
        --_plans[s.planId].open;
        _money[token].undelivered -= uint128(amount);
        _credit(token, s.buyer, amount);
    }

    /// @dev `token` differs from the line's own only when nothing is unearned in that.
    function _prolong(Subscription storage s, address token, uint256 amount, uint256 expiresAt) private {
        address current = _tokenOf(s);
        if (token == current) {
            s.restart(_money[token], amount, expiresAt);
        } else {
            s.restart(_money[current], 0, expiresAt);
            s.tokenIndex = _indexOf(s.planId, token);
            s.amount = uint112(amount);
        }
        _money[token].unearned += uint128(amount);
    }

    function _live(Subscription storage s, uint256 id) private view returns (Subscription storage) {
        require(s.deliveredAt != 0 && s.flags == Flag.NONE, NotLive(id));
        return s;
    }

    function _requireOpen(Subscription storage s, uint256 id) private view {
        require(s.deliveredAt == 0 && s.flags == Flag.NONE, NotOpen(id));
    }

    function _laterOfExpiryAndNow(Subscription storage s) private view returns (uint256) {
        return s.end > block.timestamp ? s.end : block.timestamp;
    }
}
