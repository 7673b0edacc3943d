// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title Sealed bytes kept as code, at addresses that need not be stored
/// @dev SSTORE2 keeps data as the code of a contract of its own, but its address depends on the data and has to be
/// stored, which costs 22,100 gas. Here the constructor of each such contract is the same and asks its creator for
/// the data, so that the address follows from token and version. The version is written at a reseal only.
abstract contract SealStore {
    using TransientSlot for bytes32;
    using TransientSlot for TransientSlot.Bytes32Slot;
    using TransientSlot for TransientSlot.Uint256Slot;

    /// @dev Calls pendingSeal() of the creator, reverts if that fails, and returns STOP and what it answered as code:
    ///   PUSH4 selector, PUSH0, MSTORE, PUSH0, PUSH0, PUSH1 4, PUSH1 28, CALLER, GAS, STATICCALL,
    ///   PUSH1 22, JUMPI, PUSH0, PUSH0, REVERT,
    ///   JUMPDEST, RETURNDATASIZE, PUSH0, PUSH1 1, RETURNDATACOPY, RETURNDATASIZE, PUSH1 1, ADD, PUSH0, RETURN
    bytes private constant CONSTRUCTOR = hex"63" hex"53d06410"
        hex"5f525f5f6004601c335afa6016575f5ffd5b3d5f60013e3d6001015ff3";
    bytes32 private constant CONSTRUCTOR_HASH = keccak256(CONSTRUCTOR);

    /// @dev Transient slots of the data on its way: each word's is its offset, a multiple of 32.
    uint256 private constant LENGTH_SLOT = 1;

    mapping(uint256 tokenId => uint256) private _versions;

    /// @notice For the constructors of the contracts that keep sealed bytes: what the running call stores, as it is
    /// and not ABI-coded.
    function pendingSeal() external view {
        uint256 length = bytes32(LENGTH_SLOT).asUint256().tload();
        bytes memory data = new bytes(length);
        for (uint256 i = 0; i < length; i += 32) {
            bytes32 word = bytes32(i).asBytes32().tload();
            assembly ("memory-safe") {
                mstore(add(add(data, 32), i), word)
            }
        }
        assembly ("memory-safe") {
            return(add(data, 32), length)
        }
    }

    /// @dev Keeps `data` for a token that never had any. Its version is 0; looking that up would cost 2,100 gas.
    function _storeFirstSeal(uint256 tokenId, bytes calldata data) internal {
        _deploy(_salt(tokenId, 0), data);
    }

    /// @dev Keeps `data` in place of what the token had, if anything.
    function _replaceSeal(uint256 tokenId, bytes calldata data) internal {
        _deploy(_salt(tokenId, ++_versions[tokenId]), data);
    }

    /// @dev What was stored last. Only for tokens that have something.
    function _sealOf(uint256 tokenId) internal view returns (bytes memory) {
        return SSTORE2.read(Create2.computeAddress(_salt(tokenId, _versions[tokenId]), CONSTRUCTOR_HASH));
    }

    function _deploy(bytes32 salt, bytes calldata data) private {
        bytes32(LENGTH_SLOT).asUint256().tstore(data.length);
        for (uint256 i = 0; i < data.length; i += 32) {
            bytes32 word;
            assembly ("memory-safe") {
                word := calldataload(add(data.offset, i))
            }
            bytes32(i).asBytes32().tstore(word);
        }
        Create2.deploy(0, salt, CONSTRUCTOR);
    }

    /// @dev Ids have 64 bits in the subscription contract.
    function _salt(uint256 tokenId, uint256 version) private pure returns (bytes32) {
        return bytes32(version << 64 | tokenId);
    }
}
