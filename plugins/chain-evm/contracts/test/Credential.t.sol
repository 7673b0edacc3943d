// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessCredentialNFT} from "../src/AccessCredentialNFT.sol";
import {Base, vm} from "./support/Base.sol";

contract CredentialTest is Base {
    event UpdateUser(uint256 indexed tokenId, address indexed user, uint64 expires);
    event AdminSet(address indexed to);
    event MetadataUpdate(uint256 _tokenId);
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    bytes4 private constant NO_TOKEN = bytes4(keccak256("ERC721NonexistentToken(uint256)"));

    // ---- who writes

    function test_only_the_subscription_contract_mints_reseals_and_burns() public {
        uint256 id = active(alice, 1);
        address[3] memory others = [operator, agent, alice];
        for (uint256 i = 0; i < 3; ++i) {
            vm.startPrank(others[i]);
            expectError(AccessCredentialNFT.NotSubscriptions.selector, others[i]);
            nft.mint(7, alice, SEALED);
            expectError(AccessCredentialNFT.NotSubscriptions.selector, others[i]);
            nft.reseal(id, SEALED);
            expectError(AccessCredentialNFT.NotSubscriptions.selector, others[i]);
            nft.burn(id);
            vm.stopPrank();
        }
    }

    // ---- token 0

    function test_set_admin_mints_and_replaces_token_0() public {
        vm.expectEmit(address(nft));
        emit Transfer(address(0), alice, 0);
        vm.expectEmit(address(nft));
        emit MetadataUpdate(0);
        vm.expectEmit(address(nft));
        emit AdminSet(alice);
        vm.prank(operator);
        nft.setAdmin(alice, "one");
        vm.assertEq(nft.ownerOf(0), alice, "owner");
        vm.expectEmit(address(nft));
        emit Transfer(alice, address(0), 0);
        vm.prank(operator);
        nft.setAdmin(bob, "two");
        vm.assertEq(nft.ownerOf(0), bob, "new owner");
        vm.assertEq(nft.getUserEncrypted(0), "two", "new seal");
        vm.assertEq(nft.balanceOf(alice), 0, "the old one is gone");
    }

    function test_set_admin_is_the_operators() public {
        address[3] memory others = [agent, treasury, stranger];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(others[i]);
            expectError(AccessCredentialNFT.NotOperator.selector, others[i]);
            nft.setAdmin(others[i], SEALED);
        }
        vm.prank(operator);
        subs.transferOwnership(bob);
        vm.prank(bob);
        subs.acceptOwnership();
        vm.prank(operator);
        expectError(AccessCredentialNFT.NotOperator.selector, operator);
        nft.setAdmin(operator, SEALED);
        vm.prank(bob);
        nft.setAdmin(bob, SEALED);
    }

    function test_set_admin_limits() public {
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(AccessCredentialNFT.SealTooLong.selector, 1025, 1024));
        nft.setAdmin(alice, new bytes(1025));
        nft.setAdmin(alice, new bytes(1024));
        vm.expectRevert(abi.encodeWithSignature("ERC721InvalidReceiver(address)", address(0)));
        nft.setAdmin(address(0), SEALED);
        expectError(AccessCredentialNFT.BadHolder.selector, address(subs));
        nft.setAdmin(address(subs), SEALED);
        vm.stopPrank();
        vm.assertEq(nft.ownerOf(0), alice, "unchanged by refusals");
    }

    function test_no_subscription_touches_token_0() public {
        vm.prank(operator);
        nft.setAdmin(alice, "admin");
        active(bob, 1);
        vm.assertEq(nft.ownerOf(0), alice, "ids start at 1");
        vm.startPrank(agent);
        vm.expectRevert(abi.encodeWithSignature("UnknownSubscription(uint256)", 0));
        subs.update(0, alice, SEALED);
        vm.expectRevert(abi.encodeWithSignature("UnknownSubscription(uint256)", 0));
        subs.burn(0);
        vm.stopPrank();
        vm.prank(alice);
        nft.transferFrom(alice, bob, 0);
        vm.assertEq(nft.ownerOf(0), bob, "it moves like any token");
    }

    // ---- transfers

    function test_an_empty_token_is_never_sold() public {
        uint256 cancelled = active(alice, 1);
        cancelAs(alice, cancelled);
        uint256 closed = active(alice, 1);
        vm.prank(alice);
        nft.approve(bob, closed);
        vm.warp(NOW + 1 days + GRACE + 1);
        closeAsAgent(closed);
        vm.assertTrue(subs.transferLocked(cancelled) && subs.transferLocked(closed), "locked");
        vm.startPrank(alice);
        expectError(AccessCredentialNFT.CredentialLocked.selector, cancelled);
        nft.transferFrom(alice, bob, cancelled);
        expectError(AccessCredentialNFT.CredentialLocked.selector, closed);
        nft.safeTransferFrom(alice, bob, closed);
        expectError(AccessCredentialNFT.CredentialLocked.selector, cancelled);
        nft.setUser(cancelled, bob, type(uint64).max);
        vm.stopPrank();
        vm.prank(bob);
        expectError(AccessCredentialNFT.CredentialLocked.selector, closed);
        nft.transferFrom(alice, bob, closed);
    }

    function test_expired_but_open_to_extension_still_moves() public {
        uint256 id = active(alice, 1);
        vm.warp(NOW + 2 days);
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        vm.assertEq(subs.subscription(id).owner, bob, "owner");
        vm.assertEq(subs.subscription(id).buyer, alice, "buyer stays on record");
    }

    function test_not_to_our_own_contracts() public {
        uint256 id = active(alice, 1);
        vm.startPrank(alice);
        expectError(AccessCredentialNFT.BadHolder.selector, address(subs));
        nft.transferFrom(alice, address(subs), id);
        expectError(AccessCredentialNFT.BadHolder.selector, address(nft));
        nft.transferFrom(alice, address(nft), id);
    }

    function test_strangers_move_nothing() public {
        uint256 id = active(alice, 1);
        vm.prank(stranger);
        vm.expectRevert();
        nft.transferFrom(alice, stranger, id);
    }

    // ---- ERC-4907

    function test_a_user_until_the_end() public {
        uint256 id = active(alice, 1);
        vm.expectEmit(address(nft));
        emit UpdateUser(id, bob, uint64(NOW + 100));
        vm.prank(alice);
        nft.setUser(id, bob, uint64(NOW + 100));
        vm.assertEq(nft.userExpires(id), NOW + 100, "expires");
        vm.warp(NOW + 100);
        vm.assertEq(nft.userOf(id), bob, "still");
        vm.warp(NOW + 101);
        vm.assertEq(nft.userOf(id), address(0), "no longer");
    }

    function test_only_the_owner_or_an_approved_account_sets_a_user() public {
        uint256 id = active(alice, 1);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSignature("ERC721InsufficientApproval(address,uint256)", stranger, id));
        nft.setUser(id, stranger, type(uint64).max);
        vm.prank(alice);
        nft.approve(bob, id);
        vm.prank(bob);
        nft.setUser(id, bob, type(uint64).max);
        vm.assertEq(nft.userOf(id), bob, "approved");
        expectError(NO_TOKEN, 99);
        nft.setUser(99, bob, 1);
    }

    function test_transfer_and_burn_clear_the_user() public {
        uint256 moved = active(alice, 1);
        uint256 burned = active(alice, 1);
        vm.startPrank(alice);
        nft.setUser(moved, stranger, type(uint64).max);
        nft.setUser(burned, stranger, type(uint64).max);
        vm.expectEmit(address(nft));
        emit UpdateUser(moved, address(0), 0);
        nft.transferFrom(alice, bob, moved);
        subs.cancel(burned);
        vm.stopPrank();
        closeAsAgent(burned);
        vm.prank(agent);
        subs.burn(burned);
        vm.assertEq(nft.userOf(moved), address(0), "transfer");
        vm.assertEq(nft.userOf(burned), address(0), "burn");
        vm.assertEq(nft.userExpires(burned), 0, "expires, too");
    }

    function test_a_new_admin_credential_has_no_old_user() public {
        vm.prank(operator);
        nft.setAdmin(alice, "one");
        vm.prank(alice);
        nft.setUser(0, stranger, type(uint64).max);
        vm.prank(operator);
        nft.setAdmin(alice, "two");
        vm.assertEq(nft.userOf(0), address(0), "cleared");
    }

    // ---- metadata and interfaces

    function test_metadata_is_small_json() public {
        uint256 id = active(alice, 1);
        vm.prank(operator);
        nft.setAdmin(alice, SEALED);
        vm.assertEq(
            nft.tokenURI(id),
            "data:application/json;base64,eyJuYW1lIjoiQmxvY2tIb3N0IGFjY2VzcyAjMSIsImRlc2NyaXB0aW9uIjoiV2hvZXZlciBob2xkcyB0aGlzIHRva2VuIGxvZ3MgaW4gdG8gdGhlIHZpcnR1YWwgbWFjaGluZSBvZiBzdWJzY3JpcHRpb24gMS4ifQ==",
            "subscription"
        );
        vm.assertEq(
            nft.tokenURI(0),
            "data:application/json;base64,eyJuYW1lIjoiQmxvY2tIb3N0IGFkbWluaXN0cmF0aW9uIiwiZGVzY3JpcHRpb24iOiJBZG1pbmlzdGVycyBhIEJsb2NrSG9zdCBzZXJ2ZXIuIn0=",
            "admin"
        );
        expectError(NO_TOKEN, 99);
        nft.tokenURI(99);
        expectError(NO_TOKEN, 99);
        nft.getUserEncrypted(99);
    }

    function test_interfaces() public view {
        bytes4[5] memory ids =
            [bytes4(0x01ffc9a7), bytes4(0x80ac58cd), bytes4(0x5b5e139f), bytes4(0x49064906), bytes4(0xad092b5c)];
        for (uint256 i = 0; i < ids.length; ++i) {
            vm.assertTrue(nft.supportsInterface(ids[i]), "ERC-165, 721, metadata, 4906, 4907");
        }
        vm.assertTrue(!nft.supportsInterface(0xffffffff), "not the invalid id");
    }
}
