// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {Storage} from "./Storage.sol";
import {Plan, Price} from "./Types.sol";

/// @title The operator's calls: plans, prices, agents, treasury, server key
abstract contract Catalogue is Storage, Ownable2Step {
    /// @notice Makes a plan and puts it on sale. `resources` is canonical JSON; its keccak256 becomes the plan's
    /// resources hash. Resources, window, grace and setup days never change: a change is a new plan.
    /// @param resources_ JSON, at most 4,096 bytes.
    /// @param deliveryWindow Seconds that the host has to deliver, 60 to 604,800.
    /// @param grace Seconds between expiry and close, minGrace() to 7,776,000.
    /// @param setupDays Days charged once on top, 0 to 30.
    /// @param agent Hot key of the host.
    /// @param total Places, at most 2^24 - 1.
    /// @param tokens_ Accepted from the start; 0: the chain's own coin.
    /// @param pricesPerDay Of those, in smallest units, at most 2^96 - 1.
    /// @return planId Of the new plan.
    function createPlan(
        string calldata resources_,
        uint256 deliveryWindow,
        uint256 grace,
        uint256 setupDays,
        address agent,
        uint256 total,
        address[] calldata tokens_,
        uint256[] calldata pricesPerDay
    ) external onlyOwner returns (uint256 planId) {
        require(tokens_.length == pricesPerDay.length, LengthMismatch(tokens_.length, pricesPerDay.length));
        planId = ++lastPlanId;
        _setTerms(_plans[planId], deliveryWindow, grace, setupDays, agent, total);
        bytes32 hash = _setResources(_plans[planId], bytes(resources_));
        emit PlanCreated(planId, hash, resources_, deliveryWindow, grace, setupDays, agent, total);
        for (uint256 i = 0; i < tokens_.length; ++i) {
            _setPrice(planId, tokens_[i], pricesPerDay[i]);
        }
    }

    /// @notice Price of one day in `token`; 0 takes it off sale, and what is unearned in it can still be extended
    /// at the last price.
    /// @param planId From 1 to lastPlanId().
    /// @param token 0: the chain's own coin; else a plain ERC-20. At most 255 different ones are ever listed.
    /// @param perDay Smallest units, at most 2^96 - 1.
    function setPrice(uint256 planId, address token, uint256 perDay) external onlyOwner {
        _knownPlan(planId);
        _setPrice(planId, token, perDay);
    }

    /// @notice Stops or resumes purchases and extensions of one plan. Purchases made before are served.
    /// @param planId From 1 to lastPlanId().
    /// @param active Whether it is on sale.
    function setPlanActive(uint256 planId, bool active) external onlyOwner {
        _knownPlan(planId).active = active;
        emit PlanActiveChanged(planId, active);
    }

    /// @notice Replaces the hot key that serves a plan, at once: it may be lost or stolen.
    /// @param planId From 1 to lastPlanId().
    /// @param agent Not 0 and not one of the two contracts.
    function setAgent(uint256 planId, address agent) external onlyOwner {
        _requireOutside(agent);
        _knownPlan(planId).agent = agent;
        emit AgentChanged(planId, agent);
    }

    /// @notice Places that the plan offers in all; below the number of open ones it only stops sales. By the agent or
    /// the operator.
    /// @param planId From 1 to lastPlanId().
    /// @param total At most 2^24 - 1.
    function setCapacity(uint256 planId, uint256 total) external {
        Plan storage p = _knownPlan(planId);
        require(msg.sender == p.agent || msg.sender == owner(), NotAllowed(msg.sender));
        _requireRange("total", total, 0, type(uint24).max);
        p.total = uint24(total);
        emit CapacityChanged(planId, total);
    }

    /// @notice Where withdraw sends what is earned.
    /// @param treasury_ Not 0 and not one of the two contracts.
    function setTreasury(address treasury_) external onlyOwner {
        _setTreasury(treasury_);
    }

    /// @notice Publishes the key that buyers seal their requests to.
    /// @param serverKey_ 65 bytes, 0x04 X Y.
    function setServerKey(bytes calldata serverKey_) external onlyOwner {
        _setServerKey(serverKey_);
    }

    /// @notice Stops or resumes purchases of all plans. Extend, cancel, refund, claim and withdraw never stop.
    /// @param paused Whether purchases are refused.
    function setPurchasesPaused(bool paused) external onlyOwner {
        purchasesPaused = paused;
        emit PurchasesPaused(paused);
    }

    /// @notice Always refused: without an operator a lost agent key could never be replaced.
    function renounceOwnership() public view override(Ownable) onlyOwner {
        revert RenounceRefused();
    }

    function _setTreasury(address treasury_) internal {
        _requireOutside(treasury_);
        treasury = treasury_;
        emit TreasuryChanged(treasury_);
    }

    function _setServerKey(bytes memory serverKey_) internal {
        require(serverKey_.length == 65 && serverKey_[0] == 0x04, BadServerKey(serverKey_.length));
        _serverKey = serverKey_;
        emit ServerKeyChanged(serverKey_);
    }

    function _setTerms(
        Plan storage p,
        uint256 deliveryWindow,
        uint256 grace,
        uint256 setupDays,
        address agent,
        uint256 total
    ) private {
        _requireRange("deliveryWindow", deliveryWindow, MIN_DELIVERY_WINDOW, MAX_DELIVERY_WINDOW);
        _requireRange("grace", grace, minGrace, MAX_GRACE);
        _requireRange("setupDays", setupDays, 0, MAX_SETUP_DAYS);
        _requireRange("total", total, 0, type(uint24).max);
        _requireOutside(agent);
        p.total = uint24(total);
        p.deliveryWindow = p.agentWindow = uint24(deliveryWindow);
        p.setupDays = p.agentSetupDays = uint8(setupDays);
        p.grace = uint32(grace);
        p.active = true;
        p.agent = agent;
    }

    function _setResources(Plan storage p, bytes memory text) private returns (bytes32 hash) {
        _requireLength(text.length, MAX_RESOURCES_BYTES);
        hash = keccak256(text);
        p.resourcesHash = hash;
        p.resources = SSTORE2.write(text);
    }

    function _setPrice(uint256 planId, address token, uint256 perDay) private {
        _requireRange("perDay", perDay, 0, type(uint96).max);
        if (token == address(0)) {
            Plan storage p = _plans[planId];
            p.coinAccepted = perDay != 0;
            if (perDay != 0) p.coinPerDay = uint96(perDay);
        } else {
            Price storage price_ = _prices[planId][token];
            price_.tokenIndex = _list(token);
            price_.accepted = perDay != 0;
            if (perDay != 0) price_.perDay = uint96(perDay);
        }
        emit PriceChanged(planId, token, perDay);
    }

    /// @dev Index of `token`, which is given one at its first price.
    function _list(address token) private returns (uint8 index) {
        index = _tokenIndex[token];
        if (index != 0) return index;
        bool usable = token != address(this) && token != address(credential) && token.code.length != 0;
        require(usable && _tokens.length <= type(uint8).max, BadToken(token));
        index = uint8(_tokens.length);
        _tokens.push(token);
        _tokenIndex[token] = index;
    }

    function _requireRange(string memory field, uint256 value, uint256 least, uint256 most) internal pure {
        require(value >= least && value <= most, OutOfRange(field, value, least, most));
    }
}
