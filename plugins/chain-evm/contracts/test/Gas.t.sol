// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, vm} from "./support/Base.sol";

/// Gas of whole transactions: `isolate` in foundry.toml makes each call one of its own, so that intrinsic gas and
/// calldata are in it; refunds are not taken off. Each has a ceiling, a little above what was measured.
contract GasTest is Base {
    uint256 private constant GAS_PURCHASE = 99_500;
    uint256 private constant GAS_PURCHASE_ERC20 = 121_500;
    uint256 private constant GAS_DELIVER = 218_500;
    uint256 private constant GAS_EXTEND = 56_500;
    uint256 private constant GAS_EXTEND_ERC20 = 80_500;
    uint256 private constant GAS_CANCEL = 62_500;
    uint256 private constant GAS_CLOSE = 51_000;
    uint256 private constant GAS_BURN = 54_500;
    uint256 private constant GAS_DECLINE = 59_000;
    uint256 private constant GAS_WITHDRAW_1 = 56_500;
    uint256 private constant GAS_WITHDRAW_50 = 483_000;

    event Measured(string call_, uint256 gas);

    bytes private request = random(225);
    bytes private seal = random(256);

    function random(uint256 length) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            data[i] = bytes1(uint8(uint256(keccak256(abi.encode(i))) | 1));
        }
    }

    function measured(string memory what, uint256 ceiling) private {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit Measured(what, gas);
        vm.assertLe(gas, ceiling, what);
    }

    function setUp() public override {
        super.setUp();
        // Nothing measured is the first of its kind: sums are not zero, the treasury and the buyers hold something.
        cancelAs(alice, active(alice, 30));
        withdraw(NATIVE, active(alice, 1));
        active(alice, 30);
        active(bob, 1);
        activeUsd(alice, 1);
        vm.warp(NOW + 100);
    }

    function purchased(address token, uint256 numDays) private returns (uint256 id, bytes32 order) {
        uint256 amount = subs.quote(planId, numDays, token);
        vm.prank(alice);
        id = subs.purchase{value: token == NATIVE ? amount : 0}(
            planId, numDays, token, amount, block.timestamp, alice, request
        );
        order = keccak256(abi.encode(alice, planId, numDays * 86400, token, amount, keccak256(request)));
    }

    function delivered(address token, uint256 numDays) private returns (uint256 id) {
        bytes32 order;
        (id, order) = purchased(token, numDays);
        vm.prank(agent);
        subs.deliver(id, order, block.timestamp, seal, ATTESTATION);
    }

    function test_gas_purchase_native() public {
        purchased(NATIVE, 30);
        measured("purchase native, request 225 B", GAS_PURCHASE);
    }

    function test_gas_purchase_erc20() public {
        purchased(address(usd), 30);
        measured("purchase ERC-20, request 225 B", GAS_PURCHASE_ERC20);
    }

    function test_gas_deliver() public {
        delivered(NATIVE, 30);
        measured("deliver 256 B", GAS_DELIVER);
    }

    function test_gas_extend() public {
        uint256 id = delivered(NATIVE, 30);
        vm.warp(block.timestamp + 1 days);
        vm.prank(bob);
        subs.extend{value: PRICE}(id, 1, NATIVE, PRICE, block.timestamp);
        measured("extend native", GAS_EXTEND);
    }

    function test_gas_extend_erc20() public {
        uint256 id = delivered(address(usd), 30);
        vm.warp(block.timestamp + 1 days);
        vm.prank(bob);
        subs.extend(id, 1, address(usd), USD_PRICE, block.timestamp);
        measured("extend ERC-20", GAS_EXTEND_ERC20);
    }

    function test_gas_cancel() public {
        uint256 id = delivered(NATIVE, 30);
        vm.warp(block.timestamp + 1 days);
        cancelAs(alice, id);
        measured("cancel", GAS_CANCEL);
    }

    function test_gas_close_and_burn() public {
        uint256 id = delivered(NATIVE, 1);
        vm.warp(block.timestamp + 1 days + GRACE + 1);
        closeAsAgent(id);
        measured("close after expiry", GAS_CLOSE);
        vm.prank(agent);
        subs.burn(id);
        measured("burn", GAS_BURN);
    }

    function test_gas_decline() public {
        (uint256 id, bytes32 order) = purchased(NATIVE, 30);
        vm.prank(agent);
        subs.decline(id, order, "no room");
        measured("decline", GAS_DECLINE);
    }

    function test_gas_withdraw_1() public {
        uint256 id = delivered(NATIVE, 30);
        vm.warp(block.timestamp + 1 days);
        withdraw(NATIVE, id);
        measured("withdraw 1 id", GAS_WITHDRAW_1);
    }

    function test_gas_withdraw_50() public {
        uint256[] memory ids = new uint256[](50);
        for (uint256 i = 0; i < 50; ++i) {
            ids[i] = delivered(NATIVE, 30);
        }
        vm.warp(block.timestamp + 1 days);
        subs.withdraw(NATIVE, ids);
        measured("withdraw 50 ids", GAS_WITHDRAW_50);
    }
}
