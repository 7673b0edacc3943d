// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @notice What the subscription contract asks the credential contract.
interface IAccessCredential is IERC721 {
    /// @notice The only contract that may mint, reseal and burn subscription credentials.
    function subscriptions() external view returns (address);

    /// @notice Mints `id` to `to` without asking the receiver.
    /// @param id Of the subscription.
    /// @param to Its buyer.
    /// @param sealedCredential Connection details sealed to the buyer.
    function mint(uint256 id, address to, bytes calldata sealedCredential) external;

    /// @notice Replaces the sealed details of `id`.
    /// @param id Of the subscription.
    /// @param sealedCredential Connection details sealed to the present owner.
    function reseal(uint256 id, bytes calldata sealedCredential) external;

    /// @notice Burns `id`.
    /// @param id Of the subscription.
    function burn(uint256 id) external;
}
