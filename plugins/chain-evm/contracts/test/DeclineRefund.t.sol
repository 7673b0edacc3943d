// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, SubscriptionState, vm} from "./support/Base.sol";

contract DeclineRefundTest is Base {
    uint256 private constant PAID = PRICE * (3 + SETUP_DAYS);

    function decline(uint256 id, string memory reason) private {
        bytes32 order = orderOf(id);
        vm.prank(agent);
        subs.decline(id, order, reason);
    }

    // ---- decline

    function test_decline_credits_everything_and_frees_the_place() public {
        uint256 id = buy(alice, 3);
        bytes32 order = orderOf(id);
        vm.expectEmit(address(subs));
        emit Ev.Declined(id, alice, NATIVE, PAID, "no room");
        vm.prank(agent);
        subs.decline(id, order, "no room");
        expectMoney(NATIVE, 0, 0, 0, PAID);
        vm.assertEq(subs.credit(NATIVE, alice), PAID, "credit");
        vm.assertEq(subs.plan(planId).open, 0, "open");
        SubscriptionState memory s = subs.subscription(id);
        vm.assertTrue(s.declined && !s.refunded && !s.delivered, "flags");
        vm.assertEq(s.amount, 0, "nothing is held for it");
        vm.assertEq(bytes32(s.order), bytes32(bytes16(order)), "the order stays");
    }

    function test_the_credit_is_the_recipients_not_the_payers() public {
        vm.prank(alice);
        uint256 id = subs.purchase{value: PAID}(planId, 3, NATIVE, PAID, NOW, bob, REQUEST);
        decline(id, "");
        vm.assertEq(subs.credit(NATIVE, bob), PAID, "recipient");
        vm.assertEq(subs.credit(NATIVE, alice), 0, "payer");
    }

    function test_decline_is_the_agents() public {
        uint256 id = buy(alice, 3);
        bytes32 order = orderOf(id);
        vm.prank(operator);
        expectError(E.NotAgent.selector, planId, operator);
        subs.decline(id, order, "");
    }

    function test_decline_needs_the_order() public {
        uint256 id = buy(alice, 3);
        vm.prank(agent);
        vm.expectPartialRevert(E.OrderMismatch.selector);
        subs.decline(id, keccak256("another"), "");
    }

    function test_decline_only_before_delivery_and_once() public {
        uint256 delivered = buy(alice, 3);
        bytes32 order = orderOf(delivered);
        deliver(delivered);
        vm.prank(agent);
        expectError(E.NotOpen.selector, delivered);
        subs.decline(delivered, order, "");

        uint256 declined = buy(alice, 3);
        decline(declined, "");
        vm.prank(agent);
        expectError(E.NotOpen.selector, declined);
        subs.decline(declined, order, "");
    }

    function test_decline_unknown() public {
        vm.prank(agent);
        expectError(E.UnknownSubscription.selector, 1);
        subs.decline(1, bytes32(0), "");
    }

    function test_reason_of_exactly_64_bytes() public {
        uint256 id = buy(alice, 3);
        bytes32 order = orderOf(id);
        vm.startPrank(agent);
        expectError(E.TooLong.selector, 65, 64);
        subs.decline(id, order, string(new bytes(65)));
        subs.decline(id, order, string(new bytes(64)));
        vm.stopPrank();
    }

    // ---- refund

    function test_the_buyer_is_refunded_from_the_first_second_after_the_window() public {
        uint256 id = buyUsd(alice, 3);
        vm.warp(NOW + WINDOW);
        vm.prank(alice);
        expectError(E.TooEarly.selector, NOW + WINDOW);
        subs.refund(id);

        vm.warp(NOW + WINDOW + 1);
        uint256 paid = USD_PRICE * (3 + SETUP_DAYS);
        vm.expectEmit(address(subs));
        emit Ev.Refunded(id, alice, address(usd), paid);
        vm.prank(alice);
        subs.refund(id);
        expectMoney(address(usd), 0, 0, 0, paid);
        vm.assertEq(subs.plan(planId).open, 0, "open");
        vm.assertTrue(subs.subscription(id).refunded, "flag");
    }

    function test_anybody_refunds_30_days_later_and_the_buyer_gets_it() public {
        uint256 id = buy(alice, 3);
        vm.warp(NOW + WINDOW + 30 days);
        vm.prank(stranger);
        expectError(E.TooEarly.selector, NOW + WINDOW + 30 days);
        subs.refund(id);
        vm.warp(NOW + WINDOW + 30 days + 1);
        vm.prank(stranger);
        subs.refund(id);
        vm.assertEq(subs.credit(NATIVE, alice), PAID, "credit");
    }

    function test_refund_not_after_delivery_and_once() public {
        uint256 delivered = active(alice, 3);
        uint256 refunded = buy(alice, 3);
        vm.warp(NOW + WINDOW + 1);
        vm.startPrank(alice);
        expectError(E.NotOpen.selector, delivered);
        subs.refund(delivered);
        subs.refund(refunded);
        expectError(E.NotOpen.selector, refunded);
        subs.refund(refunded);
        expectError(E.UnknownSubscription.selector, 99);
        subs.refund(99);
        vm.stopPrank();
    }

    /// The contract decides who was first.
    function test_delivery_after_the_window_wins_until_somebody_refunds() public {
        uint256 id = buy(alice, 3);
        vm.warp(NOW + WINDOW + 1 days);
        deliver(id);
        vm.prank(alice);
        expectError(E.NotOpen.selector, id);
        subs.refund(id);
    }

    function test_refund_works_while_paused_and_inactive() public {
        uint256 id = buy(alice, 3);
        vm.startPrank(operator);
        subs.setPurchasesPaused(true);
        subs.setPlanActive(planId, false);
        vm.stopPrank();
        vm.warp(NOW + WINDOW + 1);
        vm.prank(alice);
        subs.refund(id);
    }
}
