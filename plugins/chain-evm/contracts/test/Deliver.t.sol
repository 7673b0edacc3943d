// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, SubscriptionState, vm} from "./support/Base.sol";

contract DeliverTest is Base {
    function test_mints_token_id_equal_to_subscription_id_and_starts_the_paid_time() public {
        buy(alice, 1);
        uint256 id = buy(bob, 30);
        bytes32 order = orderOf(id);
        vm.warp(NOW + 600);
        vm.expectEmit(address(subs));
        emit Ev.SubscriptionDelivered(id, NOW + 600 + 30 days, ATTESTATION);
        vm.prank(agent);
        subs.deliver(id, order, NOW + 600, SEALED, ATTESTATION);

        vm.assertEq(nft.ownerOf(2), bob, "token id = subscription id");
        vm.assertEq(nft.getUserEncrypted(2), SEALED, "sealed details");
        SubscriptionState memory s = subs.subscription(id);
        vm.assertTrue(s.delivered, "delivered");
        vm.assertEq(s.owner, bob, "owner");
        vm.assertEq(s.deliveredAt, NOW + 600, "deliveredAt");
        vm.assertEq(s.start, NOW + 600, "start");
        vm.assertEq(s.expiresAt, NOW + 600 + 30 days, "expiry");
        vm.assertEq(s.graceEndsAt, NOW + 600 + 30 days + GRACE, "grace");
        vm.assertEq(s.setup, 0, "setup is earned");
        vm.assertEq(s.unearned, PRICE * 30, "unearned");
        vm.assertEq(s.amount, PRICE * (30 + SETUP_DAYS), "amount");
        vm.assertEq(s.earned, PRICE * SETUP_DAYS, "setup days are earned at once");
        vm.assertEq(s.settled, 0, "and settled when somebody asks");
        expectMoney(NATIVE, PRICE * (1 + SETUP_DAYS), PRICE * (30 + SETUP_DAYS), 0, 0);
    }

    function test_setup_days_are_earned_up_to_the_last_second_of_the_window() public {
        uint256 id = buy(alice, 10);
        vm.warp(NOW + WINDOW);
        deliver(id);
        vm.assertEq(withdraw(NATIVE, id), PRICE * SETUP_DAYS, "at once");
        expectMoney(NATIVE, 0, PRICE * 10, 0, 0);
    }

    function test_a_late_delivery_earns_no_setup_days_and_a_cancel_gives_all_back() public {
        uint256 id = buy(alice, 10);
        vm.warp(NOW + WINDOW + 1);
        deliver(id);
        expectMoney(NATIVE, 0, PRICE * 12, 0, 0);
        vm.assertEq(subs.subscription(id).unearned, PRICE * 12, "all of it is on the line");
        cancelAs(alice, id);
        vm.assertEq(subs.credit(NATIVE, alice), PRICE * 12, "everything");
    }

    function test_only_the_agent_of_the_plan() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        address[3] memory others = [operator, alice, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            expectError(E.NotAgent.selector, planId, others[i]);
            subs.deliver(id, order, NOW, SEALED, ATTESTATION);
        }
    }

    function test_an_agent_of_another_plan_is_refused() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        uint256 other = createPlan(0, 1);
        vm.prank(operator);
        subs.setAgent(other, stranger);
        vm.prank(stranger);
        expectError(E.NotAgent.selector, planId, stranger);
        subs.deliver(id, order, NOW, SEALED, ATTESTATION);
    }

    function test_once() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        deliver(id);
        vm.prank(agent);
        expectError(E.NotOpen.selector, id);
        subs.deliver(id, order, NOW, SEALED, ATTESTATION);
    }

    function test_not_after_decline_or_refund() public {
        uint256 declined = buy(alice, 1);
        uint256 refunded = buy(alice, 1);
        bytes32 order = orderOf(declined);
        vm.prank(agent);
        subs.decline(declined, order, "");
        vm.warp(NOW + WINDOW + 1);
        vm.prank(alice);
        subs.refund(refunded);
        uint256[2] memory ids = [declined, refunded];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(agent);
            expectError(E.NotOpen.selector, ids[i]);
            subs.deliver(ids[i], order, block.timestamp, SEALED, ATTESTATION);
        }
    }

    function test_unknown() public {
        vm.prank(agent);
        expectError(E.UnknownSubscription.selector, 7);
        subs.deliver(7, bytes32(0), NOW, SEALED, ATTESTATION);
    }

    function test_deadline() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        vm.prank(agent);
        expectError(E.DeadlinePassed.selector, NOW - 1);
        subs.deliver(id, order, NOW - 1, SEALED, ATTESTATION);
    }

    /// A reorganisation gives id 1 to another purchase: what was built for the first must not reach the second.
    function test_an_id_that_changed_hands_is_refused() public {
        uint256 snapshot = vm.snapshotState();
        uint256 first = buy(alice, 30);
        bytes32 order = orderOf(first);
        vm.revertToState(snapshot);
        uint256 second = buy(bob, 30);
        vm.assertEq(first, second, "same id");
        bytes16 stored = bytes16(orderOf(second));
        vm.prank(agent);
        vm.expectRevert(abi.encodeWithSelector(E.OrderMismatch.selector, second, stored));
        subs.deliver(second, order, NOW, SEALED, ATTESTATION);
    }

    function test_each_part_of_the_order_counts_and_only_its_first_half_is_compared() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        for (uint256 bit = 128; bit < 256; ++bit) {
            vm.prank(agent);
            vm.expectPartialRevert(E.OrderMismatch.selector);
            subs.deliver(id, order ^ bytes32(1 << bit), NOW, SEALED, ATTESTATION);
        }
        vm.prank(agent);
        subs.deliver(id, order ^ bytes32(uint256(1)), NOW, SEALED, ATTESTATION);
    }

    function testFuzz_orders_of_different_purchases_differ(uint256 a, uint256 b, bytes calldata x, bytes calldata y)
        public
        view
    {
        bytes32 base = subs.orderHash(alice, a, b, NATIVE, a, keccak256(x));
        vm.assertEq(base, keccak256(abi.encode(alice, a, b, NATIVE, a, keccak256(x))), "definition");
        vm.assertTrue(base != subs.orderHash(bob, a, b, NATIVE, a, keccak256(x)), "buyer");
        vm.assertTrue(base != subs.orderHash(alice, a ^ 1, b, NATIVE, a, keccak256(x)), "plan");
        vm.assertTrue(base != subs.orderHash(alice, a, b ^ 1, NATIVE, a, keccak256(x)), "seconds");
        vm.assertTrue(base != subs.orderHash(alice, a, b, bob, a, keccak256(x)), "token");
        vm.assertTrue(base != subs.orderHash(alice, a, b, NATIVE, a ^ 1, keccak256(x)), "amount");
        bool same = keccak256(x) == keccak256(y);
        vm.assertEq(base == subs.orderHash(alice, a, b, NATIVE, a, keccak256(y)), same, "request");
    }

    function test_sealed_credential_of_exactly_1024_bytes() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        vm.startPrank(agent);
        expectError(E.TooLong.selector, 1025, 1024);
        subs.deliver(id, order, NOW, new bytes(1025), ATTESTATION);
        subs.deliver(id, order, NOW, new bytes(1024), ATTESTATION);
        vm.stopPrank();
        vm.assertEq(nft.getUserEncrypted(id), new bytes(1024), "kept whole");
    }

    function test_an_empty_sealed_credential_reads_back_empty() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        vm.prank(agent);
        subs.deliver(id, order, NOW, "", ATTESTATION);
        vm.assertEq(nft.getUserEncrypted(id), "", "empty");
    }

    function test_a_new_agent_takes_over_at_once() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        vm.prank(operator);
        subs.setAgent(planId, bob);
        vm.prank(agent);
        expectError(E.NotAgent.selector, planId, agent);
        subs.deliver(id, order, NOW, SEALED, ATTESTATION);
        vm.prank(bob);
        subs.deliver(id, order, NOW, SEALED, ATTESTATION);
    }

    function test_the_pause_stops_no_delivery() public {
        uint256 id = buy(alice, 1);
        vm.prank(operator);
        subs.setPurchasesPaused(true);
        deliver(id);
    }
}
