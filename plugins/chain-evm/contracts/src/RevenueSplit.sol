// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Splits what it receives among fixed owners by basis points
/// @notice Made the treasury of a BlockHostSubscription, it is where withdrawals go. Nobody can change the owners or
/// their shares, and nobody, its deployer included, can send anything anywhere but an owner's share to that owner.
/// @dev Of all that ever came in, an owner's part is total * basisPoints / 10,000, rounded down. What rounding leaves,
/// fewer smallest units than there are owners, waits here and is divided with what comes later: it is computed from the
/// total and not from each receipt, so that no order or number of calls makes a part smaller. To give the rest to one
/// owner at once was rejected: that part could shrink again as the others' round up, after it was paid.
/// Each share is paid by a call of its own: an owner who can't receive stops nobody else's. Tokens that take fees on
/// transfer or change balances by themselves are not for it, as they are not for the subscription contract.
contract RevenueSplit is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice One owner's part, as shares() shows it.
    struct Share {
        address owner;
        uint256 basisPoints;
        uint256 due;
        uint256 paid;
    }

    /// @notice An owner was paid their share.
    event Released(address indexed token, address indexed owner, uint256 amount);

    /// @notice Between 1 and 32 owners, and as many shares.
    error BadOwners(uint256 owners, uint256 shares);
    /// @notice Zero, this contract, or named twice.
    error BadOwner(address owner);
    /// @notice Each share is at least 1, and all add up to 10,000.
    error BadShares(uint256 sum);
    /// @notice Nothing is due, or it is nobody's share.
    error NothingDue(address token, address owner);

    uint256 private constant WHOLE = 10_000;
    uint256 private constant MOST_OWNERS = 32;

    address[] private _owners;
    mapping(address owner => uint256) private _basisPoints;
    mapping(address token => uint256) private _released;
    mapping(address token => mapping(address owner => uint256)) private _paid;

    /// @param owners Each once; not 0 and not this contract.
    /// @param basisPoints Of 10,000, in the order of `owners`.
    constructor(address[] memory owners, uint256[] memory basisPoints) {
        uint256 count = owners.length;
        require(count != 0 && count <= MOST_OWNERS && count == basisPoints.length, BadOwners(count, basisPoints.length));
        uint256 sum;
        for (uint256 i; i < count; ++i) {
            address owner = owners[i];
            require(owner != address(0) && owner != address(this) && _basisPoints[owner] == 0, BadOwner(owner));
            require(basisPoints[i] != 0 && basisPoints[i] <= WHOLE, BadShares(basisPoints[i]));
            _basisPoints[owner] = basisPoints[i];
            sum += basisPoints[i];
        }
        require(sum == WHOLE, BadShares(sum));
        _owners = owners;
    }

    /// @notice Takes the chain's own coin.
    receive() external payable {}

    /// @notice Pays the share of `owner` that is due to `owner`; anybody may do them the favour.
    /// @param token 0: the chain's own coin.
    /// @param owner One of the owners.
    function release(address token, address owner) external nonReentrant {
        uint256 amount = due(token, owner);
        require(amount != 0, NothingDue(token, owner));
        _paid[token][owner] += amount;
        _released[token] += amount;
        emit Released(token, owner, amount);
        if (token == address(0)) Address.sendValue(payable(owner), amount);
        else IERC20(token).safeTransfer(owner, amount);
    }

    /// @notice What release(token, owner) would pay now.
    /// @param token 0: the chain's own coin.
    /// @param owner Anybody.
    /// @return Smallest units of the token; 0 for whoever is no owner.
    function due(address token, address owner) public view returns (uint256) {
        uint256 basisPoints = _basisPoints[owner];
        if (basisPoints == 0) return 0;
        uint256 total = _held(token) + _released[token];
        return total * basisPoints / WHOLE - _paid[token][owner];
    }

    /// @notice Every owner's share, in the order of the constructor's list.
    /// @param token 0: the chain's own coin.
    /// @return list What each has and had.
    function shares(address token) external view returns (Share[] memory list) {
        list = new Share[](_owners.length);
        uint256 total = _held(token) + _released[token];
        for (uint256 i; i < list.length; ++i) {
            address owner = _owners[i];
            uint256 basisPoints = _basisPoints[owner];
            uint256 paid = _paid[token][owner];
            list[i] = Share(owner, basisPoints, total * basisPoints / WHOLE - paid, paid);
        }
    }

    function _held(address token) private view returns (uint256) {
        return token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
    }
}
