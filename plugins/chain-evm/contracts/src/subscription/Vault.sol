// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Permit} from "../interfaces/Permit.sol";
import {Storage} from "./Storage.sol";

/// @title Money in, credits, and money out
/// @dev Everything paid is accounted for in one of the four members of Money, so that per token
/// balance >= undelivered + unearned + earned + credits. Nobody is paid inside a call that belongs to somebody
/// else: receivers claim.
abstract contract Vault is Storage, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Pays the caller's whole credit in `token` to `to`.
    /// @param token 0: the chain's own coin.
    /// @param to Not 0 and not one of the two contracts.
    function claim(address token, address to) external nonReentrant {
        _requireOutside(to);
        _claim(token, msg.sender, to);
    }

    /// @notice Pays the whole credit of `who` to `who`; anybody may do them the favour.
    /// @param token 0: the chain's own coin.
    /// @param who Has the credit, and gets it.
    function claimFor(address token, address who) external nonReentrant {
        _claim(token, who, who);
    }

    function _claim(address token, address who, address to) private {
        uint256 amount = _credits[token][who];
        require(amount != 0, NothingToClaim(token, who));
        delete _credits[token][who];
        _money[token].credits -= uint128(amount);
        emit Claimed(token, who, to, amount);
        _payOut(token, to, amount);
    }

    function _credit(address token, address who, uint256 amount) internal {
        if (amount == 0) return;
        _credits[token][who] += amount;
        _money[token].credits += uint128(amount);
    }

    /// @dev Gives the token what msg.sender signed. Whether the token takes it does not matter: somebody who saw the
    /// signature may have handed it in already, and the allowance decides in _pull. Only listed tokens are called.
    function _permit(address token, Permit calldata permit) internal {
        require(_tokenIndex[token] != 0, TokenNotAccepted(token));
        try IERC20Permit(token)
            .permit(msg.sender, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
    }

    /// @dev Takes `amount` from msg.sender before any state changes, so that no view ever shows money that has
    /// not arrived. What a native payment brings above it goes back in _returnExcess.
    function _pull(address token, uint256 amount) internal {
        if (token == address(0)) {
            require(msg.value >= amount, WrongValue(msg.value, amount));
            return;
        }
        require(msg.value == 0, WrongValue(msg.value, 0));
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        require(received == amount, WrongTransfer(received, amount));
    }

    function _returnExcess(address token, uint256 amount) internal {
        if (token == address(0) && msg.value > amount) Address.sendValue(payable(msg.sender), msg.value - amount);
    }

    function _payOut(address token, address to, uint256 amount) internal {
        if (token == address(0)) Address.sendValue(payable(to), amount);
        else IERC20(token).safeTransfer(to, amount);
    }
}
