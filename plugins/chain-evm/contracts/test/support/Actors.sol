// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A smart account: sends what it is told to, takes coins, knows no onERC721Received.
contract Wallet {
    receive() external payable {}

    function run(address target, uint256 value, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory result) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }
}

/// Takes no coins.
contract Rejecting {
    function run(address target, uint256 value, bytes calldata data) external payable {
        (bool ok, bytes memory result) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }
}

/// Calls back when it is paid, and remembers with what error that was refused (0: it was not).
contract Reentering {
    address private target;
    bytes private data;
    bytes4 public refusal;
    uint256 public received;

    function arm(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function run(address callee, uint256 value, bytes calldata callData) external payable {
        (bool ok, bytes memory result) = callee.call{value: value}(callData);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }

    receive() external payable {
        received += msg.value;
        if (target == address(0)) return;
        address callee = target;
        target = address(0);
        (, bytes memory answer) = callee.call(data);
        refusal = bytes4(answer);
    }
}

/// Pushes its coins into an account without asking it.
contract Pusher {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
