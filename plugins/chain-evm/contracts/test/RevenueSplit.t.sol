// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RevenueSplit} from "../src/RevenueSplit.sol";
import {Base, E, vm} from "./support/Base.sol";
import {Reentering, Rejecting} from "./support/Actors.sol";
import {DenyListToken} from "./support/Tokens.sol";

contract RevenueSplitTest is Base {
    RevenueSplit private split;
    address private carol = actor("carol");

    function setUp() public override {
        super.setUp();
        split = made(5000, 3333, 1667);
    }

    function three() private view returns (address[] memory owners) {
        owners = new address[](3);
        (owners[0], owners[1], owners[2]) = (actor("one"), actor("two"), carol);
    }

    function parts(uint256 a, uint256 b, uint256 c) private pure returns (uint256[] memory list) {
        list = new uint256[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function attempt(address[] memory owners, uint256[] memory basisPoints) private returns (address) {
        return tryDeploy("RevenueSplit", abi.encode(owners, basisPoints));
    }

    /// With what error the constructor refuses them; 0: it does not.
    function refusal(address[] memory owners, uint256[] memory basisPoints) private returns (bytes4 error) {
        bytes memory code = bytes.concat(creationCode("RevenueSplit"), abi.encode(owners, basisPoints));
        assembly ("memory-safe") {
            if iszero(create(0, add(code, 32), mload(code))) {
                returndatacopy(0, 0, 4)
                error := mload(0)
            }
        }
    }

    function equal(uint256 count) private pure returns (address[] memory owners, uint256[] memory basisPoints) {
        (owners, basisPoints) = (new address[](count), new uint256[](count));
        for (uint256 i; i < count; ++i) {
            (owners[i], basisPoints[i]) = (address(uint160(1000 + i)), i == 0 ? 10_001 - count : 1);
        }
    }

    function made(uint256 a, uint256 b, uint256 c) private returns (RevenueSplit out) {
        out = RevenueSplit(payable(attempt(three(), parts(a, b, c))));
        vm.assertTrue(address(out) != address(0), "deployed");
    }

    /// What is paid, due and undivided is all that ever came in; the undivided rest is less than a unit for each owner.
    function checkSums(address token, uint256 received) private view {
        RevenueSplit.Share[] memory list = split.shares(token);
        uint256 held = token == NATIVE ? address(split).balance : usd.balanceOf(address(split));
        uint256 paid;
        uint256 due;
        for (uint256 i; i < list.length; ++i) {
            paid += list[i].paid;
            due += list[i].due;
            vm.assertEq(split.due(token, list[i].owner), list[i].due, "both views agree");
        }
        vm.assertEq(held + paid, received, "nothing went elsewhere");
        vm.assertGe(held, due, "what is due is there");
        vm.assertGt(list.length, held - due, "the rest is less than a unit each");
    }

    function test_withdrawals_go_through_it_to_the_owners() public {
        vm.prank(operator);
        subs.setTreasury(address(split));
        uint256 id = buy(alice, 10);
        deliver(id);
        vm.warp(block.timestamp + 3 days);
        uint256[] memory ids = new uint256[](1);
        ids[0] = id;
        uint256 amount = subs.withdraw(NATIVE, ids);
        vm.assertGt(amount, 0, "earned");
        vm.expectEmit(address(split));
        emit RevenueSplit.Released(NATIVE, carol, amount * 1667 / 10_000);
        vm.prank(stranger);
        split.release(NATIVE, carol);
        vm.assertEq(carol.balance, amount * 1667 / 10_000, "paid by a stranger's call");
        checkSums(NATIVE, amount);
    }

    function test_tokens_are_split_like_coins() public {
        usd.mint(address(split), 10_001);
        split.release(address(usd), carol);
        vm.assertEq(usd.balanceOf(carol), 1667, "rounded down");
        vm.expectRevert(abi.encodeWithSelector(RevenueSplit.NothingDue.selector, address(usd), carol));
        split.release(address(usd), carol);
        checkSums(address(usd), 10_001);
        usd.mint(address(split), 9_999);
        split.release(address(usd), carol);
        vm.assertEq(usd.balanceOf(carol), 3334, "of the total, not of each receipt");
        checkSums(address(usd), 20_000);
    }

    function test_nobody_else_has_a_share() public {
        vm.deal(address(split), 1 ether);
        address[3] memory others = [deployer, operator, address(split)];
        for (uint256 i; i < others.length; ++i) {
            vm.assertEq(split.due(NATIVE, others[i]), 0, "no share");
            vm.expectRevert(abi.encodeWithSelector(RevenueSplit.NothingDue.selector, NATIVE, others[i]));
            split.release(NATIVE, others[i]);
        }
    }

    function test_an_owner_who_cannot_receive_stops_nobody_else() public {
        address[] memory owners = three();
        owners[0] = address(new Rejecting());
        split = RevenueSplit(payable(attempt(owners, parts(5000, 3333, 1667))));
        vm.deal(address(split), 1 ether);
        vm.expectRevert();
        split.release(NATIVE, owners[0]);
        split.release(NATIVE, carol);
        vm.assertEq(carol.balance, 0.1667 ether, "paid");
        DenyListToken deny = new DenyListToken();
        deny.mint(address(split), 10_000);
        deny.deny(owners[1]);
        vm.expectRevert();
        split.release(address(deny), owners[1]);
        split.release(address(deny), carol);
        vm.assertEq(deny.balanceOf(carol), 1667, "paid");
    }

    function test_owners_and_shares_that_are_wrong_are_refused() public {
        vm.assertTrue(attempt(three(), parts(5000, 3333, 1666)) == address(0), "less than all");
        vm.assertTrue(attempt(three(), parts(5000, 3333, 1668)) == address(0), "more than all");
        vm.assertTrue(attempt(three(), parts(10_000, 0, 0)) == address(0), "an empty share");
        vm.assertTrue(attempt(three(), parts(type(uint256).max, 10_000, 1)) == address(0), "an overflow");
        vm.assertTrue(attempt(three(), new uint256[](2)) == address(0), "fewer shares than owners");
        vm.assertTrue(attempt(new address[](0), new uint256[](0)) == address(0), "nobody");
        address[] memory owners = three();
        owners[1] = owners[0];
        vm.assertTrue(attempt(owners, parts(5000, 3333, 1667)) == address(0), "one owner twice");
        owners[1] = address(0);
        vm.assertTrue(attempt(owners, parts(5000, 3333, 1667)) == address(0), "the zero address");
    }

    function test_from_one_owner_to_thirty_two() public {
        for (uint256 count = 1; count <= 32; count += 31) {
            (address[] memory owners, uint256[] memory basisPoints) = equal(count);
            split = RevenueSplit(payable(attempt(owners, basisPoints)));
            vm.assertTrue(address(split) != address(0), "deployed");
            vm.deal(address(split), 1 ether);
            vm.assertEq(split.due(NATIVE, owners[0]), (10_001 - count) * 1 ether / 10_000, "the first one's share");
        }
        (address[] memory many, uint256[] memory parts_) = equal(33);
        vm.assertTrue(refusal(many, parts_) == RevenueSplit.BadOwners.selector, "33 owners");
        vm.assertTrue(refusal(new address[](0), new uint256[](0)) == RevenueSplit.BadOwners.selector, "nobody");
    }

    function test_a_share_is_between_one_and_all() public {
        (address[] memory owners, uint256[] memory basisPoints) = equal(2);
        (basisPoints[0], basisPoints[1]) = (10_001, 0);
        vm.assertTrue(refusal(owners, basisPoints) == RevenueSplit.BadShares.selector, "more than all");
        (basisPoints[0], basisPoints[1]) = (0, 10_000);
        vm.assertTrue(refusal(owners, basisPoints) == RevenueSplit.BadShares.selector, "none");
    }

    function test_an_owner_who_is_paid_pays_nobody_from_within() public {
        address[] memory owners = three();
        Reentering greedy = new Reentering();
        owners[0] = address(greedy);
        split = RevenueSplit(payable(attempt(owners, parts(5000, 3333, 1667))));
        vm.deal(address(split), 1 ether);
        greedy.arm(address(split), abi.encodeCall(split.release, (NATIVE, carol)));
        split.release(NATIVE, address(greedy));
        vm.assertEq(greedy.received(), 0.5 ether, "the owner has the share");
        vm.assertTrue(
            greedy.refusal() == bytes4(keccak256("ReentrancyGuardReentrantCall()")),
            "and could do nothing with the call"
        );
        vm.assertEq(carol.balance, 0, "not from within");
    }

    function test_of_what_is_no_token_nobody_without_a_share_is_due_anything() public view {
        vm.assertEq(split.due(stranger, stranger), 0, "no share, so the token is not asked");
    }

    function testFuzz_it_adds_up_whatever_comes_and_goes(uint256 seed, uint256 a, uint256 b) public {
        a = 1 + a % 9998;
        b = 1 + b % (9999 - a);
        split = made(a, b, 10_000 - a - b);
        address[] memory owners = three();
        uint256 received;
        for (uint256 i; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 2 == 0) {
                // Often a few units, so that rounding matters.
                uint256 more = (seed >> 8) % (seed % 3 == 0 ? 1e24 : 7);
                usd.mint(address(split), more);
                received += more;
            } else {
                address owner = owners[(seed >> 8) % 3];
                uint256 due = split.due(address(usd), owner);
                if (due != 0) split.release(address(usd), owner);
                vm.assertEq(split.due(address(usd), owner), 0, "all that was due");
            }
            checkSums(address(usd), received);
        }
    }
}
