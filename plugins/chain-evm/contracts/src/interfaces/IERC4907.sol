// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice ERC-4907: a user role with an end, beside the owner.
interface IERC4907 {
    /// @notice The user of a token or its end changed; 0: there is none.
    event UpdateUser(uint256 indexed tokenId, address indexed user, uint64 expires);

    /// @notice Lets `user` use the token until `expires` (Unix seconds); by the owner or an approved account.
    /// @param tokenId Neither cancelled nor closed.
    /// @param user 0: nobody.
    /// @param expires Last second of the user's time.
    function setUser(uint256 tokenId, address user, uint64 expires) external;

    /// @notice The user now, or 0.
    /// @param tokenId Any number.
    /// @return Who may log in beside the owner.
    function userOf(uint256 tokenId) external view returns (address);

    /// @notice When the user's time ends, or 0.
    /// @param tokenId Any number.
    /// @return Unix seconds.
    function userExpires(uint256 tokenId) external view returns (uint256);
}
