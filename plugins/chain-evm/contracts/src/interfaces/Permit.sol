// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// An allowance signed by msg.sender for this contract (EIP-2612), in the order of `permit`'s own arguments.
struct Permit {
    uint256 value; // smallest units; at least what the purchase or extension costs
    uint256 deadline; // last second at which the token takes it
    uint8 v;
    bytes32 r;
    bytes32 s;
}
