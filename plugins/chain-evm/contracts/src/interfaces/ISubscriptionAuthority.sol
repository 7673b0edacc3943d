// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the credential contract asks the subscription contract.
interface ISubscriptionAuthority {
    /// @notice The operator.
    function owner() external view returns (address);

    /// @notice To whom the delivery minted credential `id`: its owner until the first transfer.
    /// @param id Any number.
    /// @return 0: it is not minted yet, or burned.
    function mintedTo(uint256 id) external view returns (address);

    /// @notice True from cancel or close on: the credential can only be burned.
    /// @param id Any number.
    /// @return Whether transfers and lending are refused.
    function transferLocked(uint256 id) external view returns (bool);
}
