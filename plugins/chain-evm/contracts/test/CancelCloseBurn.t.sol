// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, SubscriptionState, vm} from "./support/Base.sol";

contract CancelCloseBurnTest is Base {
    function burnAsAgent(uint256 id) private {
        vm.prank(agent);
        subs.burn(id);
    }

    // ---- cancel

    function test_the_owners_cancel_credits_the_unearned_part() public {
        uint256 id = active(alice, 10);
        vm.warp(NOW + 4 days);
        vm.expectEmit(address(subs));
        emit Ev.Cancelled(id, alice, false, NATIVE, PRICE * 6, NOW + 4 days);
        cancelAs(alice, id);
        expectMoney(NATIVE, 0, 0, PRICE * (4 + SETUP_DAYS), PRICE * 6);
        vm.assertEq(subs.credit(NATIVE, alice), PRICE * 6, "credit");
        SubscriptionState memory s = subs.subscription(id);
        vm.assertTrue(s.cancelled && !s.cancelledByOperator, "flags");
        vm.assertEq(s.expiresAt, NOW + 4 days, "expiry is now");
        vm.assertEq(s.amount + s.unearned + s.earned + s.settled, 0, "nothing is left in it");
    }

    function test_the_right_moves_with_the_token() public {
        uint256 id = active(alice, 10);
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        vm.prank(alice);
        expectError(E.NotAllowed.selector, alice);
        subs.cancel(id);
        cancelAs(bob, id);
        vm.assertEq(subs.credit(NATIVE, bob), PRICE * 10, "the new owner");
    }

    function test_the_operators_cancel_credits_the_owner() public {
        uint256 id = active(alice, 10);
        vm.expectEmit(address(subs));
        emit Ev.Cancelled(id, alice, true, NATIVE, PRICE * 10, NOW);
        cancelAs(operator, id);
        vm.assertEq(subs.credit(NATIVE, alice), PRICE * 10, "credit");
        vm.assertTrue(subs.subscription(id).cancelledByOperator, "flag");
    }

    function test_an_operator_who_owns_the_token_cancels_as_owner() public {
        uint256 id = active(alice, 10);
        vm.prank(alice);
        nft.transferFrom(alice, operator, id);
        cancelAs(operator, id);
        vm.assertTrue(!subs.subscription(id).cancelledByOperator, "owner's cancel");
        closeAsAgent(id);
    }

    function test_cancel_is_neither_the_agents_nor_a_strangers() public {
        uint256 id = active(alice, 10);
        address[2] memory others = [agent, stranger];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(others[i]);
            expectError(E.NotAllowed.selector, others[i]);
            subs.cancel(id);
        }
    }

    function test_cancel_is_final_and_needs_a_live_subscription() public {
        uint256 open = buy(alice, 1);
        uint256 cancelled = active(alice, 1);
        cancelAs(alice, cancelled);
        uint256 closed = active(alice, 1);
        vm.warp(NOW + 1 days + GRACE + 1);
        closeAsAgent(closed);
        uint256[3] memory ids = [open, cancelled, closed];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(alice);
            expectError(E.NotLive.selector, ids[i]);
            subs.cancel(ids[i]);
        }
        expectError(E.UnknownSubscription.selector, 99);
        subs.cancel(99);
    }

    function test_a_cancel_after_expiry_keeps_the_expiry_and_credits_nothing() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 3 days);
        cancelAs(alice, id);
        vm.assertEq(subs.subscription(id).expiresAt, NOW + 1 days, "expiry");
        vm.assertEq(subs.credit(NATIVE, alice), 0, "credit");
        expectMoney(NATIVE, 0, 0, PRICE * (1 + SETUP_DAYS), 0);
    }

    function testFuzz_cancel_splits_exactly(uint256 numDays, uint256 elapsed, uint96 perDay) public {
        numDays = 1 + numDays % 3650;
        elapsed = elapsed % (numDays * 1 days + 1);
        if (perDay == 0) perDay = 1;
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, perDay);
        uint256 paid = uint256(perDay) * (numDays + SETUP_DAYS);
        vm.deal(alice, paid);
        vm.prank(alice);
        uint256 id = subs.purchase{value: paid}(planId, numDays, NATIVE, paid, NOW, alice, REQUEST);
        deliver(id);
        vm.warp(NOW + elapsed);
        cancelAs(alice, id);
        uint256 line = uint256(perDay) * numDays;
        uint256 earned = line * elapsed / (numDays * 1 days);
        vm.assertEq(subs.credit(NATIVE, alice), line - earned, "unearned part");
        expectMoney(NATIVE, 0, 0, uint256(perDay) * SETUP_DAYS + earned, line - earned);
    }

    // ---- close

    function test_close_after_expiry_and_grace() public {
        uint256 id = active(alice, 10);
        vm.warp(NOW + 10 days + GRACE);
        vm.prank(agent);
        expectError(E.TooEarly.selector, NOW + 10 days + GRACE);
        subs.close(id);
        vm.warp(NOW + 10 days + GRACE + 1);
        vm.expectEmit(address(subs));
        emit Ev.Closed(id, NOW + 10 days);
        closeAsAgent(id);
        expectMoney(NATIVE, 0, 0, PRICE * (10 + SETUP_DAYS), 0);
        vm.assertTrue(subs.subscription(id).closed, "flag");
        vm.assertEq(subs.subscription(id).amount, 0, "nothing is left in it");
    }

    function test_close_at_once_after_the_owners_cancel() public {
        uint256 id = active(alice, 10);
        cancelAs(alice, id);
        closeAsAgent(id);
        vm.assertTrue(subs.subscription(id).closed && subs.subscription(id).cancelled, "flags");
    }

    function test_after_the_operators_cancel_only_after_the_grace() public {
        uint256 id = active(alice, 10);
        vm.warp(NOW + 1 days);
        cancelAs(operator, id);
        vm.warp(NOW + 1 days + GRACE);
        vm.prank(agent);
        expectError(E.TooEarly.selector, NOW + 1 days + GRACE);
        subs.close(id);
        vm.warp(NOW + 1 days + GRACE + 1);
        closeAsAgent(id);
    }

    function test_an_extension_postpones_the_close() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 1 days + GRACE + 1);
        vm.prank(alice);
        subs.extend{value: PRICE}(id, 1, NATIVE, PRICE, block.timestamp);
        vm.prank(agent);
        expectError(E.TooEarly.selector, NOW + 2 days + 2 * GRACE + 1);
        subs.close(id);
    }

    function test_close_is_the_agents_and_once() public {
        uint256 open = buy(alice, 1);
        uint256 id = active(alice, 1);
        cancelAs(alice, id);
        vm.prank(operator);
        expectError(E.NotAgent.selector, planId, operator);
        subs.close(id);
        closeAsAgent(id);
        uint256[2] memory ids = [open, id];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(agent);
            expectError(E.NotLive.selector, ids[i]);
            subs.close(ids[i]);
        }
        vm.prank(agent);
        expectError(E.UnknownSubscription.selector, 99);
        subs.close(99);
    }

    // ---- burn

    function test_burn_after_close_frees_the_place() public {
        uint256 id = active(alice, 1);
        cancelAs(alice, id);
        closeAsAgent(id);
        vm.assertEq(subs.plan(planId).open, 1, "still taken");
        vm.expectEmit(address(subs));
        emit Ev.Burned(id);
        burnAsAgent(id);
        vm.assertEq(subs.plan(planId).open, 0, "free");
        SubscriptionState memory s = subs.subscription(id);
        vm.assertTrue(s.burned, "flag");
        vm.assertEq(s.owner, address(0), "no owner");
        vm.expectRevert();
        nft.ownerOf(id);
        vm.expectRevert();
        nft.getUserEncrypted(id);
    }

    function test_burn_only_after_close_once_and_by_the_agent() public {
        uint256 id = active(alice, 1);
        cancelAs(alice, id);
        vm.prank(agent);
        expectError(E.NotBurnable.selector, id);
        subs.burn(id);
        closeAsAgent(id);
        vm.prank(alice);
        expectError(E.NotAgent.selector, planId, alice);
        subs.burn(id);
        burnAsAgent(id);
        vm.prank(agent);
        expectError(E.NotBurnable.selector, id);
        subs.burn(id);
        vm.prank(agent);
        expectError(E.UnknownSubscription.selector, 99);
        subs.burn(99);
    }

    function test_everything_stays_refused_after_the_burn() public {
        uint256 id = active(alice, 1);
        cancelAs(alice, id);
        closeAsAgent(id);
        burnAsAgent(id);
        vm.startPrank(agent);
        expectError(E.NotLive.selector, id);
        subs.close(id);
        expectError(E.NotLive.selector, id);
        subs.update(id, alice, SEALED);
        expectError(E.NotLive.selector, id);
        subs.creditTime(id, NOW, NOW);
        vm.stopPrank();
        vm.assertEq(withdraw(NATIVE, id), PRICE * SETUP_DAYS, "only what was earned before");
    }
}
