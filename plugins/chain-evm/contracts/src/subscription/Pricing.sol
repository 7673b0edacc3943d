// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EarningLine} from "./EarningLine.sol";
import {Storage} from "./Storage.sol";
import {Plan, Price, Subscription} from "./Types.sol";

/// @title What a purchase or an extension costs
abstract contract Pricing is Storage {
    using EarningLine for Subscription;

    function _purchasePrice(uint256 planId, Plan storage p, uint256 numDays, address token)
        internal
        view
        returns (uint256)
    {
        _requireDays(numDays);
        Price storage price_ = _prices[planId][token];
        require(price_.accepted, TokenNotAccepted(token));
        return price_.perDay * (numDays + p.setupDays);
    }

    /// @dev While something is unearned only its token is taken, whatever else is on sale: a stranger could
    /// otherwise change what a cancel gives back. Its last price holds when it was taken off sale.
    function _extensionPrice(uint256 id, Subscription storage s, uint256 numDays, address token, address payer)
        internal
        view
        returns (uint256)
    {
        _requireDays(numDays);
        Price storage price_ = _prices[s.planId][token];
        address current = _tokenOf(s);
        bool paid = s.unearned() != 0;
        if (token != current) {
            require(!paid && payer == credential.ownerOf(id), TokenChangeRefused(token, current));
        }
        require(price_.accepted || (paid && token == current), TokenNotAccepted(token));
        return price_.perDay * numDays;
    }

    function _requireDays(uint256 numDays) private pure {
        require(numDays != 0 && numDays <= MAX_DAYS, BadDays(numDays, MAX_DAYS));
    }
}
