// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EarningLine} from "./EarningLine.sol";
import {Storage} from "./Storage.sol";
import {Subscription} from "./Types.sol";

/// @title What a purchase or an extension costs
abstract contract Pricing is Storage {
    using EarningLine for Subscription;

    /// @dev The price of a day is below 2^96, setup days are at most MAX_SETUP_DAYS.
    function _purchasePrice(uint256 perDay, bool accepted, uint256 numDays, uint256 setupDays, address token)
        internal
        pure
        returns (uint256)
    {
        _requireDays(numDays);
        require(accepted, TokenNotAccepted(token));
        unchecked {
            return perDay * (numDays + setupDays);
        }
    }

    /// @dev While something is unearned only its token is taken, whatever else is on sale: a stranger could
    /// otherwise change what a cancel gives back. Its last price holds when it was taken off sale.
    function _extensionPrice(uint256 id, Subscription storage s, uint256 numDays, address token, address payer)
        internal
        view
        returns (uint256)
    {
        _requireDays(numDays);
        (uint256 perDay, bool accepted) = _priceOf(s.planId, _plans[s.planId], token);
        address current = _tokenOf(s);
        bool paid = s.unearned() != 0;
        if (token != current) {
            require(!paid && payer == credential.ownerOf(id), TokenChangeRefused(token, current));
        }
        require(accepted || (paid && token == current), TokenNotAccepted(token));
        return perDay * numDays;
    }

    function _requireDays(uint256 numDays) private pure {
        require(numDays != 0 && numDays <= MAX_DAYS, BadDays(numDays, MAX_DAYS));
    }
}
