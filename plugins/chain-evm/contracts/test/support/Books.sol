// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessCredentialNFT} from "../../src/AccessCredentialNFT.sol";
import {BlockHostSubscription} from "../../src/BlockHostSubscription.sol";
import {Permit} from "../../src/interfaces/Permit.sol";
import {SubscriptionState} from "../../src/interfaces/ViewTypes.sol";
import {TestToken, signPermit} from "./Tokens.sol";
import {vm} from "./Vm.sol";

/// What the handler believes, computed without the contract, and how it finds a subscription that a call applies to.
abstract contract Books {
    struct Book {
        bytes32 order;
        uint256 expiresAt; // 0: undelivered
        uint256 paidSeconds;
        uint256 purchasedAt;
        uint256 creditedUntil;
        uint256 credited;
        bool ended; // declined or refunded
        bool cancelled;
        bool byOperator;
        bool closed;
        bool burned;
        address owner; // 0 unless it is minted
        address user; // lent to, as long as nobody moves it
        bytes32 seal; // hash of the sealed bytes
    }

    uint256 internal constant MAX_SUBSCRIPTIONS = 10;
    uint256 internal constant FIRST_KEY = 1000; // of actors
    bytes internal constant REQUEST = "request";
    address internal constant NATIVE = address(0);

    BlockHostSubscription public immutable subs;
    AccessCredentialNFT public immutable nft;
    TestToken public immutable usd;
    address internal immutable operator;
    address internal immutable agent;
    address public immutable treasury;
    uint256 internal immutable window;
    uint256 internal immutable grace;

    address[3] public actors;
    address public admin; // holder of token 0
    mapping(uint256 id => Book) internal books;
    mapping(address token => uint256) public paid;
    mapping(address token => uint256) public withdrawn;
    mapping(address token => uint256) public claimed;
    mapping(address token => uint256) public donated;
    mapping(bytes32 name => uint256) public done;

    constructor(
        BlockHostSubscription subs_,
        TestToken usd_,
        address operator_,
        address agent_,
        address treasury_,
        uint256 window_,
        uint256 grace_
    ) {
        (subs, nft, usd) = (subs_, AccessCredentialNFT(address(subs_.credential())), usd_);
        (operator, agent, treasury, window, grace) = (operator_, agent_, treasury_, window_, grace_);
        for (uint256 i = 0; i < actors.length; ++i) {
            actors[i] = vm.addr(FIRST_KEY + i);
            vm.deal(actors[i], 1e9 ether);
            usd.mint(actors[i], 1e30);
            allowAll(i);
        }
        vm.deal(address(this), 1e9 ether);
    }

    function book(uint256 id) external view returns (Book memory) {
        return books[id];
    }

    function count() public view returns (uint256) {
        return subs.lastSubscriptionId();
    }

    // ---- where it applies

    function isOpen(Book storage b) internal view returns (bool) {
        return b.expiresAt == 0 && !b.ended;
    }

    function isLive(Book storage b) internal view returns (bool) {
        return b.expiresAt != 0 && !b.cancelled && !b.closed;
    }

    function isMinted(Book storage b) internal view returns (bool) {
        return b.owner != address(0);
    }

    function isClosable(Book storage b) internal view returns (bool) {
        return b.expiresAt != 0 && !b.closed;
    }

    function isBurnable(Book storage b) internal view returns (bool) {
        return b.closed && !b.burned;
    }

    function find(uint256 seed, function(Book storage) internal view returns (bool) fits)
        internal
        view
        returns (uint256)
    {
        uint256 n = count();
        for (uint256 i = 0; i < n; ++i) {
            uint256 id = 1 + (seed % n + i) % n;
            if (fits(books[id])) return id;
        }
        return 0;
    }

    function forbidden(uint256 id, bytes32 order) internal view returns (bytes[] memory calls) {
        calls = new bytes[](5);
        calls[0] = abi.encodeCall(subs.deliver, (id, order, block.timestamp, "", 0));
        calls[1] = abi.encodeCall(subs.decline, (id, order, ""));
        calls[2] = abi.encodeCall(subs.creditTime, (id, books[id].creditedUntil, block.timestamp));
        calls[3] = abi.encodeCall(subs.close, (id));
        calls[4] = abi.encodeCall(subs.burn, (id));
    }

    function mustFail(address who, bytes memory data) internal {
        vm.prank(who);
        (bool ok,) = address(subs).call(data);
        vm.assertTrue(!ok, "refused");
    }

    function permitOf(uint256 actor, uint256 amount) internal view returns (Permit memory) {
        return signPermit(usd, FIRST_KEY + actor, address(subs), amount, block.timestamp);
    }

    function waitUntil(uint256 time) internal {
        if (block.timestamp < time) vm.warp(time);
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a : b;
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function allowAll(uint256 actor) internal {
        vm.prank(actors[actor]);
        usd.approve(address(subs), type(uint256).max);
    }
}
