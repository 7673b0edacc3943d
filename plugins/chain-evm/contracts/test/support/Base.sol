// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessCredentialNFT} from "../../src/AccessCredentialNFT.sol";
import {BlockHostSubscription} from "../../src/BlockHostSubscription.sol";
import {SubscriptionErrors as E} from "../../src/interfaces/SubscriptionErrors.sol";
import {SubscriptionEvents as Ev} from "../../src/interfaces/SubscriptionEvents.sol";
import {MoneyState, PlanState, SubscriptionState} from "../../src/interfaces/ViewTypes.sol";
import {TestToken} from "./Tokens.sol";
import {vm} from "./Vm.sol";

/// Deploys the committed bytecode by two plain transactions, makes one plan and knows the usual steps.
abstract contract Base {
    address internal constant NATIVE = address(0);
    uint256 internal constant NOW = 1_800_000_000;
    uint256 internal constant WINDOW = 1 hours;
    uint256 internal constant GRACE = 7 days;
    uint256 internal constant SETUP_DAYS = 2;
    uint256 internal constant PRICE = 0.01 ether;
    uint256 internal constant USD_PRICE = 1_234_567;
    uint256 internal constant TOTAL = 1000;
    bytes internal constant REQUEST = "a sealed request";
    bytes internal constant SEALED = "sealed connection details";
    bytes32 internal constant ATTESTATION = keccak256("attestation");
    string internal constant RESOURCES = '{"cpus":1,"disk_mib":8192,"memory_mib":512}';

    address internal deployer = actor("deployer");
    address internal operator = actor("operator");
    address internal treasury = actor("treasury");
    address internal agent = actor("agent");
    address internal alice = actor("alice");
    address internal bob = actor("bob");
    address internal stranger = actor("stranger");

    AccessCredentialNFT internal nft;
    BlockHostSubscription internal subs;
    TestToken internal usd;
    uint256 internal planId;

    function setUp() public virtual {
        vm.warp(NOW);
        (nft, subs) = deploySystem(0);
        usd = new TestToken("USD");
        planId = createPlan(SETUP_DAYS, TOTAL);
        address[3] memory payers = [alice, bob, stranger];
        for (uint256 i = 0; i < payers.length; ++i) {
            vm.deal(payers[i], 1e6 ether);
            usd.mint(payers[i], 1e18);
            vm.prank(payers[i]);
            usd.approve(address(subs), type(uint256).max);
        }
    }

    function keyOf(string memory name) internal pure returns (uint256) {
        return uint256(keccak256(bytes(name)));
    }

    function actor(string memory name) internal pure returns (address) {
        return vm.addr(keyOf(name));
    }

    function creationCode(string memory name) internal view returns (bytes memory) {
        return vm.parseJsonBytes(vm.readFile(string.concat("artifacts/", name, ".json")), ".bytecode");
    }

    /// The address, or 0 when the constructor reverts.
    function tryDeploy(string memory name, bytes memory arguments) internal returns (address made) {
        bytes memory code = bytes.concat(creationCode(name), arguments);
        vm.prank(deployer);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
    }

    function deploySystem(uint256 minGrace) internal returns (AccessCredentialNFT n, BlockHostSubscription s) {
        address next = vm.computeCreateAddress(deployer, vm.getNonce(deployer) + 1);
        n = AccessCredentialNFT(tryDeploy("AccessCredentialNFT", abi.encode(next)));
        s = BlockHostSubscription(
            tryDeploy("BlockHostSubscription", abi.encode(operator, treasury, n, minGrace, serverKey(1)))
        );
        vm.assertEq(address(s), next, "the second contract is where the first was told");
        vm.assertGt(address(s).code.length, 0, "deployed");
    }

    function serverKey(uint8 fill) internal pure returns (bytes memory key) {
        key = new bytes(65);
        for (uint256 i = 0; i < 65; ++i) {
            key[i] = bytes1(fill);
        }
        key[0] = 0x04;
    }

    function createPlan(uint256 setupDays, uint256 total) internal returns (uint256) {
        (address[] memory tokens, uint256[] memory prices) = priceList();
        vm.prank(operator);
        return subs.createPlan(RESOURCES, WINDOW, GRACE, setupDays, agent, total, tokens, prices);
    }

    function priceList() internal view returns (address[] memory tokens, uint256[] memory prices) {
        tokens = new address[](2);
        prices = new uint256[](2);
        (tokens[0], prices[0]) = (NATIVE, PRICE);
        (tokens[1], prices[1]) = (address(usd), USD_PRICE);
    }

    // ---- the usual steps

    function buy(address buyer, uint256 numDays) internal returns (uint256) {
        uint256 amount = PRICE * (numDays + SETUP_DAYS);
        vm.prank(buyer);
        return subs.purchase{value: amount}(planId, numDays, NATIVE, amount, block.timestamp, buyer, REQUEST);
    }

    function buyUsd(address buyer, uint256 numDays) internal returns (uint256) {
        uint256 amount = USD_PRICE * (numDays + SETUP_DAYS);
        vm.prank(buyer);
        return subs.purchase(planId, numDays, address(usd), amount, block.timestamp, buyer, REQUEST);
    }

    /// The order hash, computed here from its definition.
    function orderOf(address buyer, uint256 plan, uint256 numDays, address token, uint256 amount)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(buyer, plan, numDays * 86400, token, amount, keccak256(REQUEST)));
    }

    /// Of an undelivered subscription that was bought with REQUEST.
    function orderOf(uint256 id) internal view returns (bytes32) {
        SubscriptionState memory s = subs.subscription(id);
        return orderOf(s.buyer, s.planId, s.paidSeconds / 86400, s.token, s.amount);
    }

    function deliver(uint256 id) internal {
        bytes32 order = orderOf(id);
        vm.prank(agent);
        subs.deliver(id, order, block.timestamp, SEALED, ATTESTATION);
    }

    function active(address buyer, uint256 numDays) internal returns (uint256 id) {
        id = buy(buyer, numDays);
        deliver(id);
    }

    function activeUsd(address buyer, uint256 numDays) internal returns (uint256 id) {
        id = buyUsd(buyer, numDays);
        deliver(id);
    }

    function cancelAs(address who, uint256 id) internal {
        vm.prank(who);
        subs.cancel(id);
    }

    function closeAsAgent(uint256 id) internal {
        vm.prank(agent);
        subs.close(id);
    }

    function withdraw(address token, uint256 id) internal returns (uint256) {
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        return subs.withdraw(token, ids);
    }

    function balanceOf(address token, address who) internal view returns (uint256) {
        return token == NATIVE ? who.balance : usd.balanceOf(who);
    }

    function expectMoney(address token, uint256 undelivered, uint256 unearned, uint256 earned, uint256 credits)
        internal
        view
    {
        MoneyState memory m = subs.money(token);
        vm.assertEq(m.undelivered, undelivered, "undelivered");
        vm.assertEq(m.unearned, unearned, "unearned");
        vm.assertEq(m.earned, earned, "earned");
        vm.assertEq(m.credits, credits, "credits");
        vm.assertEq(balanceOf(token, address(subs)), undelivered + unearned + earned + credits, "balance");
    }

    // ---- expected refusals

    function expectError(bytes4 selector) internal {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function expectError(bytes4 selector, uint256 a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    function expectError(bytes4 selector, uint256 a, uint256 b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }

    function expectError(bytes4 selector, uint256 a, uint256 b, uint256 c) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b, c));
    }

    function expectError(bytes4 selector, address a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    function expectError(bytes4 selector, address a, address b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }

    function expectError(bytes4 selector, uint256 a, address b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }
}
