// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, SubscriptionState, vm} from "./support/Base.sol";
import {Rejecting, Wallet} from "./support/Actors.sol";
import {FeeToken, SilentToken} from "./support/Tokens.sol";

contract PurchaseTest is Base {
    function pay(uint256 value, uint256 numDays, address token, uint256 maxAmount, uint256 deadline, address recipient)
        private
        returns (uint256)
    {
        vm.prank(alice);
        return subs.purchase{value: value}(planId, numDays, token, maxAmount, deadline, recipient, REQUEST);
    }

    function cost(uint256 numDays) private pure returns (uint256) {
        return PRICE * (numDays + SETUP_DAYS);
    }

    function test_native_payment_goes_into_escrow_and_the_event_has_it_all() public {
        bytes32 order = orderOf(bob, planId, 30, NATIVE, cost(30));
        vm.expectEmit(address(subs));
        emit Ev.SubscriptionPurchased(1, planId, bob, 30 days, NATIVE, cost(30), order, REQUEST);
        uint256 id = pay(cost(30), 30, NATIVE, cost(30), NOW, bob);
        vm.assertEq(id, 1, "ids start at 1");
        expectMoney(NATIVE, cost(30), 0, 0, 0);
        SubscriptionState memory s = subs.subscription(id);
        vm.assertTrue(s.exists && !s.delivered && !s.declined && !s.refunded, "open");
        vm.assertEq(s.buyer, bob, "buyer is the recipient, not the payer");
        vm.assertEq(bytes32(s.order), bytes32(bytes16(order)), "half of the order is stored");
        vm.assertEq(s.planId, planId, "plan");
        vm.assertEq(s.paidSeconds, 30 days, "setup days are not lived");
        vm.assertEq(s.amount, cost(30), "amount");
        vm.assertEq(s.setup, PRICE * SETUP_DAYS, "setup");
        vm.assertEq(s.purchasedAt, NOW, "purchasedAt");
        vm.assertEq(s.deliveryDeadline, NOW + WINDOW, "deliveryDeadline");
        vm.assertEq(s.grace, GRACE, "grace");
        vm.assertEq(s.agent, agent, "agent");
        vm.assertEq(s.owner, address(0), "no owner yet");
        vm.assertEq(s.expiresAt, 0, "no expiry yet");
        vm.assertEq(subs.plan(planId).open, 1, "open");
        vm.assertEq(subs.plan(planId).available, TOTAL - 1, "available");
    }

    function test_excess_coins_return_in_the_same_call() public {
        uint256 before = alice.balance;
        pay(cost(1) + 5 ether, 1, NATIVE, cost(1), NOW, alice);
        vm.assertEq(before - alice.balance, cost(1), "only the price is taken");
        expectMoney(NATIVE, cost(1), 0, 0, 0);
    }

    function test_erc20_payment() public {
        uint256 amount = USD_PRICE * (10 + SETUP_DAYS);
        uint256 before = usd.balanceOf(alice);
        buyUsd(alice, 10);
        vm.assertEq(before - usd.balanceOf(alice), amount, "taken");
        expectMoney(address(usd), amount, 0, 0, 0);
        expectMoney(NATIVE, 0, 0, 0, 0);
        vm.assertEq(subs.subscription(1).token, address(usd), "token");
    }

    /// alice buys a day in a token that returns nothing, at that price.
    function buySilent(uint256 perDay) private returns (address token) {
        SilentToken silent = new SilentToken();
        token = address(silent);
        silent.mint(alice, 1000);
        vm.prank(operator);
        subs.setPrice(planId, token, perDay);
        vm.startPrank(alice);
        silent.approve(address(subs), 1000);
        subs.purchase(planId, 1, token, perDay * (1 + SETUP_DAYS), NOW, alice, REQUEST);
        vm.stopPrank();
    }

    function test_a_token_that_returns_nothing_works() public {
        vm.assertEq(subs.money(buySilent(10)).undelivered, 30, "escrow");
    }

    function test_the_smallest_price_of_a_token() public {
        vm.assertEq(subs.money(buySilent(1)).undelivered, 1 + SETUP_DAYS, "a unit a day");
    }

    /// The slot of a token's Money that holds `undelivered`, found by what is in it.
    function undeliveredSlot(address token) private view returns (bytes32 slot) {
        uint256 wanted = subs.money(token).undelivered;
        for (uint256 place = 0; place < 32; ++place) {
            slot = keccak256(abi.encode(token, place));
            if (uint128(uint256(vm.load(address(subs), slot))) == wanted) return slot;
        }
        revert("no slot has it");
    }

    function test_an_escrow_that_is_full_takes_nothing_more() public {
        buy(alice, 7);
        bytes32 slot = undeliveredSlot(NATIVE);
        uint256 full = type(uint128).max;
        vm.store(address(subs), slot, bytes32(full - cost(1) + 1));
        vm.assertEq(subs.money(NATIVE).undelivered, full - cost(1) + 1, "as good as full");
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSignature("SafeCastOverflowedUintDowncast(uint8,uint256)", 128, full + 1));
        subs.purchase{value: cost(1)}(planId, 1, NATIVE, cost(1), NOW, bob, REQUEST);
        vm.store(address(subs), slot, bytes32(full - cost(1)));
        pay(cost(1), 1, NATIVE, cost(1), NOW, bob);
        vm.assertEq(subs.money(NATIVE).undelivered, full, "full");
        vm.assertEq(subs.money(NATIVE).unearned, 0, "nothing is carried over");
    }

    function test_a_fee_on_transfer_token_is_refused() public {
        FeeToken fee = new FeeToken();
        fee.mint(alice, 1e6);
        vm.prank(operator);
        subs.setPrice(planId, address(fee), 1000);
        vm.startPrank(alice);
        fee.approve(address(subs), 1e6);
        expectError(E.WrongTransfer.selector, 2970, 3000);
        subs.purchase(planId, 1, address(fee), 3000, NOW, alice, REQUEST);
    }

    function test_an_erc20_purchase_takes_no_coins() public {
        expectError(E.WrongValue.selector, 1, 0);
        pay(1, 1, address(usd), type(uint256).max, NOW, alice);
    }

    function test_without_allowance_nothing_is_bought() public {
        vm.startPrank(alice);
        usd.approve(address(subs), 0);
        vm.expectRevert();
        subs.purchase(planId, 1, address(usd), type(uint256).max, NOW, alice, REQUEST);
        vm.stopPrank();
        vm.assertEq(subs.lastSubscriptionId(), 0, "nothing");
    }

    function test_too_few_coins() public {
        expectError(E.WrongValue.selector, cost(1) - 1, cost(1));
        pay(cost(1) - 1, 1, NATIVE, cost(1), NOW, alice);
    }

    function test_a_payer_that_takes_no_change_must_pay_exactly() public {
        Rejecting payer = new Rejecting();
        vm.deal(address(payer), 100 ether);
        bytes memory call_ = abi.encodeCall(subs.purchase, (planId, 1, NATIVE, cost(1), NOW, alice, REQUEST));
        vm.expectRevert();
        payer.run(address(subs), cost(1) + 1, call_);
        payer.run(address(subs), cost(1), call_);
        vm.assertEq(subs.lastSubscriptionId(), 1, "bought");
    }

    function test_a_smart_account_buys_without_a_receiver_hook() public {
        Wallet wallet = new Wallet();
        vm.deal(address(wallet), 100 ether);
        wallet.run(
            address(subs),
            cost(5),
            abi.encodeCall(subs.purchase, (planId, 5, NATIVE, cost(5), NOW, address(wallet), REQUEST))
        );
        deliver(1);
        vm.assertEq(nft.ownerOf(1), address(wallet), "minted to the contract");
    }

    function test_amount_above_max() public {
        expectError(E.AmountAboveMax.selector, cost(1), cost(1) - 1);
        pay(cost(1), 1, NATIVE, cost(1) - 1, NOW, alice);
    }

    function test_deadline() public {
        expectError(E.DeadlinePassed.selector, NOW - 1);
        pay(cost(1), 1, NATIVE, cost(1), NOW - 1, alice);
        pay(cost(1), 1, NATIVE, cost(1), NOW, alice);
    }

    function test_absurd_days_are_refused_before_payment() public {
        uint256[4] memory bad = [uint256(0), 3651, 1e12, type(uint256).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            expectError(E.BadDays.selector, bad[i], 3650);
            pay(1 ether, bad[i], NATIVE, type(uint256).max, NOW, alice);
        }
        pay(cost(3650), 3650, NATIVE, cost(3650), NOW, alice);
        vm.assertEq(subs.subscription(1).paidSeconds, 3650 days, "ten years");
    }

    function test_the_highest_price_for_the_longest_time_fits() public {
        uint256 amount = uint256(type(uint96).max) * (3650 + SETUP_DAYS);
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, type(uint96).max);
        vm.deal(alice, amount);
        pay(amount, 3650, NATIVE, amount, NOW, alice);
        deliver(1);
        vm.assertEq(subs.subscription(1).amount, amount, "line");
        vm.assertEq(subs.subscription(1).earned, uint256(type(uint96).max) * SETUP_DAYS, "setup days");
        cancelAs(alice, 1);
        expectMoney(NATIVE, 0, 0, uint256(type(uint96).max) * SETUP_DAYS, uint256(type(uint96).max) * 3650);
    }

    function test_recipient_is_never_zero_or_one_of_the_contracts() public {
        address[3] memory bad = [address(0), address(subs), address(nft)];
        for (uint256 i = 0; i < bad.length; ++i) {
            expectError(E.BadAddress.selector, bad[i]);
            pay(cost(1), 1, NATIVE, cost(1), NOW, bad[i]);
        }
    }

    function test_sealed_request_of_exactly_1024_bytes() public {
        uint256 amount = cost(1);
        vm.startPrank(alice);
        subs.purchase{value: amount}(planId, 1, NATIVE, amount, NOW, alice, new bytes(1024));
        expectError(E.TooLong.selector, 1025, 1024);
        subs.purchase{value: amount}(planId, 1, NATIVE, amount, NOW, alice, new bytes(1025));
    }

    function test_unknown_plan() public {
        expectError(E.UnknownPlan.selector, 99);
        subs.purchase{value: 0}(99, 1, NATIVE, 0, NOW, alice, REQUEST);
        expectError(E.UnknownPlan.selector, 0);
        subs.purchase{value: 0}(0, 1, NATIVE, 0, NOW, alice, REQUEST);
    }

    function test_inactive_plan_and_a_purchase_made_before() public {
        uint256 id = buy(alice, 1);
        vm.prank(operator);
        subs.setPlanActive(planId, false);
        expectError(E.PlanInactive.selector, planId);
        pay(cost(1), 1, NATIVE, cost(1), NOW, alice);
        deliver(id);
        vm.assertTrue(subs.subscription(id).delivered, "the earlier one is served");
    }

    function test_sold_out_and_free_again() public {
        vm.prank(agent);
        subs.setCapacity(planId, 1);
        uint256 id = buy(alice, 1);
        expectError(E.SoldOut.selector, planId, 1, 1);
        pay(cost(1), 1, NATIVE, cost(1), NOW, alice);
        bytes32 order = orderOf(id);
        vm.prank(agent);
        subs.decline(id, order, "no room");
        pay(cost(1), 1, NATIVE, cost(1), NOW, alice);
    }

    function test_paused() public {
        vm.prank(operator);
        subs.setPurchasesPaused(true);
        expectError(E.PurchasesArePaused.selector);
        pay(cost(1), 1, NATIVE, cost(1), NOW, alice);
    }

    function test_token_without_a_price() public {
        expectError(E.TokenNotAccepted.selector, address(this));
        pay(0, 1, address(this), 0, NOW, alice);
        // Nor at the coin's price: an address that answers every call, as precompiles do.
        expectError(E.TokenNotAccepted.selector, address(1));
        pay(cost(1), 1, address(1), cost(1), NOW, alice);
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, 0);
        expectError(E.TokenNotAccepted.selector, NATIVE);
        pay(cost(1), 1, NATIVE, cost(1), NOW, alice);
    }

    function testFuzz_quote_is_what_is_taken(uint256 numDays, uint96 perDay) public {
        numDays = 1 + numDays % 3650;
        if (perDay == 0) perDay = 1;
        vm.prank(operator);
        subs.setPrice(planId, NATIVE, perDay);
        uint256 amount = subs.quote(planId, numDays, NATIVE);
        vm.assertEq(amount, uint256(perDay) * (numDays + SETUP_DAYS), "quote");
        vm.deal(alice, amount + 1 ether);
        pay(amount + 1 ether, numDays, NATIVE, amount, NOW, alice);
        vm.assertEq(alice.balance, 1 ether, "taken");
        vm.assertEq(subs.subscription(1).setup, uint256(perDay) * SETUP_DAYS, "setup is exact");
    }
}
