// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Money, Subscription} from "./Types.sol";

/// @title How a delivered subscription earns
/// @dev `amount` is earned evenly between start and end, rounded down, all of it at the end and nothing after.
/// `settled` remembers what was moved on, instead of cutting the line at each settling: cutting rounds down every
/// time, and somebody who settles every second would keep small amounts from ever being earned.
library EarningLine {
    using SafeCast for uint256;

    /// @dev Earned so far, settled or not.
    function earned(Subscription storage s) internal view returns (uint256) {
        if (block.timestamp >= s.end) return s.amount;
        return (uint256(s.amount) * (block.timestamp - s.start)) / (s.end - s.start);
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
        moveSettled(m, settle(s));
        uint256 held = s.amount - s.settled + added;
        s.amount = held.toUint112();
        s.settled = 0;
        s.start = uint40(block.timestamp);
        s.end = end.toUint40();
    }

    /// @dev Settles and ends the line now, or at its end if that has passed; returns what is unearned, which
    /// leaves the line and is the caller's to credit.
    function stop(Subscription storage s, Money storage m) internal returns (uint256 left) {
        moveSettled(m, settle(s));
        left = s.amount - s.settled;
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
