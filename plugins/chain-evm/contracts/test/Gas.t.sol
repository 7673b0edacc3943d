// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Permit} from "../src/interfaces/Permit.sol";
import {Base, vm} from "./support/Base.sol";
import {signPermit} from "./support/Tokens.sol";

/// Gas of whole transactions, kept in snapshots/Gas.json: `isolate` in foundry.toml makes each call one of its own, so
/// that intrinsic gas and calldata are in it; refunds are not taken off. What has a target is held to it as well.
contract GasTest is Base {
    uint256 private constant TARGET_PURCHASE = 95_000;
    uint256 private constant TARGET_PURCHASE_ERC20 = 122_000;
    uint256 private constant TARGET_DELIVER = 185_000;
    /// Sizes of the two request formats (plugin-api/formats), and of a sealed credential.
    uint256 private constant SEAL_2 = 83;
    uint256 private constant SEAL_1 = 225;
    uint256 private constant CREDENTIAL = 256;

    function bytesOf(uint256 length) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            data[i] = bytes1(uint8(uint256(keccak256(abi.encode(i))) | 1));
        }
    }

    function measured(string memory name) private returns (uint256 gas) {
        gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("Gas", name, gas);
    }

    function within(uint256 target, string memory name) private {
        vm.assertLe(measured(name), target, name);
    }

    function setUp() public override {
        super.setUp();
        // Nothing measured is the first of its kind: sums are not zero, the treasury and alice hold something.
        address[2] memory tokens = [NATIVE, address(usd)];
        for (uint256 i = 0; i < tokens.length; ++i) {
            withdraw(tokens[i], delivered(alice, tokens[i], 1));
            delivered(alice, tokens[i], 30);
            cancelAs(alice, delivered(alice, tokens[i], 30));
            purchased(alice, tokens[i], 30, SEAL_2);
        }
        vm.warp(NOW + 100);
    }

    function purchased(address buyer, address token, uint256 numDays, uint256 size)
        private
        returns (uint256 id, bytes32 order)
    {
        uint256 amount = subs.quote(planId, numDays, token);
        bytes memory request = bytesOf(size);
        vm.prank(alice);
        id = subs.purchase{value: token == NATIVE ? amount : 0}(
            planId, numDays, token, amount, block.timestamp, buyer, request
        );
        order = keccak256(abi.encode(buyer, planId, numDays * 86400, token, amount, keccak256(request)));
    }

    function delivered(address buyer, address token, uint256 numDays) private returns (uint256 id) {
        bytes32 order;
        (id, order) = purchased(buyer, token, numDays, SEAL_2);
        bytes memory seal = bytesOf(CREDENTIAL);
        vm.prank(agent);
        subs.deliver(id, order, block.timestamp, seal, ATTESTATION);
    }

    function test_gas_purchase() public {
        purchased(alice, NATIVE, 30, SEAL_2);
        within(TARGET_PURCHASE, "purchase native, seal-2 request");
        purchased(alice, NATIVE, 30, SEAL_1);
        within(TARGET_PURCHASE, "purchase native, seal-1 request");
        purchased(alice, address(usd), 30, SEAL_2);
        within(TARGET_PURCHASE_ERC20, "purchase ERC-20, seal-2 request");
        purchased(alice, address(usd), 30, SEAL_1);
        within(TARGET_PURCHASE_ERC20, "purchase ERC-20, seal-1 request");
    }

    function test_gas_purchase_with_permit() public {
        uint256 amount = subs.quote(planId, 30, address(usd));
        bytes memory request = bytesOf(SEAL_2);
        vm.prank(alice);
        usd.approve(address(subs), 0);
        Permit memory permit = signPermit(usd, keyOf("alice"), address(subs), amount, block.timestamp);
        vm.prank(alice);
        subs.purchaseWithPermit(planId, 30, address(usd), amount, block.timestamp, alice, request, permit);
        measured("purchaseWithPermit, seal-2 request");
    }

    function test_gas_deliver() public {
        delivered(bob, NATIVE, 30);
        within(TARGET_DELIVER, "deliver 256 bytes, the buyer's first");
        delivered(bob, NATIVE, 30);
        within(TARGET_DELIVER, "deliver 256 bytes, to an owner of others");
        delivered(bob, address(usd), 30);
        within(TARGET_DELIVER, "deliver 256 bytes, paid in ERC-20");
    }

    function test_gas_extend() public {
        address[2] memory tokens = [NATIVE, address(usd)];
        string[2] memory names = ["extend native", "extend ERC-20"];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 id = delivered(alice, tokens[i], 30);
            vm.warp(block.timestamp + 1 days);
            uint256 amount = subs.quoteExtension(id, 2, tokens[i], bob);
            vm.prank(bob);
            subs.extend{value: i == 0 ? amount : 0}(id, 2, tokens[i], amount, block.timestamp);
            measured(names[i]);
        }
    }

    function test_gas_cancel_and_claim() public {
        uint256 id = delivered(bob, NATIVE, 30);
        vm.warp(block.timestamp + 1 days);
        cancelAs(bob, id);
        measured("cancel");
        vm.prank(bob);
        subs.claim(NATIVE, bob);
        measured("claim native");
    }

    function test_gas_close_and_burn() public {
        uint256 id = delivered(alice, NATIVE, 1);
        vm.warp(block.timestamp + 1 days + GRACE + 1);
        closeAsAgent(id);
        measured("close after expiry");
        vm.prank(agent);
        subs.burn(id);
        measured("burn");
    }

    function test_gas_decline_and_refund() public {
        (uint256 id, bytes32 order) = purchased(alice, NATIVE, 30, SEAL_2);
        vm.prank(agent);
        subs.decline(id, order, "no room");
        measured("decline");
        (id,) = purchased(alice, NATIVE, 30, SEAL_2);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.prank(alice);
        subs.refund(id);
        measured("refund");
    }

    function test_gas_transfer_lend_update_and_credit() public {
        uint256 id = delivered(alice, NATIVE, 30);
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        measured("transfer, the first");
        vm.prank(bob);
        nft.transferFrom(bob, alice, id);
        measured("transfer, a later one");
        vm.prank(alice);
        nft.setUser(id, bob, uint64(block.timestamp + 1 days));
        measured("setUser");
        bytes memory seal = bytesOf(CREDENTIAL);
        vm.prank(agent);
        subs.update(id, alice, seal);
        measured("update 256 bytes");
        vm.warp(block.timestamp + 1 days);
        vm.prank(agent);
        subs.creditTime(id, block.timestamp - 3600, block.timestamp);
        measured("creditTime");
    }

    function test_gas_withdraw() public {
        withdraw(NATIVE, delivered(alice, NATIVE, 30));
        measured("withdraw 1 id");
        uint256[] memory ids = new uint256[](50);
        for (uint256 i = 0; i < 50; ++i) {
            ids[i] = delivered(alice, NATIVE, 30);
        }
        vm.warp(block.timestamp + 1 days);
        subs.withdraw(NATIVE, ids);
        measured("withdraw 50 ids");
    }

    function test_gas_create_plan() public {
        createPlan(SETUP_DAYS, TOTAL);
        measured("createPlan, two prices");
    }
}
