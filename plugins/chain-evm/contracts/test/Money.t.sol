// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, vm} from "./support/Base.sol";
import {Pusher, Rejecting, Wallet} from "./support/Actors.sol";
import {DenyListToken} from "./support/Tokens.sol";

contract MoneyTest is Base {
    uint256 private constant PAID = PRICE * (1 + SETUP_DAYS);

    function declined(address buyer, address token) private returns (uint256 id) {
        id = token == NATIVE ? buy(buyer, 1) : buyUsd(buyer, 1);
        bytes32 order = orderOf(id);
        vm.prank(agent);
        subs.decline(id, order, "");
    }

    // ---- claim

    function test_claim_pays_the_whole_credit_where_its_holder_wants() public {
        declined(alice, NATIVE);
        declined(alice, NATIVE);
        address to = actor("savings");
        vm.expectEmit(address(subs));
        emit Ev.Claimed(NATIVE, alice, to, PAID * 2);
        vm.prank(alice);
        subs.claim(NATIVE, to);
        vm.assertEq(to.balance, PAID * 2, "paid");
        expectMoney(NATIVE, 0, 0, 0, 0);
        vm.prank(alice);
        expectError(E.NothingToClaim.selector, NATIVE, alice);
        subs.claim(NATIVE, to);
    }

    function test_claim_erc20() public {
        declined(alice, address(usd));
        uint256 before = usd.balanceOf(alice);
        vm.prank(alice);
        subs.claim(address(usd), alice);
        vm.assertEq(usd.balanceOf(alice) - before, USD_PRICE * (1 + SETUP_DAYS), "paid");
        expectMoney(address(usd), 0, 0, 0, 0);
    }

    function test_claim_for_another_pays_that_one() public {
        declined(alice, NATIVE);
        uint256 before = alice.balance;
        vm.expectEmit(address(subs));
        emit Ev.Claimed(NATIVE, alice, alice, PAID);
        vm.prank(stranger);
        subs.claimFor(NATIVE, alice);
        vm.assertEq(alice.balance - before, PAID, "paid");
        expectError(E.NothingToClaim.selector, NATIVE, alice);
        subs.claimFor(NATIVE, alice);
    }

    function test_claim_never_to_zero_or_the_contracts() public {
        declined(alice, NATIVE);
        address[3] memory bad = [address(0), address(subs), address(nft)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(alice);
            expectError(E.BadAddress.selector, bad[i]);
            subs.claim(NATIVE, bad[i]);
        }
    }

    function test_a_receiver_that_takes_no_coins_blocks_only_itself() public {
        Rejecting buyer = new Rejecting();
        vm.deal(address(buyer), 1 ether);
        buyer.run(
            address(subs), PAID, abi.encodeCall(subs.purchase, (planId, 1, NATIVE, PAID, NOW, address(buyer), REQUEST))
        );
        bytes32 order = orderOf(1);
        vm.prank(agent);
        subs.decline(1, order, "");
        declined(alice, NATIVE);
        vm.expectRevert();
        subs.claimFor(NATIVE, address(buyer));
        subs.claimFor(NATIVE, alice);
        vm.assertEq(subs.credit(NATIVE, address(buyer)), PAID, "its credit stays");
        buyer.run(address(subs), 0, abi.encodeCall(subs.claim, (NATIVE, bob)));
        expectMoney(NATIVE, 0, 0, 0, 0);
    }

    function test_a_deny_listed_owner_is_cancelled_and_closed_all_the_same() public {
        DenyListToken token = new DenyListToken();
        vm.prank(operator);
        subs.setPrice(planId, address(token), 100);
        address[2] memory buyers = [alice, bob];
        for (uint256 i = 0; i < 2; ++i) {
            token.mint(buyers[i], 1000);
            vm.startPrank(buyers[i]);
            token.approve(address(subs), 1000);
            subs.purchase(planId, 1, address(token), 300, NOW, buyers[i], REQUEST);
            vm.stopPrank();
            deliver(i + 1);
        }
        token.deny(alice);
        cancelAs(operator, 1);
        cancelAs(bob, 2);
        vm.expectRevert("denied");
        subs.claimFor(address(token), alice);
        subs.claimFor(address(token), bob);
        vm.assertEq(token.balanceOf(bob), 800, "bob has his day back");
        vm.warp(NOW + GRACE + 1);
        closeAsAgent(1);
        vm.prank(alice);
        subs.claim(address(token), stranger);
        vm.assertEq(token.balanceOf(stranger), 100, "alice sends hers elsewhere");
    }

    function test_credits_are_claimable_while_paused() public {
        declined(alice, NATIVE);
        vm.prank(operator);
        subs.setPurchasesPaused(true);
        vm.prank(alice);
        subs.claim(NATIVE, alice);
    }

    // ---- withdraw

    function test_withdraw_settles_and_pays_the_treasury() public {
        uint256 id = active(alice, 10);
        vm.warp(NOW + 3 days);
        vm.expectEmit(address(subs));
        emit Ev.Withdrawn(NATIVE, treasury, PRICE * (3 + SETUP_DAYS));
        vm.prank(stranger);
        vm.assertEq(withdraw(NATIVE, id), PRICE * (3 + SETUP_DAYS), "amount");
        vm.assertEq(treasury.balance, PRICE * (3 + SETUP_DAYS), "treasury");
        expectMoney(NATIVE, 0, PRICE * 7, 0, 0);
        vm.assertEq(subs.subscription(id).settled, PRICE * (3 + SETUP_DAYS), "settled");
        vm.assertEq(subs.subscription(id).earned, PRICE * (3 + SETUP_DAYS), "earned");
        vm.assertEq(subs.subscription(id).unearned, PRICE * 7, "unearned");
    }

    function test_withdraw_without_ids_moves_what_is_settled() public {
        active(alice, 10);
        vm.warp(NOW + 3 days);
        vm.assertEq(subs.withdraw(NATIVE, new uint256[](0)), 0, "nothing is settled yet");
        cancelAs(alice, active(alice, 1));
        vm.assertEq(subs.withdraw(NATIVE, new uint256[](0)), PRICE * SETUP_DAYS, "what the cancel settled");
    }

    function test_withdraw_skips_what_can_not_earn() public {
        uint256 open = buy(alice, 1);
        uint256 gone = declined(alice, NATIVE);
        uint256 inUsd = activeUsd(alice, 1);
        uint256 live = active(alice, 1);
        uint256 cancelled = active(alice, 1);
        cancelAs(alice, cancelled);
        closeAsAgent(cancelled);
        vm.warp(NOW + 12 hours);
        uint256[] memory ids = new uint256[](9);
        (ids[0], ids[1], ids[2], ids[3], ids[4]) = (open, gone, inUsd, live, cancelled);
        (ids[5], ids[6], ids[7], ids[8]) = (live, 0, 99, type(uint256).max);
        vm.assertEq(subs.withdraw(NATIVE, ids), PRICE / 2 + PRICE * SETUP_DAYS * 2, "half a day and two setups");
        expectMoney(NATIVE, PAID, PRICE / 2, 0, PAID + PRICE);
    }

    function test_with_nothing_earned_nothing_happens() public {
        buy(alice, 1);
        vm.recordLogs();
        vm.assertEq(withdraw(NATIVE, 1), 0, "nothing");
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_settling_every_second_changes_nothing() public {
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, 1000); // a day has 86,400 seconds: each settling alone would round to 0
        vm.prank(alice);
        uint256 id = subs.purchase{value: 3000}(planId, 1, NATIVE, 3000, NOW, alice, REQUEST);
        deliver(id);
        uint256 sum;
        for (uint256 i = 1; i <= 200; ++i) {
            vm.warp(NOW + i);
            sum += withdraw(NATIVE, id);
        }
        vm.assertEq(sum, 2000 + uint256(1000) * 200 / 86400, "as one settling");
        vm.warp(NOW + 1 days);
        vm.assertEq(sum + withdraw(NATIVE, id), 3000, "all of it at the end");
    }

    function test_time_after_expiry_earns_nothing() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 100 days);
        vm.assertEq(withdraw(NATIVE, id), PAID, "what was paid");
        vm.warp(NOW + 200 days);
        vm.assertEq(withdraw(NATIVE, id), 0, "no more");
    }

    function test_a_treasury_that_takes_nothing_blocks_nobody_else() public {
        Rejecting closedTreasury = new Rejecting();
        vm.prank(operator);
        subs.setTreasury(address(closedTreasury));
        uint256 id = active(alice, 10);
        declined(bob, NATIVE);
        vm.warp(NOW + 1 days);
        vm.expectRevert();
        withdraw(NATIVE, id);
        subs.claimFor(NATIVE, bob);
        cancelAs(alice, id);
        closeAsAgent(id);
        vm.prank(operator);
        subs.setTreasury(treasury);
        vm.assertEq(withdraw(NATIVE, id), PRICE * (1 + SETUP_DAYS), "nothing is lost");
    }

    function test_donations_are_nobodys() public {
        uint256 id = active(alice, 1);
        vm.deal(address(this), 5 ether);
        new Pusher{value: 5 ether}(payable(address(subs)));
        usd.mint(address(subs), 77);
        vm.assertEq(subs.money(NATIVE).unearned, PAID, "not settled yet");
        vm.assertEq(address(subs).balance, PAID + 5 ether, "balance");
        vm.warp(NOW + 1 days);
        vm.assertEq(withdraw(NATIVE, id), PAID, "only what was paid");
        vm.assertEq(subs.withdraw(address(usd), new uint256[](0)), 0, "no donated tokens");
    }

    function test_plain_coins_are_refused() public {
        vm.prank(alice);
        (bool ok,) = address(subs).call{value: 1}("");
        vm.assertTrue(!ok, "no receive function");
    }
}
