// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A well-behaved token; anybody mints.
contract TestToken is ERC20 {
    constructor(string memory name) ERC20(name, name) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Keeps one hundredth of each transfer, like fee-on-transfer tokens do.
contract FeeToken is TestToken("FEE") {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(this), value / 100);
    }
}

/// Refuses payments to listed accounts, like the large stablecoins do.
contract DenyListToken is TestToken("DENY") {
    mapping(address => bool) public denied;

    function deny(address account) external {
        denied[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!denied[to], "denied");
        super._update(from, to, value);
    }
}

/// Returns nothing from transfer and transferFrom, and false instead of reverting in neither: the shape of USDT.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Runs a prepared call in the middle of a transfer, like ERC-777 hooks allow, and remembers its error.
contract HookToken is TestToken("HOOK") {
    address public target;
    bytes public data;
    bytes4 public refusal;

    function arm(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0)) return;
        address callee = target;
        target = address(0);
        (, bytes memory answer) = callee.call(data);
        refusal = bytes4(answer);
    }
}
