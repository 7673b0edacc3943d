// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the credential contract asks the subscription contract.
interface ISubscriptionAuthority {
    /// @notice The operator.
    function owner() external view returns (address);

    /// @notice To whom credential `id` was minted; 0: it is not minted yet, or burned.
    function mintedTo(uint256 id) external view returns (address);

    /// @notice True from cancel or close on: the credential can only be burned.
    function transferLocked(uint256 id) external view returns (bool);
}
