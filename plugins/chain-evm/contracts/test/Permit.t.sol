// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permit} from "../src/interfaces/Permit.sol";
import {Base, E, Ev, vm} from "./support/Base.sol";
import {HookPermitToken, SilentToken, TestToken, signPermit} from "./support/Tokens.sol";

contract PermitTest is Base {
    uint256 private constant COST = USD_PRICE * (1 + SETUP_DAYS);

    Permit private none;

    /// Of alice for exactly one day and the setup days; her standing allowance is taken away.
    function signed() private returns (Permit memory) {
        vm.prank(alice);
        usd.approve(address(subs), 0);
        return signPermit(usd, keyOf("alice"), address(subs), COST, NOW);
    }

    function buyWith(address payer, address token, Permit memory permit) private returns (uint256) {
        vm.prank(payer);
        return subs.purchaseWithPermit(planId, 1, token, COST, NOW, bob, REQUEST, permit);
    }

    function extendWith(address payer, uint256 id, address token, Permit memory permit) private {
        vm.prank(payer);
        subs.extendWithPermit(id, 1, token, type(uint256).max, NOW, permit);
    }

    function test_a_signature_in_place_of_an_allowance() public {
        Permit memory permit = signed();
        uint256 before = usd.balanceOf(alice);
        bytes32 order = orderOf(bob, planId, 1, address(usd), COST);
        vm.expectEmit(address(subs));
        emit Ev.SubscriptionPurchased(1, planId, bob, 1 days, address(usd), COST, order, REQUEST);
        vm.assertEq(buyWith(alice, address(usd), permit), 1, "id");
        vm.assertEq(before - usd.balanceOf(alice), COST, "the payer is who sent it, the buyer whom it names");
        expectMoney(address(usd), COST, 0, 0, 0);
        vm.assertEq(usd.allowance(alice, address(subs)), 0, "nothing is left of the allowance");
    }

    function test_a_signature_for_an_extension() public {
        uint256 id = activeUsd(alice, 1);
        Permit memory permit = signed();
        uint256 before = usd.balanceOf(alice);
        vm.expectEmit(address(subs));
        emit Ev.Extended(id, alice, 1 days, address(usd), USD_PRICE, NOW + 2 days);
        extendWith(alice, id, address(usd), permit);
        vm.assertEq(before - usd.balanceOf(alice), USD_PRICE, "one day");
        vm.assertEq(subs.subscription(id).expiresAt, NOW + 2 days, "expiry");
    }

    /// Whoever sees the signature can hand it to the token first; the purchase must not fail for that.
    function test_a_signature_that_was_used_already_stops_nothing() public {
        uint256 id = activeUsd(alice, 1);
        Permit memory permit = signed();
        vm.prank(stranger);
        usd.permit(alice, address(subs), permit.value, permit.deadline, permit.v, permit.r, permit.s);
        buyWith(alice, address(usd), permit);
        permit = signPermit(usd, keyOf("alice"), address(subs), USD_PRICE, NOW);
        vm.prank(stranger);
        usd.permit(alice, address(subs), permit.value, permit.deadline, permit.v, permit.r, permit.s);
        extendWith(alice, id, address(usd), permit);
    }

    function test_nobody_pays_with_the_signature_of_another() public {
        uint256 id = activeUsd(alice, 1);
        Permit memory permit = signed();
        vm.prank(stranger);
        usd.approve(address(subs), 0);
        vm.expectRevert();
        buyWith(stranger, address(usd), permit);
        vm.expectRevert();
        extendWith(stranger, id, address(usd), permit);
        vm.assertEq(usd.allowance(alice, address(subs)), 0, "not even the allowance was made");
    }

    function test_a_bad_signature_leaves_it_to_the_allowance() public {
        buyWith(alice, address(usd), none);
        Permit memory permit = signed();
        permit.value = COST + 1;
        vm.expectRevert();
        buyWith(alice, address(usd), permit);
    }

    function test_a_token_without_permit_is_bought_with_by_its_allowance() public {
        SilentToken silent = new SilentToken();
        silent.mint(alice, COST);
        vm.prank(operator);
        subs.setPrice(planId, address(silent), 10);
        vm.prank(alice);
        silent.approve(address(subs), COST);
        uint256 id = buyWith(alice, address(silent), none);
        deliver(id);
        extendWith(alice, id, address(silent), none);
        vm.assertEq(subs.money(address(silent)).unearned, 20, "a day, and a day more");
        vm.assertEq(subs.money(address(silent)).earned, 20, "setup days");
        vm.assertEq(silent.balanceOf(address(subs)), 40, "balance");
    }

    function test_coins_have_no_permit() public {
        expectError(E.TokenNotAccepted.selector, NATIVE);
        vm.prank(alice);
        subs.purchaseWithPermit(planId, 1, NATIVE, type(uint256).max, NOW, bob, REQUEST, none);
        uint256 id = active(alice, 1);
        expectError(E.TokenNotAccepted.selector, NATIVE);
        extendWith(alice, id, NATIVE, none);
        vm.prank(alice);
        (bool taken,) = address(subs).call{value: 1}(
            abi.encodeCall(subs.purchaseWithPermit, (planId, 1, address(usd), COST, NOW, alice, REQUEST, none))
        );
        vm.assertTrue(!taken, "and no value is taken");
    }

    function test_a_token_that_is_not_listed_is_never_called() public {
        HookPermitToken foreign = new HookPermitToken();
        uint256 id = activeUsd(alice, 1);
        expectError(E.TokenNotAccepted.selector, address(foreign));
        buyWith(alice, address(foreign), none);
        expectError(E.TokenNotAccepted.selector, address(foreign));
        extendWith(alice, id, address(foreign), none);
        vm.prank(operator);
        subs.setPrice(planId, address(foreign), 1);
        foreign.mint(alice, 1000);
        vm.prank(alice);
        foreign.approve(address(subs), 1000);
        buyWith(alice, address(foreign), none);
        vm.assertEq(foreign.permits(), 1, "listed: called once");
    }

    function test_the_bounds_are_those_of_a_purchase() public {
        vm.startPrank(alice);
        expectError(E.AmountAboveMax.selector, COST, COST - 1);
        subs.purchaseWithPermit(planId, 1, address(usd), COST - 1, NOW, bob, REQUEST, none);
        expectError(E.DeadlinePassed.selector, NOW - 1);
        subs.purchaseWithPermit(planId, 1, address(usd), COST, NOW - 1, bob, REQUEST, none);
        expectError(E.BadAddress.selector, address(subs));
        subs.purchaseWithPermit(planId, 1, address(usd), COST, NOW, address(subs), REQUEST, none);
        expectError(E.TooLong.selector, 1025, 1024);
        subs.purchaseWithPermit(planId, 1, address(usd), COST, NOW, bob, new bytes(1025), none);
        expectError(E.BadDays.selector, 0, 3650);
        subs.purchaseWithPermit(planId, 0, address(usd), COST, NOW, bob, REQUEST, none);
        expectError(E.UnknownPlan.selector, 9);
        subs.purchaseWithPermit(9, 1, address(usd), COST, NOW, bob, REQUEST, none);
        vm.stopPrank();
        vm.prank(operator);
        subs.setPurchasesPaused(true);
        expectError(E.PurchasesArePaused.selector);
        buyWith(alice, address(usd), none);
    }

    function test_the_bounds_are_those_of_an_extension() public {
        uint256 id = activeUsd(alice, 1);
        vm.startPrank(alice);
        expectError(E.AmountAboveMax.selector, USD_PRICE, USD_PRICE - 1);
        subs.extendWithPermit(id, 1, address(usd), USD_PRICE - 1, NOW, none);
        expectError(E.DeadlinePassed.selector, NOW - 1);
        subs.extendWithPermit(id, 1, address(usd), USD_PRICE, NOW - 1, none);
        expectError(E.UnknownSubscription.selector, 99);
        subs.extendWithPermit(99, 1, address(usd), USD_PRICE, NOW, none);
        vm.stopPrank();
    }

    function testFuzz_any_payer_with_a_key_pays_exactly_the_price(uint256 key, uint256 numDays, uint256 more) public {
        key = 1 + key % (type(uint256).max >> 1);
        numDays = 1 + numDays % 3650;
        uint256 cost = USD_PRICE * (numDays + SETUP_DAYS);
        more = more % 1e30;
        address payer = vm.addr(key);
        uint256 before = usd.balanceOf(payer);
        usd.mint(payer, cost + more);
        Permit memory permit = signPermit(usd, key, address(subs), cost + more, NOW);
        vm.prank(payer);
        subs.purchaseWithPermit(planId, numDays, address(usd), cost, NOW, payer, REQUEST, permit);
        vm.assertEq(usd.balanceOf(payer), before + more, "paid");
        expectMoney(address(usd), cost, 0, 0, 0);
    }
}
