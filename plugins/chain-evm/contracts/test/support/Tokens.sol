// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Permit} from "../../src/interfaces/Permit.sol";
import {vm} from "./Vm.sol";

/// A well-behaved token with EIP-2612; anybody mints.
contract TestToken is ERC20, ERC20Permit {
    constructor(string memory name) ERC20(name, name) ERC20Permit(name) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// What the holder of `key` signs so that `spender` may take `value` of `token`.
function signPermit(TestToken token, uint256 key, address spender, uint256 value, uint256 deadline)
    view
    returns (Permit memory permit)
{
    address holder = vm.addr(key);
    bytes32 what = keccak256(
        abi.encode(
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
            holder,
            spender,
            value,
            token.nonces(holder),
            deadline
        )
    );
    bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), what));
    (permit.value, permit.deadline) = (value, deadline);
    (permit.v, permit.r, permit.s) = vm.sign(key, digest);
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

/// Its permit runs a prepared call and remembers that call's error.
contract HookPermitToken is TestToken("HOOKPERMIT") {
    address public target;
    bytes public data;
    bytes4 public refusal;
    uint256 public permits;

    function arm(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) public override {
        ++permits;
        address callee = target;
        target = address(0);
        if (callee == address(0)) return;
        (, bytes memory answer) = callee.call(data);
        refusal = bytes4(answer);
    }
}
