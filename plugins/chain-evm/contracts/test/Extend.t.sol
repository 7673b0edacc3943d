// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, SubscriptionState, vm} from "./support/Base.sol";
import {TestToken} from "./support/Tokens.sol";

contract ExtendTest is Base {
    function extendAs(address who, uint256 id, uint256 numDays, address token) private {
        uint256 value = token == NATIVE ? PRICE * numDays : 0;
        vm.prank(who);
        subs.extend{value: value}(id, numDays, token, type(uint256).max, block.timestamp);
    }

    function expiry(uint256 id) private view returns (uint256) {
        return subs.subscription(id).expiresAt;
    }

    function test_30_days_with_30_left_gives_60() public {
        uint256 id = active(alice, 30);
        vm.expectEmit(address(subs));
        emit Ev.Extended(id, alice, 30 days, NATIVE, PRICE * 30, NOW + 60 days);
        extendAs(alice, id, 30, NATIVE);
        vm.assertEq(expiry(id), NOW + 60 days, "expiry");
        vm.assertEq(subs.subscription(id).paidSeconds, 60 days, "paid");
        expectMoney(NATIVE, 0, PRICE * 60, PRICE * SETUP_DAYS, 0);
    }

    function test_after_expiry_the_days_count_from_now() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 5 days);
        extendAs(stranger, id, 2, NATIVE);
        vm.assertEq(expiry(id), NOW + 7 days, "from now");
        // The gap of four days cost nothing: one day was earned, two are unearned.
        expectMoney(NATIVE, 0, PRICE * 2, PRICE * (1 + SETUP_DAYS), 0);
    }

    function test_anybody_may_pay() public {
        uint256 id = active(alice, 1);
        extendAs(stranger, id, 2, NATIVE);
        vm.assertEq(nft.ownerOf(id), alice, "owner unchanged");
    }

    function test_excess_returns_and_setup_days_are_not_charged_again() public {
        uint256 id = active(alice, 1);
        uint256 before = bob.balance;
        vm.prank(bob);
        subs.extend{value: 5 ether}(id, 1, NATIVE, PRICE, NOW);
        vm.assertEq(before - bob.balance, PRICE, "one day");
    }

    function test_erc20() public {
        uint256 id = activeUsd(alice, 1);
        uint256 before = usd.balanceOf(bob);
        extendAs(bob, id, 4, address(usd));
        vm.assertEq(before - usd.balanceOf(bob), USD_PRICE * 4, "paid");
        expectMoney(address(usd), 0, USD_PRICE * 5, USD_PRICE * SETUP_DAYS, 0);
    }

    function test_refused_states() public {
        uint256 open = buy(alice, 1);
        uint256 cancelled = active(alice, 1);
        cancelAs(alice, cancelled);
        uint256 closed = active(alice, 1);
        vm.warp(NOW + 1 days + GRACE + 1);
        closeAsAgent(closed);
        uint256[3] memory ids = [open, cancelled, closed];
        for (uint256 i = 0; i < 3; ++i) {
            expectError(E.NotLive.selector, ids[i]);
            extendAs(alice, ids[i], 1, NATIVE);
        }
        expectError(E.UnknownSubscription.selector, 99);
        extendAs(alice, 99, 1, NATIVE);
    }

    function test_inactive_plan() public {
        uint256 id = active(alice, 1);
        vm.prank(operator);
        subs.setPlanActive(planId, false);
        expectError(E.PlanInactive.selector, planId);
        extendAs(alice, id, 1, NATIVE);
    }

    function test_the_pause_and_sold_out_plans_stop_no_extension() public {
        uint256 id = active(alice, 1);
        vm.startPrank(operator);
        subs.setPurchasesPaused(true);
        subs.setCapacity(planId, 0);
        vm.stopPrank();
        extendAs(alice, id, 1, NATIVE);
    }

    function test_bounds_of_the_payer() public {
        uint256 id = active(alice, 1);
        vm.startPrank(alice);
        expectError(E.AmountAboveMax.selector, PRICE * 2, PRICE * 2 - 1);
        subs.extend{value: PRICE * 2}(id, 2, NATIVE, PRICE * 2 - 1, NOW);
        expectError(E.DeadlinePassed.selector, NOW - 1);
        subs.extend{value: PRICE * 2}(id, 2, NATIVE, PRICE * 2, NOW - 1);
        expectError(E.WrongValue.selector, PRICE, PRICE * 2);
        subs.extend{value: PRICE}(id, 2, NATIVE, PRICE * 2, NOW);
        vm.stopPrank();
    }

    function test_days_and_the_furthest_expiry() public {
        uint256 id = active(alice, 1);
        expectError(E.BadDays.selector, 0, 3650);
        extendAs(alice, id, 0, NATIVE);
        expectError(E.BadDays.selector, 3651, 3650);
        extendAs(alice, id, 3651, NATIVE);
        expectError(E.ExpiryTooFar.selector, NOW + 3651 days, NOW + 3650 days);
        extendAs(alice, id, 3650, NATIVE);
        extendAs(alice, id, 3649, NATIVE);
        vm.assertEq(expiry(id), NOW + 3650 days, "exactly ten years");
    }

    function test_the_token_of_what_is_unearned_even_off_sale_at_its_last_price() public {
        uint256 id = active(alice, 2);
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, 0);
        vm.assertEq(subs.quoteExtension(id, 3, NATIVE, stranger), PRICE * 3, "quote");
        extendAs(stranger, id, 3, NATIVE);
        vm.warp(NOW + 5 days);
        expectError(E.TokenNotAccepted.selector, NATIVE);
        extendAs(alice, id, 1, NATIVE);
    }

    function test_an_erc20_off_sale_at_its_last_price() public {
        uint256 id = activeUsd(alice, 2);
        vm.prank(operator);
        subs.setPrice(planId, address(usd), 0);
        vm.assertEq(subs.quoteExtension(id, 3, address(usd), stranger), USD_PRICE * 3, "quote");
        extendAs(stranger, id, 3, address(usd));
        vm.assertEq(subs.subscription(id).amount, USD_PRICE * (2 + 3), "what is unearned, and more of it");
        vm.warp(NOW + 5 days);
        expectError(E.TokenNotAccepted.selector, address(usd));
        extendAs(alice, id, 1, address(usd));
    }

    function test_another_token_is_refused_while_something_is_unearned() public {
        uint256 id = active(alice, 2);
        vm.warp(NOW + 2 days - 1);
        expectError(E.TokenChangeRefused.selector, address(usd), NATIVE);
        extendAs(alice, id, 1, address(usd));
    }

    function test_the_owner_alone_changes_the_token_after_expiry() public {
        uint256 id = active(alice, 2);
        vm.warp(NOW + 2 days);
        expectError(E.TokenChangeRefused.selector, address(usd), NATIVE);
        extendAs(stranger, id, 1, address(usd));
        extendAs(alice, id, 1, address(usd));
        vm.assertEq(subs.subscription(id).token, address(usd), "token");
        expectMoney(NATIVE, 0, 0, PRICE * (2 + SETUP_DAYS), 0);
        expectMoney(address(usd), 0, USD_PRICE, 0, 0);
        expectError(E.TokenChangeRefused.selector, NATIVE, address(usd));
        extendAs(alice, id, 1, NATIVE);
        cancelAs(alice, id);
        vm.assertEq(subs.credit(address(usd), alice), USD_PRICE, "the new token comes back");
    }

    function test_a_token_that_was_never_accepted() public {
        uint256 id = active(alice, 2);
        TestToken other = new TestToken("OTHER");
        vm.warp(NOW + 2 days);
        expectError(E.TokenNotAccepted.selector, address(other));
        extendAs(alice, id, 1, address(other));
    }

    function test_a_new_price_holds_for_the_extension_only() public {
        uint256 id = active(alice, 2);
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, PRICE * 10);
        vm.prank(alice);
        subs.extend{value: PRICE * 10}(id, 1, NATIVE, PRICE * 10, NOW);
        vm.assertEq(subs.subscription(id).unearned, PRICE * 12, "2 old days and a dear one");
    }

    function testFuzz_extending_never_loses_or_makes_money(uint256 numDays, uint256 more, uint256 elapsed) public {
        numDays = 1 + numDays % 365;
        more = 1 + more % 365;
        elapsed = elapsed % (numDays * 1 days * 2);
        uint256 id = active(alice, numDays);
        vm.warp(NOW + elapsed);
        uint256 total = PRICE * numDays;
        uint256 earned = elapsed >= numDays * 1 days ? total : total * elapsed / (numDays * 1 days);
        extendAs(alice, id, more, NATIVE);
        SubscriptionState memory s = subs.subscription(id);
        vm.assertEq(s.unearned, total - earned + PRICE * more, "unearned");
        uint256 oldEnd = NOW + numDays * 1 days;
        vm.assertEq(s.expiresAt, (oldEnd > NOW + elapsed ? oldEnd : NOW + elapsed) + more * 1 days, "expiry");
        expectMoney(NATIVE, 0, s.unearned, PRICE * SETUP_DAYS + earned, 0);
    }
}
