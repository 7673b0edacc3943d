// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MoneyState} from "../src/interfaces/ViewTypes.sol";
import {Base, SubscriptionState, vm} from "./support/Base.sol";
import {Handler} from "./support/Handler.sol";

/// What holds after every call of a random life of up to ten subscriptions in two tokens.
contract InvariantsTest is Base {
    Handler private handler;

    function setUp() public override {
        super.setUp();
        handler = new Handler(subs, usd, operator, agent, treasury, WINDOW, GRACE);
    }

    function targetContracts() external view returns (address[] memory only) {
        only = new address[](1);
        only[0] = address(handler);
    }

    function invariant_money_lives_and_credentials_follow_the_rules() public view {
        checkCredentials();
        SubscriptionState[] memory all = new SubscriptionState[](handler.count());
        uint256 open;
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = subs.subscription(i + 1);
            if (checkLife(all[i], handler.book(i + 1))) ++open;
        }
        vm.assertEq(subs.plan(planId).open, open, "open: neither declined, refunded nor burned");
        vm.assertEq(subs.plan(planId).available, TOTAL - open, "available");
        checkMoney(NATIVE, all);
        checkMoney(address(usd), all);
    }

    /// The credentials: who holds what, what is sealed in them, who may use them.
    function checkCredentials() private view {
        uint256[3] memory held;
        for (uint256 id = 1; id <= handler.count(); ++id) {
            Handler.Book memory b = handler.book(id);
            vm.assertEq(subs.subscription(id).owner, b.owner, "owner");
            vm.assertEq(nft.userOf(id), b.user, "user");
            vm.assertEq(subs.transferLocked(id), b.cancelled || b.closed, "locked");
            (bool minted, bytes memory seal) = address(nft).staticcall(abi.encodeCall(nft.getUserEncrypted, (id)));
            vm.assertEq(minted, b.owner != address(0), "exists");
            if (minted) vm.assertEq(keccak256(abi.decode(seal, (bytes))), b.seal, "seal");
            for (uint256 i = 0; i < 3; ++i) {
                if (b.owner == handler.actors(i)) ++held[i];
            }
        }
        for (uint256 i = 0; i < 3; ++i) {
            address holder = handler.actors(i);
            if (handler.admin() == holder) ++held[i];
            vm.assertEq(nft.balanceOf(holder), held[i], "balance");
        }
        if (handler.admin() != address(0)) vm.assertEq(nft.ownerOf(0), handler.admin(), "administrator");
        vm.assertEq(subs.mintedTo(handler.count() + 1), address(0), "none beyond the last");
    }

    function checkMoney(address token, SubscriptionState[] memory all) private view {
        MoneyState memory m = subs.money(token);
        uint256 sum = m.undelivered + m.unearned + m.earned + m.credits;
        uint256 balance = balanceOf(token, address(subs));
        vm.assertGe(balance, sum, "solvent");
        vm.assertEq(balance, sum + handler.donated(token), "equal without donations");
        uint256 gone = handler.withdrawn(token) + handler.claimed(token);
        vm.assertEq(handler.paid(token), gone + sum, "paid = withdrawn + claimed + held");
        vm.assertEq(balanceOf(token, treasury), handler.withdrawn(token), "what was withdrawn is at the treasury");

        uint256 undelivered;
        uint256 unsettled;
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].token != token) continue;
            if (all[i].delivered) unsettled += all[i].amount - all[i].settled;
            else undelivered += all[i].amount;
        }
        vm.assertEq(m.undelivered, undelivered, "sum of the escrows");
        vm.assertEq(m.unearned, unsettled, "sum of the lines");
        uint256 credits;
        for (uint256 i = 0; i < 3; ++i) {
            credits += subs.credit(token, handler.actors(i));
        }
        vm.assertEq(m.credits, credits, "sum of the credits");
    }

    /// Returns whether it takes a place in its plan.
    function checkLife(SubscriptionState memory s, Handler.Book memory b) private view returns (bool) {
        vm.assertEq(bytes32(s.order), bytes32(bytes16(b.order)), "the order stays");
        vm.assertEq(s.expiresAt, b.expiresAt, "expiry");
        vm.assertEq(s.delivered, b.expiresAt != 0, "delivered");
        vm.assertEq(s.declined || s.refunded, b.ended, "declined or refunded");
        vm.assertTrue(!(s.delivered && b.ended), "delivered or given back, never both");
        vm.assertEq(s.cancelled, b.cancelled, "cancelled");
        vm.assertEq(s.cancelledByOperator, b.byOperator, "by whom");
        vm.assertEq(s.closed, b.closed, "closed");
        vm.assertEq(s.burned, b.burned, "burned");
        vm.assertEq(s.owner != address(0), s.delivered && !s.burned, "one credential per delivered subscription");
        vm.assertEq(s.paidSeconds, b.paidSeconds, "paid seconds");
        vm.assertEq(s.outageCredited, b.credited, "credited seconds");
        vm.assertLe(s.outageCredited, s.paidSeconds, "credits within what was paid");
        vm.assertLe(s.settled, s.earned, "settled within earned");
        vm.assertEq(s.earned + s.unearned, s.delivered ? s.amount : 0, "the line is whole");
        if (s.expiresAt <= block.timestamp || s.cancelled) vm.assertEq(s.unearned, 0, "all is earned at the end");
        if (b.ended || s.cancelled || s.closed) vm.assertEq(s.amount, 0, "nothing is left in it");
        return !b.ended && !b.burned;
    }

    /// The steering itself: without this a handler that never gets anywhere would let every invariant hold.
    function test_a_long_walk_does_everything() public {
        bytes32[20] memory all = [
            bytes32("purchase"),
            "deliver",
            "decline",
            "refund",
            "extend",
            "extend, other token",
            "cancel",
            "creditTime",
            "close",
            "burn",
            "transfer",
            "claim",
            "withdraw",
            "changePrice",
            "purchaseWithPermit",
            "extendWithPermit",
            "lend",
            "reseal",
            "setAdmin",
            "intrude"
        ];
        uint256[20] memory sums;
        for (uint256 round = 0; round < 10; ++round) {
            uint256 snapshot = vm.snapshotState();
            for (uint256 i = 0; i < 120; ++i) {
                step(uint256(keccak256(abi.encode(round, i))));
            }
            invariant_money_lives_and_credentials_follow_the_rules();
            for (uint256 i = 0; i < all.length; ++i) {
                sums[i] += handler.done(all[i]);
            }
            vm.revertToState(snapshot);
        }
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertGe(sums[i], 5, string(abi.encodePacked("too rare: ", all[i])));
        }
    }

    function step(uint256 seed) private {
        uint256 which = seed % 20;
        uint256 x = seed >> 16;
        uint256 y = seed >> 128;
        bool a = seed & 16 == 0;
        bool b = seed & 32 == 0;
        if (which == 0) handler.purchase(x, y, a);
        else if (which == 1) handler.deliver(x);
        else if (which == 2) handler.decline(x);
        else if (which == 3) handler.refund(x);
        else if (which == 4) handler.extend(x, y, a);
        else if (which == 5) handler.cancel(x, a);
        else if (which == 6) handler.creditTime(x, y, x ^ y);
        else if (which == 7) handler.close(x);
        else if (which == 8) handler.burn(x);
        else if (which == 9) handler.transfer(x);
        else if (which == 10) handler.claim(x, a, b);
        else if (which == 11) handler.withdraw(x, a);
        else if (which == 12) handler.changePrice(x, a, b);
        else if (which == 13) handler.donate(x, a);
        else if (which == 14) handler.wait(y);
        else if (which == 15) handler.lend(x);
        else if (which == 16) handler.reseal(x);
        else if (which == 17) handler.setAdmin(x);
        else if (which == 18) handler.intrude(x);
        else handler.purchase(y, x, b);
    }
}
