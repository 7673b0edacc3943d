// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permit} from "../src/interfaces/Permit.sol";
import {Base, vm} from "./support/Base.sol";
import {Reentering} from "./support/Actors.sol";
import {HookPermitToken, HookToken} from "./support/Tokens.sol";

/// Every place where foreign code runs (coins to a payer or claimant, token transfers) tries every call that moves money or a credential.
contract ReentrancyTest is Base {
    bytes32 private constant GUARD = bytes32(bytes4(keccak256("ReentrancyGuardReentrantCall()")));

    Reentering private evil;
    HookToken private hook;
    Permit private none;

    function setUp() public override {
        super.setUp();
        evil = new Reentering();
        hook = new HookToken();
        vm.deal(address(evil), 100 ether);
        hook.mint(alice, 1e6);
        vm.prank(operator);
        subs.setPrice(planId, address(hook), 100);
        vm.prank(alice);
        hook.approve(address(subs), 1e6);
    }

    function moneyCalls() private view returns (bytes[] memory calls) {
        calls = new bytes[](15);
        calls[0] = abi.encodeCall(subs.claim, (NATIVE, address(evil)));
        calls[1] = abi.encodeCall(subs.claimFor, (NATIVE, address(evil)));
        calls[2] = abi.encodeCall(subs.withdraw, (NATIVE, new uint256[](0)));
        calls[3] = abi.encodeCall(subs.cancel, (1));
        calls[4] = abi.encodeCall(subs.refund, (2));
        calls[5] = abi.encodeCall(subs.purchase, (planId, 1, NATIVE, 0, type(uint256).max, alice, REQUEST));
        calls[6] = abi.encodeCall(subs.extend, (1, 1, NATIVE, 1 ether, type(uint256).max));
        calls[7] = abi.encodeCall(subs.decline, (2, bytes32(0), ""));
        calls[8] = abi.encodeCall(subs.deliver, (2, bytes32(0), type(uint256).max, SEALED, ATTESTATION));
        calls[9] = abi.encodeCall(subs.close, (1));
        calls[10] = abi.encodeCall(subs.creditTime, (1, NOW, NOW + 1));
        calls[11] = abi.encodeCall(subs.update, (1, alice, SEALED));
        calls[12] = abi.encodeCall(subs.burn, (1));
        calls[13] = abi.encodeCall(
            subs.purchaseWithPermit, (planId, 1, address(hook), 300, type(uint256).max, alice, REQUEST, none)
        );
        calls[14] = abi.encodeCall(subs.extendWithPermit, (1, 1, address(hook), 1 ether, type(uint256).max, none));
    }

    function evilBuys(uint256 value) private returns (uint256) {
        uint256 price = PRICE * (1 + SETUP_DAYS);
        evil.run(
            address(subs),
            value,
            abi.encodeCall(subs.purchase, (planId, 1, NATIVE, price, block.timestamp, address(evil), REQUEST))
        );
        return subs.lastSubscriptionId();
    }

    function test_a_claimant_gets_its_credit_once_whatever_it_calls_when_paid() public {
        bytes[] memory calls = moneyCalls();
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 id = evilBuys(PRICE * (1 + SETUP_DAYS));
            bytes32 order = orderOf(id);
            vm.prank(agent);
            subs.decline(id, order, "");
            evil.arm(address(subs), calls[i]);
            uint256 before = address(evil).balance;
            evil.run(address(subs), 0, abi.encodeCall(subs.claim, (NATIVE, address(evil))));
            vm.assertEq(bytes32(evil.refusal()), GUARD, "refused by the guard");
            vm.assertEq(address(evil).balance - before, PRICE * (1 + SETUP_DAYS), "once");
            expectMoney(NATIVE, 0, 0, 0, 0);
        }
    }

    function test_a_payer_gets_its_change_once_whatever_it_calls() public {
        bytes[] memory calls = moneyCalls();
        uint256 price = PRICE * (1 + SETUP_DAYS);
        for (uint256 i = 0; i < calls.length; ++i) {
            evil.arm(address(subs), calls[i]);
            uint256 before = address(evil).balance;
            evilBuys(price + 1 ether);
            vm.assertEq(bytes32(evil.refusal()), GUARD, "refused by the guard");
            vm.assertEq(before - address(evil).balance, price, "the price");
            expectMoney(NATIVE, price * (i + 1), 0, 0, 0);
        }
    }

    function test_a_token_that_calls_back_in_the_middle_of_a_payment_changes_nothing() public {
        bytes[] memory calls = moneyCalls();
        for (uint256 i = 0; i < calls.length; ++i) {
            hook.arm(address(subs), calls[i]);
            vm.prank(alice);
            subs.purchase(planId, 1, address(hook), 300, NOW, alice, REQUEST);
            vm.assertEq(bytes32(hook.refusal()), GUARD, "refused by the guard");
            vm.assertEq(subs.money(address(hook)).undelivered, 300 * (i + 1), "escrow");
            vm.assertEq(hook.balanceOf(address(subs)), 300 * (i + 1), "balance");
        }
    }

    function test_a_token_that_calls_back_from_its_permit_changes_nothing() public {
        HookPermitToken token = new HookPermitToken();
        vm.prank(operator);
        subs.setPrice(planId, address(token), 100);
        token.mint(alice, 1e6);
        vm.prank(alice);
        token.approve(address(subs), 1e6);
        bytes[] memory calls = moneyCalls();
        for (uint256 i = 0; i < calls.length; ++i) {
            token.arm(address(subs), calls[i]);
            vm.prank(alice);
            subs.purchaseWithPermit(planId, 1, address(token), 300, NOW, alice, REQUEST, none);
            vm.assertEq(bytes32(token.refusal()), GUARD, "refused by the guard");
            vm.assertEq(subs.money(address(token)).undelivered, 300 * (i + 1), "escrow");
        }
        deliver(1);
        for (uint256 i = 0; i < calls.length; ++i) {
            token.arm(address(subs), calls[i]);
            vm.prank(alice);
            subs.extendWithPermit(1, 1, address(token), 100, NOW, none);
            vm.assertEq(bytes32(token.refusal()), GUARD, "refused by the guard");
        }
        vm.assertEq(token.balanceOf(address(subs)), 400 * calls.length, "balance");
    }

    function test_the_treasury_is_paid_once() public {
        vm.prank(operator);
        subs.setTreasury(address(evil));
        uint256 id = active(alice, 1);
        vm.warp(NOW + 1 days);
        evil.arm(address(subs), abi.encodeCall(subs.withdraw, (NATIVE, new uint256[](0))));
        withdraw(NATIVE, id);
        vm.assertEq(bytes32(evil.refusal()), GUARD, "refused by the guard");
        vm.assertEq(evil.received(), PRICE * (1 + SETUP_DAYS), "once");
    }
}
