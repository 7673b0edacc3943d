// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Says whether a smart account holds a signature for its own: ERC-1271, and ERC-6492 where it is not deployed yet.
/// @notice Never deployed. The host runs the constructor by eth_call as if it created this contract; the "code" that
/// comes back is one word, the verdict. So nothing has to be on a chain first, and every node gives the same word.
/// @dev Account, factory and signature are a stranger's. Each call to them has a limit of gas and copies at most one
/// word back: burning gas, returning megabytes and reverting are all the verdict REFUSED. Whatever can't be decoded
/// reverts, which the host reads as REFUSED, too. The limits hold whatever the node's own cap is: where they would not,
/// the verdict is NO_GAS, which is none.
contract SignatureValidator {
    uint256 internal constant REFUSED = 0;
    uint256 internal constant ACCEPTED = 1;
    uint256 internal constant NO_GAS = 2;

    /// What one isValidSignature may use: passkeys checked in Solidity take a tenth of it.
    uint256 internal constant VERIFY_GAS = 3_000_000;
    /// What a factory may use to make the account.
    uint256 internal constant PREPARE_GAS = 5_000_000;

    /// ERC-6492: abi.encode(factory, calldata, signature) followed by this word.
    bytes32 internal constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;
    uint256 internal constant WORD = 32;

    /// @param account Whose signature it should be
    /// @param digest What was signed
    /// @param signature As the account made it, wrapped (ERC-6492) or not
    constructor(address account, bytes32 digest, bytes memory signature) {
        uint256 verdict = judge(account, digest, signature);
        assembly {
            mstore(0, verdict)
            return(0, 32)
        }
    }

    function judge(address account, bytes32 digest, bytes memory signature) private returns (uint256) {
        if (!isWrapped(signature)) {
            return account.code.length == 0 ? REFUSED : ask(account, digest, signature);
        }
        (address factory, bytes memory preparation, bytes memory inner) = unwrap(signature);
        if (account.code.length != 0) {
            uint256 verdict = ask(account, digest, inner);
            if (verdict != REFUSED) return verdict;
        }
        // Not there yet, or there and not ready (ERC-6492: a key that still has to be installed).
        if (!hasGasFor(PREPARE_GAS)) return NO_GAS;
        // What it answers does not matter; whether there is an account now does.
        assembly {
            pop(call(PREPARE_GAS, factory, 0, add(preparation, 32), mload(preparation), 0, 0))
        }
        return account.code.length == 0 ? REFUSED : ask(account, digest, inner);
    }

    function isWrapped(bytes memory signature) private pure returns (bool) {
        if (signature.length < WORD) return false;
        bytes32 last;
        assembly {
            last := mload(add(signature, mload(signature)))
        }
        return last == WRAPPED;
    }

    function unwrap(bytes memory signature) private pure returns (address, bytes memory, bytes memory) {
        assembly {
            mstore(signature, sub(mload(signature), 32))
        }
        return abi.decode(signature, (address, bytes, bytes));
    }

    function ask(address account, bytes32 digest, bytes memory signature) private view returns (uint256) {
        // isValidSignature(bytes32,bytes) answers with its own selector.
        bytes4 magic = 0x1626ba7e;
        bytes memory question = abi.encodeWithSelector(magic, digest, signature);
        if (!hasGasFor(VERIFY_GAS)) return NO_GAS;
        bytes32 answer;
        assembly {
            mstore(0, 0)
            let done := staticcall(VERIFY_GAS, account, add(question, 32), mload(question), 0, 32)
            if and(done, gt(returndatasize(), 31)) { answer := mload(0) }
        }
        return answer == bytes32(magic) ? ACCEPTED : REFUSED;
    }

    // A call is given at most 63/64 of what is left (EIP-150), silently.
    function hasGasFor(uint256 gas) private view returns (bool) {
        return gasleft() > gas + gas / 32;
    }
}
