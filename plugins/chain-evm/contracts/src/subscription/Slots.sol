// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Money, Plan, Subscription} from "./Types.sol";

/// @title Whole slots in one load and one store each
/// @dev solc stores field by field, at 200 gas for each that shares a slot. The shifts are the layout of Types.sol;
/// each value's range is that of its field, which the callers have checked.
library Slots {
    using SafeCast for uint256;

    uint256 private constant ONE_OPEN = 1 << 128;

    /// @dev Slot 0 of a plan, for storeOneMore().
    function saleSlot(Plan storage p) internal view returns (uint256 first) {
        assembly ("memory-safe") {
            first := sload(p.slot)
        }
    }

    /// @dev One more open purchase; there are fewer than `total`, so nothing is carried into the next field.
    function storeOneMore(Plan storage p, uint256 first) internal {
        assembly ("memory-safe") {
            sstore(p.slot, add(first, ONE_OPEN))
        }
    }

    /// @dev `amount`, a payment (below 2^108), more in escrow.
    function addUndelivered(Money storage m, uint256 amount) internal {
        uint256 first;
        assembly ("memory-safe") {
            first := sload(m.slot)
        }
        unchecked {
            (uint256(uint128(first)) + amount).toUint128(); // nothing is carried into `unearned`
        }
        assembly ("memory-safe") {
            sstore(m.slot, add(first, amount))
        }
    }

    /// @dev A purchase made now: slot 0.
    function storePurchase(Subscription storage s, address buyer, uint256 planId, uint256 paidSeconds) internal {
        uint256 first = uint256(uint160(buyer)) | planId << 160 | paidSeconds << 184 | block.timestamp << 216;
        assembly ("memory-safe") {
            sstore(s.slot, first)
        }
    }

    /// @dev Its payment: slot 1. At most (3650 + 30) days of 2^96 - 1 each: below 2^108.
    function storePayment(Subscription storage s, uint256 amount, bytes32 order, uint256 tokenIndex) internal {
        uint256 second = amount | uint256(uint128(bytes16(order))) << 112 | tokenIndex << 240;
        assembly ("memory-safe") {
            sstore(add(s.slot, 1), second)
        }
    }

    /// @dev A line of which nothing is settled, from now to `end`: slot 2.
    function storeLine(Subscription storage s, uint256 end, uint256 deliveredAt, uint256 setupDays) internal {
        uint256 third = block.timestamp << 112 | end << 152 | deliveredAt << 192 | setupDays << 232;
        assembly ("memory-safe") {
            sstore(add(s.slot, 2), third)
        }
    }
}
