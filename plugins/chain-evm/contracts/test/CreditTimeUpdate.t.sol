// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, SubscriptionState, vm} from "./support/Base.sol";

contract CreditTimeUpdateTest is Base {
    event MetadataUpdate(uint256 _tokenId);

    function creditAs(address who, uint256 id, uint256 from, uint256 until) private {
        vm.prank(who);
        subs.creditTime(id, from, until);
    }

    // ---- creditTime

    function test_an_outage_moves_the_expiry_and_earns_nothing_twice() public {
        uint256 id = active(alice, 10);
        vm.warp(NOW + 5 days);
        vm.expectEmit(address(subs));
        emit Ev.TimeCredited(id, NOW + 1 days, NOW + 2 days, NOW + 11 days);
        creditAs(agent, id, NOW + 1 days, NOW + 2 days);
        SubscriptionState memory s = subs.subscription(id);
        vm.assertEq(s.expiresAt, NOW + 11 days, "expiry");
        vm.assertEq(s.unearned, PRICE * 5, "unearned stays");
        vm.assertEq(s.outageUntil, NOW + 2 days, "outageUntil");
        vm.assertEq(s.outageCredited, 1 days, "outageCredited");
        vm.warp(NOW + 8 days);
        vm.assertEq(subs.subscription(id).unearned, PRICE * 25 / 10, "five days' money over six days");
    }

    function test_after_expiry_the_credit_counts_from_now() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 3 days);
        creditAs(agent, id, NOW, NOW + 3600);
        vm.assertEq(subs.subscription(id).expiresAt, NOW + 3 days + 3600, "expiry");
        expectMoney(NATIVE, 0, 0, PRICE * (1 + SETUP_DAYS), 0);
    }

    function test_outages_are_past_ordered_and_not_empty() public {
        uint256 id = active(alice, 10);
        vm.warp(NOW + 5 days);
        vm.startPrank(agent);
        expectError(E.BadOutage.selector, NOW - 1, NOW + 1, NOW);
        subs.creditTime(id, NOW - 1, NOW + 1);
        expectError(E.BadOutage.selector, NOW + 5, NOW + 5, NOW);
        subs.creditTime(id, NOW + 5, NOW + 5);
        expectError(E.BadOutage.selector, NOW + 6, NOW + 5, NOW);
        subs.creditTime(id, NOW + 6, NOW + 5);
        expectError(E.BadOutage.selector, NOW, NOW + 5 days + 1, NOW);
        subs.creditTime(id, NOW, NOW + 5 days + 1);
        subs.creditTime(id, NOW, NOW + 100);
        expectError(E.BadOutage.selector, NOW + 99, NOW + 200, NOW + 100);
        subs.creditTime(id, NOW + 99, NOW + 200);
        subs.creditTime(id, NOW + 100, NOW + 200);
        subs.creditTime(id, NOW + 200, NOW + 5 days); // until this very second
        vm.stopPrank();
        vm.assertEq(subs.subscription(id).outageCredited, 5 days, "sum");
    }

    function test_all_credits_stay_within_the_seconds_paid_for() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 5 days);
        vm.prank(agent);
        expectError(E.CreditExhausted.selector, 1 days + 1, 1 days);
        subs.creditTime(id, NOW, NOW + 1 days + 1);
        creditAs(agent, id, NOW, NOW + 1 days);
        vm.prank(agent);
        expectError(E.CreditExhausted.selector, 1, 0);
        subs.creditTime(id, NOW + 1 days, NOW + 1 days + 1);
        vm.prank(alice);
        subs.extend{value: PRICE}(id, 1, NATIVE, PRICE, block.timestamp);
        creditAs(agent, id, NOW + 1 days, NOW + 2 days);
    }

    function test_credit_is_the_agents_and_needs_a_live_subscription() public {
        uint256 open = buy(alice, 1);
        uint256 id = active(alice, 1);
        vm.warp(NOW + 100);
        vm.prank(operator);
        expectError(E.NotAgent.selector, planId, operator);
        subs.creditTime(id, NOW, NOW + 1);
        cancelAs(alice, id);
        uint256[2] memory ids = [open, id];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(agent);
            expectError(E.NotLive.selector, ids[i]);
            subs.creditTime(ids[i], NOW, NOW + 1);
        }
        closeAsAgent(id);
        vm.prank(agent);
        expectError(E.NotLive.selector, id);
        subs.creditTime(id, NOW, NOW + 1);
        vm.prank(agent);
        expectError(E.UnknownSubscription.selector, 99);
        subs.creditTime(99, NOW, NOW + 1);
    }

    // ---- update

    function test_reseal_for_the_present_owner() public {
        uint256 id = active(alice, 1);
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        vm.expectEmit(address(nft));
        emit MetadataUpdate(id);
        vm.expectEmit(address(subs));
        emit Ev.CredentialUpdated(id, bob);
        vm.prank(agent);
        subs.update(id, bob, "new seal");
        vm.assertEq(nft.getUserEncrypted(id), "new seal", "sealed");
    }

    function test_not_for_an_owner_who_has_sold() public {
        uint256 id = active(alice, 1);
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        vm.prank(agent);
        expectError(E.NotOwner.selector, id, bob);
        subs.update(id, alice, "new seal");
        vm.assertEq(nft.getUserEncrypted(id), SEALED, "unchanged");
    }

    function test_update_refusals() public {
        uint256 open = buy(alice, 1);
        uint256 id = active(alice, 1);
        vm.prank(operator);
        expectError(E.NotAgent.selector, planId, operator);
        subs.update(id, alice, SEALED);
        vm.startPrank(agent);
        expectError(E.NotLive.selector, open);
        subs.update(open, alice, SEALED);
        expectError(E.UnknownSubscription.selector, 99);
        subs.update(99, alice, SEALED);
        expectError(E.TooLong.selector, 1025, 1024);
        subs.update(id, alice, new bytes(1025));
        subs.update(id, alice, new bytes(1024));
        vm.stopPrank();
    }
}
