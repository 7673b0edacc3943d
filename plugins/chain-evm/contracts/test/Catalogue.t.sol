// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, E, Ev, PlanState, SubscriptionState, vm} from "./support/Base.sol";
import {TestToken} from "./support/Tokens.sol";

contract CatalogueTest is Base {
    bytes4 private constant NOT_OPERATOR = bytes4(keccak256("OwnableUnauthorizedAccount(address)"));

    function create(uint256 window, uint256 grace, uint256 setupDays, uint256 total) private returns (uint256) {
        vm.prank(operator);
        return subs.createPlan(RESOURCES, window, grace, setupDays, agent, total, new address[](0), new uint256[](0));
    }

    // ---- plans

    function test_create_plan() public {
        (address[] memory tokens, uint256[] memory prices) = priceList();
        vm.expectEmit(address(subs));
        emit Ev.PlanCreated(2, keccak256(bytes(RESOURCES)), RESOURCES, 60, 1 days, 30, agent, 5);
        vm.expectEmit(address(subs));
        emit Ev.PriceChanged(2, NATIVE, PRICE);
        vm.expectEmit(address(subs));
        emit Ev.PriceChanged(2, address(usd), USD_PRICE);
        vm.prank(operator);
        uint256 id = subs.createPlan(RESOURCES, 60, 1 days, 30, agent, 5, tokens, prices);
        vm.assertEq(id, 2, "ids run on");
        PlanState memory p = subs.plan(id);
        vm.assertTrue(p.exists && p.active, "on sale");
        vm.assertEq(p.resourcesHash, keccak256(bytes(RESOURCES)), "hash");
        vm.assertEq(subs.resources(id), RESOURCES, "text");
        vm.assertEq(p.deliveryWindow, 60, "window");
        vm.assertEq(p.grace, 1 days, "grace");
        vm.assertEq(p.setupDays, 30, "setup days");
        vm.assertEq(p.agent, agent, "agent");
        vm.assertEq(p.total, 5, "total");
        vm.assertEq(p.available, 5, "available");
        (uint256 perDay, bool accepted) = subs.price(id, address(usd));
        vm.assertTrue(perDay == USD_PRICE && accepted, "price");
    }

    function test_limits_of_a_plan() public {
        bytes4 range = E.OutOfRange.selector;
        vm.expectRevert(abi.encodeWithSelector(range, "deliveryWindow", 59, 60, 7 days));
        create(59, 1 days, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(range, "deliveryWindow", 7 days + 1, 60, 7 days));
        create(7 days + 1, 1 days, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(range, "grace", 90 days + 1, 0, 90 days));
        create(60, 90 days + 1, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(range, "setupDays", 31, 0, 30));
        create(60, 1 days, 31, 1);
        vm.expectRevert(abi.encodeWithSelector(range, "total", uint256(1) << 24, 0, type(uint24).max));
        create(60, 1 days, 0, uint256(1) << 24);
        create(60, 0, 0, 0);
        create(7 days, 90 days, 30, type(uint24).max);
    }

    function test_the_least_grace_of_production() public {
        (, subs) = deploySystem(1 days);
        vm.expectRevert(abi.encodeWithSelector(E.OutOfRange.selector, "grace", 1 days - 1, 1 days, 90 days));
        create(60, 1 days - 1, 0, 1);
        create(60, 1 days, 0, 1);
    }

    function test_what_a_plan_names() public {
        address[] memory one = new address[](1);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(E.LengthMismatch.selector, 1, 0));
        subs.createPlan(RESOURCES, 60, 0, 0, agent, 1, one, new uint256[](0));
        address[3] memory bad = [address(0), address(subs), address(nft)];
        for (uint256 i = 0; i < 3; ++i) {
            expectError(E.BadAddress.selector, bad[i]);
            subs.createPlan(RESOURCES, 60, 0, 0, bad[i], 1, new address[](0), new uint256[](0));
        }
        expectError(E.TooLong.selector, 4097, 4096);
        subs.createPlan(string(new bytes(4097)), 60, 0, 0, agent, 1, new address[](0), new uint256[](0));
        uint256 id = subs.createPlan(string(new bytes(4096)), 60, 0, 0, agent, 1, new address[](0), new uint256[](0));
        vm.assertEq(bytes(subs.resources(id)).length, 4096, "text");
    }

    function test_unknown_plans() public {
        PlanState memory p = subs.plan(9);
        vm.assertTrue(!p.exists, "a reply, no revert");
        SubscriptionState memory s = subs.subscription(9);
        vm.assertTrue(!s.exists, "a reply, no revert");
        expectError(E.UnknownPlan.selector, 9);
        subs.resources(9);
        vm.startPrank(operator);
        expectError(E.UnknownPlan.selector, 9);
        subs.setPrice(9, NATIVE, 1);
        expectError(E.UnknownPlan.selector, 9);
        subs.setPlanActive(9, true);
        expectError(E.UnknownPlan.selector, 9);
        subs.setAgent(9, agent);
        expectError(E.UnknownPlan.selector, 9);
        subs.setCapacity(9, 1);
    }

    // ---- capacity

    function test_capacity_below_open_only_stops_sales() public {
        buy(alice, 1);
        buy(alice, 1);
        vm.expectEmit(address(subs));
        emit Ev.CapacityChanged(planId, 1);
        vm.prank(agent);
        subs.setCapacity(planId, 1);
        vm.assertEq(subs.plan(planId).available, 0, "max(0, total - open)");
        deliver(1);
        vm.prank(operator);
        subs.setCapacity(planId, 3);
        vm.assertEq(subs.plan(planId).available, 1, "available");
        vm.prank(stranger);
        expectError(E.NotAllowed.selector, stranger);
        subs.setCapacity(planId, 5);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(E.OutOfRange.selector, "total", uint256(1) << 24, 0, type(uint24).max));
        subs.setCapacity(planId, uint256(1) << 24);
    }

    // ---- prices and tokens

    function test_prices_change_and_leave() public {
        vm.startPrank(operator);
        vm.expectEmit(address(subs));
        emit Ev.PriceChanged(planId, NATIVE, 0);
        subs.setPrice(planId, NATIVE, 0);
        (uint256 perDay, bool accepted) = subs.price(planId, NATIVE);
        vm.assertTrue(perDay == PRICE && !accepted, "the last price stays, off sale");
        subs.setPrice(planId, NATIVE, type(uint96).max);
        (perDay, accepted) = subs.price(planId, NATIVE);
        vm.assertTrue(perDay == type(uint96).max && accepted, "on sale again");
        vm.expectRevert(abi.encodeWithSelector(E.OutOfRange.selector, "perDay", uint256(1) << 96, 0, type(uint96).max));
        subs.setPrice(planId, NATIVE, uint256(1) << 96);
    }

    function test_a_token_is_a_contract_and_not_ours() public {
        address[3] memory bad = [address(subs), address(nft), alice];
        vm.startPrank(operator);
        for (uint256 i = 0; i < 3; ++i) {
            expectError(E.BadToken.selector, bad[i]);
            subs.setPrice(planId, bad[i], 1);
        }
    }

    function test_255_tokens_and_no_more() public {
        vm.startPrank(operator);
        TestToken last;
        for (uint256 i = 2; i <= 255; ++i) {
            last = new TestToken("T");
            subs.setPrice(planId, address(last), i);
        }
        vm.assertEq(subs.tokens().length, 256, "the chain's coin and 255 tokens");
        TestToken next = new TestToken("T");
        expectError(E.BadToken.selector, address(next));
        subs.setPrice(planId, address(next), 1);
        subs.setPrice(planId, address(last), 7);
        vm.stopPrank();
        last.mint(alice, 1000);
        vm.startPrank(alice);
        last.approve(address(subs), 1000);
        uint256 id = subs.purchase(planId, 1, address(last), 21, NOW, alice, REQUEST);
        vm.assertEq(subs.subscription(id).token, address(last), "the last index works");
    }

    // ---- operator

    function test_only_the_operator() public {
        bytes[7] memory calls = [
            abi.encodeCall(subs.createPlan, (RESOURCES, 60, 0, 0, agent, 1, new address[](0), new uint256[](0))),
            abi.encodeCall(subs.setPrice, (planId, NATIVE, 1)),
            abi.encodeCall(subs.setPlanActive, (planId, false)),
            abi.encodeCall(subs.setAgent, (planId, bob)),
            abi.encodeCall(subs.setTreasury, (bob)),
            abi.encodeCall(subs.setServerKey, (serverKey(2))),
            abi.encodeCall(subs.setPurchasesPaused, (true))
        ];
        address[3] memory others = [agent, treasury, stranger];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < others.length; ++j) {
                vm.prank(others[j]);
                (bool ok, bytes memory why) = address(subs).call(calls[i]);
                vm.assertTrue(!ok, "refused");
                vm.assertEq(why, abi.encodeWithSelector(NOT_OPERATOR, others[j]), "why");
            }
            vm.prank(operator);
            (bool done,) = address(subs).call(calls[i]);
            vm.assertTrue(done, "the operator may");
        }
    }

    function test_settings_have_events_and_limits() public {
        vm.startPrank(operator);
        vm.expectEmit(address(subs));
        emit Ev.PlanActiveChanged(planId, false);
        subs.setPlanActive(planId, false);
        vm.expectEmit(address(subs));
        emit Ev.AgentChanged(planId, bob);
        subs.setAgent(planId, bob);
        vm.expectEmit(address(subs));
        emit Ev.TreasuryChanged(bob);
        subs.setTreasury(bob);
        vm.assertEq(subs.treasury(), bob, "treasury");
        vm.expectEmit(address(subs));
        emit Ev.ServerKeyChanged(serverKey(9));
        subs.setServerKey(serverKey(9));
        vm.assertEq(subs.serverKey(), serverKey(9), "key");
        vm.expectEmit(address(subs));
        emit Ev.PurchasesPaused(true);
        subs.setPurchasesPaused(true);

        address[3] memory bad = [address(0), address(subs), address(nft)];
        for (uint256 i = 0; i < 3; ++i) {
            expectError(E.BadAddress.selector, bad[i]);
            subs.setTreasury(bad[i]);
            expectError(E.BadAddress.selector, bad[i]);
            subs.setAgent(planId, bad[i]);
        }
        bytes memory key = serverKey(9);
        key[0] = 0x02;
        expectError(E.BadServerKey.selector, 65);
        subs.setServerKey(key);
        expectError(E.BadServerKey.selector, 64);
        subs.setServerKey(new bytes(64));
        expectError(E.BadServerKey.selector, 0);
        subs.setServerKey("");
    }

    function test_the_operator_hands_over_in_two_steps_and_never_vanishes() public {
        vm.prank(operator);
        subs.transferOwnership(bob);
        vm.assertEq(subs.owner(), operator, "not yet");
        vm.assertEq(subs.pendingOwner(), bob, "pending");
        vm.prank(stranger);
        expectError(NOT_OPERATOR, stranger);
        subs.acceptOwnership();
        vm.prank(bob);
        subs.acceptOwnership();
        vm.assertEq(subs.owner(), bob, "now");
        vm.prank(bob);
        expectError(E.RenounceRefused.selector);
        subs.renounceOwnership();
        vm.prank(stranger);
        expectError(NOT_OPERATOR, stranger);
        subs.renounceOwnership();
    }
}
