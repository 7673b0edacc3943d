// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Slots} from "./Slots.sol";
import {Money, Subscription} from "./Types.sol";

/// @title How a delivered subscription earns
/// @dev The part of `amount` that pays the line's setup days is earned at its start, the rest evenly between start and
/// end, rounded down; all of it at the end and nothing after. `settled` remembers what was moved on, instead of cutting
/// the line at each settling: cutting rounds down every time, and somebody who settles every second would keep small
/// amounts from ever being earned.
library EarningLine {
    using SafeCast for uint256;
    using Slots for Subscription;

    /// @dev Earned so far, settled or not.
    function earned(Subscription storage s) internal view returns (uint256) {
        uint256 amount = s.amount;
        uint256 end = s.end;
        if (block.timestamp >= end) return amount;
        uint256 start = s.start;
        uint256 length = end - start;
        uint256 setup = setupPart(amount, length, s.setupDays);
        return setup + ((amount - setup) * (block.timestamp - start)) / length;
    }

    /// @dev What the setup days cost of a payment for `length` seconds and them. Exact: until something changes it,
    /// amount = price of a day * (days + setup days).
    function setupPart(uint256 amount, uint256 length, uint256 setupDays) internal pure returns (uint256) {
        if (setupDays == 0) return 0;
        return amount * setupDays / (length / 1 days + setupDays);
    }

    /// @dev What a cancel now would give back.
    function unearned(Subscription storage s) internal view returns (uint256) {
        return s.amount - earned(s);
    }

    /// @dev Marks all that is earned as settled and returns what is new.
    function settle(Subscription storage s) internal returns (uint256 fresh) {
        uint256 total = earned(s);
        fresh = total - s.settled;
        if (fresh != 0) s.settled = uint112(total);
    }

    /// @dev Settles, then starts a new line from now to `end` with what is unearned and `added`.
    function restart(Subscription storage s, Money storage m, uint256 added, uint256 end) internal {
        uint256 total = earned(s);
        moveSettled(m, total - s.settled);
        s.amount = (s.amount - total + added).toUint112();
        s.storeLine(end.toUint40(), s.deliveredAt, 0);
    }

    /// @dev Settles and ends the line now, or at its end if that has passed; returns what is unearned, which
    /// leaves the line and is the caller's to credit.
    function stop(Subscription storage s, Money storage m) internal returns (uint256 left) {
        uint256 total = earned(s);
        moveSettled(m, total - s.settled);
        left = s.amount - total;
        m.unearned -= uint128(left);
        s.amount = 0;
        s.settled = 0;
        if (block.timestamp < s.end) s.end = uint40(block.timestamp);
    }

    function moveSettled(Money storage m, uint256 fresh) internal {
        if (fresh == 0) return;
        m.unearned -= uint128(fresh);
        m.earned += uint128(fresh);
    }
}
