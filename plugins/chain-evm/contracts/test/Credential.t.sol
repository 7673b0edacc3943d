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

    // ---- who owns what the subscription contract minted

    function test_the_buyer_owns_it_from_the_delivery_on_and_all_of_erc721_works() public {
        uint256 id = buy(alice, 1);
        vm.assertEq(subs.mintedTo(id), address(0), "not minted yet");
        expectError(NO_TOKEN, id);
        nft.ownerOf(id);
        vm.prank(alice);
        expectError(NO_TOKEN, id);
        nft.approve(bob, id);
        bytes32 order = orderOf(id);
        vm.expectEmit(address(nft));
        emit Transfer(address(0), alice, id);
        vm.prank(agent);
        subs.deliver(id, order, NOW, SEALED, ATTESTATION);
        vm.assertEq(subs.mintedTo(id), alice, "minted");
        vm.assertEq(nft.ownerOf(id), alice, "owner");
        vm.assertEq(nft.balanceOf(alice), 1, "balance");
        vm.prank(alice);
        nft.approve(bob, id);
        vm.assertEq(nft.getApproved(id), bob, "approved");
        vm.prank(bob);
        nft.transferFrom(alice, bob, id);
        vm.assertEq(nft.getApproved(id), address(0), "the approval ends with the transfer");
        vm.assertEq(nft.ownerOf(id), bob, "owner");
        vm.assertEq(nft.balanceOf(alice), 0, "balance before");
        vm.assertEq(nft.balanceOf(bob), 1, "balance after");
        vm.assertEq(subs.mintedTo(id), alice, "still who it was minted to");
    }

    function test_a_transfer_that_ends_no_loan_says_nothing_of_users() public {
        uint256 id = active(alice, 1);
        vm.recordLogs();
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        vm.assertEq(vm.getRecordedLogs().length, 1, "Transfer, and nothing else");
    }

    function test_it_may_come_back_to_its_first_owner() public {
        uint256 id = active(alice, 1);
        vm.prank(alice);
        nft.transferFrom(alice, bob, id);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSignature("ERC721InsufficientApproval(address,uint256)", alice, id));
        nft.transferFrom(bob, alice, id);
        vm.prank(bob);
        nft.setApprovalForAll(stranger, true);
        vm.prank(stranger);
        nft.transferFrom(bob, alice, id);
        vm.assertEq(nft.ownerOf(id), alice, "owner");
        vm.assertEq(nft.balanceOf(alice) + nft.balanceOf(bob), 1, "one token");
    }

    function test_from_another_than_its_owner_nothing_moves() public {
        uint256 id = active(alice, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSignature("ERC721IncorrectOwner(address,uint256,address)", bob, id, alice));
        nft.transferFrom(bob, stranger, id);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSignature("ERC721InvalidReceiver(address)", address(0)));
        nft.transferFrom(alice, address(0), id);
    }

    function test_a_burned_credential_is_nobodys_moved_or_not() public {
        uint256 kept = active(alice, 1);
        uint256 moved = active(alice, 1);
        vm.prank(alice);
        nft.transferFrom(alice, bob, moved);
        cancelAs(alice, kept);
        cancelAs(bob, moved);
        uint256[2] memory ids = [kept, moved];
        address[2] memory holders = [alice, bob];
        for (uint256 i = 0; i < 2; ++i) {
            closeAsAgent(ids[i]);
            vm.expectEmit(address(nft));
            emit Transfer(holders[i], address(0), ids[i]);
            vm.prank(agent);
            subs.burn(ids[i]);
            expectError(NO_TOKEN, ids[i]);
            nft.ownerOf(ids[i]);
            vm.assertEq(subs.mintedTo(ids[i]), address(0), "minted to");
            vm.assertEq(nft.balanceOf(holders[i]), 0, "balance");
        }
        expectError(NO_TOKEN, 0);
        nft.ownerOf(0);
        expectError(NO_TOKEN, 99);
        nft.ownerOf(99);
    }

    // ---- sealed bytes

    function testFuzz_what_is_sealed_reads_back(bytes calldata first, bytes calldata second) public {
        uint256 length = first.length > 1024 ? 1024 : first.length;
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        vm.startPrank(agent);
        subs.deliver(id, order, NOW, first[:length], ATTESTATION);
        vm.assertEq(nft.getUserEncrypted(id), first[:length], "delivered");
        length = second.length > 1024 ? 1024 : second.length;
        subs.update(id, alice, second[:length]);
        vm.assertEq(nft.getUserEncrypted(id), second[:length], "resealed");
        subs.update(id, alice, first[:0]);
        vm.assertEq(nft.getUserEncrypted(id), "", "and again");
        vm.stopPrank();
    }

    function test_each_token_has_its_own() public {
        vm.prank(operator);
        nft.setAdmin(alice, "admin");
        uint256 one = active(alice, 1);
        uint256 two = active(alice, 1);
        vm.prank(agent);
        subs.update(one, alice, "another");
        vm.prank(operator);
        nft.setAdmin(alice, "admin again");
        vm.assertEq(nft.getUserEncrypted(0), "admin again", "token 0");
        vm.assertEq(nft.getUserEncrypted(one), "another", "resealed");
        vm.assertEq(nft.getUserEncrypted(two), SEALED, "untouched");
    }

    function test_it_is_code_that_starts_with_stop_so_that_nothing_runs_it() public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        vm.prank(agent);
        subs.deliver(id, order, NOW, hex"ef01ff", ATTESTATION); // a byte that no code may start with, and SELFDESTRUCT
        bytes32 salt = bytes32(id);
        bytes32 constructorHash = keccak256(
            abi.encodePacked(
                hex"63", nft.pendingSeal.selector, hex"5f525f5f6004601c335afa6016575f5ffd5b3d5f60013e3d6001015ff3"
            )
        );
        address at =
            address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", address(nft), salt, constructorHash)))));
        vm.assertEq(at.code, hex"00ef01ff", "the address follows from the token");
        vm.assertEq(nft.getUserEncrypted(id), hex"ef01ff", "sealed");
    }

    /// Gas that runs out in the middle must fail the delivery, never leave an empty seal behind.
    function testFuzz_too_little_gas_delivers_nothing(uint256 gas) public {
        uint256 id = buy(alice, 1);
        bytes32 order = orderOf(id);
        gas = 30_000 + gas % 200_000;
        vm.prank(agent);
        (bool ok,) =
            address(subs).call{gas: gas}(abi.encodeCall(subs.deliver, (id, order, NOW, new bytes(256), ATTESTATION)));
        vm.assertEq(ok, subs.subscription(id).delivered, "all or nothing");
        if (ok) vm.assertEq(nft.getUserEncrypted(id), new bytes(256), "whole");
        else vm.assertEq(subs.mintedTo(id), address(0), "no credential");
    }

    function test_nothing_is_pending_before_anything_was_stored() public {
        (bool ok, bytes memory answer) = address(nft).call(abi.encodeCall(nft.pendingSeal, ()));
        vm.assertTrue(ok, "answers");
        vm.assertEq(answer, "", "nothing");
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
