// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessCredentialNFT} from "../../src/AccessCredentialNFT.sol";
import {BlockHostSubscription} from "../../src/BlockHostSubscription.sol";
import {SubscriptionState} from "../../src/interfaces/ViewTypes.sol";
import {Pusher} from "./Actors.sol";
import {TestToken} from "./Tokens.sol";
import {vm} from "./Vm.sol";

/// Does random but permitted things: each call looks for a subscription it applies to, starting at a random one, and
/// waits on the chain's clock where waiting helps. It keeps its own books, computed without the contract.
contract Handler {
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
    }

    uint256 internal constant MAX_SUBSCRIPTIONS = 10;
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
            actors[i] = vm.addr(1000 + i);
            vm.deal(actors[i], 1e9 ether);
            usd.mint(actors[i], 1e30);
            vm.prank(actors[i]);
            usd.approve(address(subs), type(uint256).max);
        }
        vm.deal(address(this), 1e9 ether);
    }

    function book(uint256 id) external view returns (Book memory) {
        return books[id];
    }

    function count() public view returns (uint256) {
        return subs.lastSubscriptionId();
    }

    // ---- what happens

    function purchase(uint256 seed, uint256 numDays, bool native) external {
        if (count() >= MAX_SUBSCRIPTIONS) return;
        numDays = 1 + numDays % 60;
        address buyer = actors[seed % 3];
        address token = native ? NATIVE : address(usd);
        (, bool accepted) = subs.price(1, token);
        if (!accepted) return;
        uint256 amount = subs.quote(1, numDays, token);
        vm.prank(actors[(seed >> 8) % 3]);
        uint256 id = subs.purchase{value: native ? amount + seed % 7 : 0}(
            1, numDays, token, amount, block.timestamp, buyer, REQUEST
        );
        paid[token] += amount;
        Book storage b = books[id];
        b.order = keccak256(abi.encode(buyer, 1, numDays * 86400, token, amount, keccak256(REQUEST)));
        b.paidSeconds = numDays * 86400;
        b.purchasedAt = block.timestamp;
        ++done["purchase"];
    }

    function deliver(uint256 seed) external {
        uint256 id = find(seed, isOpen);
        if (id == 0) return;
        Book storage b = books[id];
        vm.prank(agent);
        subs.deliver(id, b.order, block.timestamp, "sealed", 0);
        b.expiresAt = block.timestamp + b.paidSeconds;
        b.creditedUntil = block.timestamp;
        ++done["deliver"];
    }

    function decline(uint256 seed) external {
        uint256 id = find(seed, isOpen);
        if (id == 0 || seed % 4 != 0) return;
        vm.prank(agent);
        subs.decline(id, books[id].order, "reason");
        books[id].ended = true;
        ++done["decline"];
    }

    function refund(uint256 seed) external {
        uint256 id = find(seed, isOpen);
        if (id == 0 || seed % 4 != 0) return;
        bool byBuyer = seed & 16 == 0;
        waitUntil(books[id].purchasedAt + window + (byBuyer ? 1 : 30 days + 1));
        vm.prank(byBuyer ? subs.subscription(id).buyer : operator);
        subs.refund(id);
        books[id].ended = true;
        ++done["refund"];
    }

    function extend(uint256 seed, uint256 numDays, bool changeToken) external {
        uint256 id = find(seed, isLive);
        if (id == 0) return;
        if (changeToken && seed % 2 == 0) waitUntil(books[id].expiresAt);
        SubscriptionState memory s = subs.subscription(id);
        numDays = 1 + numDays % 60;
        address token = s.token;
        address payer = actors[seed % 3];
        if (s.unearned == 0 && changeToken) {
            token = token == NATIVE ? address(usd) : NATIVE;
            payer = s.owner;
        }
        (uint256 perDay, bool accepted) = subs.price(1, token);
        if (!accepted && s.unearned == 0) return;
        if (max(s.expiresAt, block.timestamp) + numDays * 86400 > block.timestamp + 3650 days) return;
        uint256 amount = perDay * numDays;
        vm.prank(payer);
        subs.extend{value: token == NATIVE ? amount : 0}(id, numDays, token, amount, block.timestamp);
        paid[token] += amount;
        Book storage b = books[id];
        b.expiresAt = max(b.expiresAt, block.timestamp) + numDays * 86400;
        b.paidSeconds += numDays * 86400;
        ++done[token == s.token ? bytes32("extend") : bytes32("extend, other token")];
    }

    function cancel(uint256 seed, bool byOperator) external {
        uint256 id = find(seed, isLive);
        if (id == 0 || seed % 3 != 0) return;
        SubscriptionState memory s = subs.subscription(id);
        uint256 before = subs.credit(s.token, s.owner);
        vm.prank(byOperator ? operator : s.owner);
        subs.cancel(id);
        vm.assertEq(subs.credit(s.token, s.owner) - before, s.unearned, "the unearned part, always");
        Book storage b = books[id];
        b.cancelled = true;
        b.byOperator = byOperator;
        if (block.timestamp < b.expiresAt) b.expiresAt = block.timestamp;
        ++done["cancel"];
    }

    function creditTime(uint256 seed, uint256 from, uint256 length) external {
        uint256 id = find(seed, isLive);
        if (id == 0) return;
        Book storage b = books[id];
        uint256 most = min(block.timestamp - b.creditedUntil, b.paidSeconds - b.credited);
        if (most == 0) return;
        length = 1 + length % most;
        from = b.creditedUntil + from % (block.timestamp - b.creditedUntil - length + 1);
        vm.prank(agent);
        subs.creditTime(id, from, from + length);
        b.creditedUntil = from + length;
        b.credited += length;
        b.expiresAt = max(b.expiresAt, block.timestamp) + length;
        ++done["creditTime"];
    }

    function close(uint256 seed) external {
        uint256 id = find(seed, isClosable);
        if (id == 0) return;
        Book storage b = books[id];
        if (!b.cancelled || b.byOperator) waitUntil(b.expiresAt + grace + 1);
        vm.prank(agent);
        subs.close(id);
        b.closed = true;
        ++done["close"];
    }

    function burn(uint256 seed) external {
        uint256 id = find(seed, isBurnable);
        if (id == 0) return;
        vm.prank(agent);
        subs.burn(id);
        books[id].burned = true;
        ++done["burn"];
    }

    function transfer(uint256 seed) external {
        uint256 id = find(seed, isLive);
        if (id == 0) return;
        address owner = nft.ownerOf(id);
        vm.prank(owner);
        nft.transferFrom(owner, actors[seed % 3], id);
        ++done["transfer"];
    }

    function claim(uint256 seed, bool native, bool byOther) external {
        address token = native ? NATIVE : address(usd);
        for (uint256 i = 0; i < 3; ++i) {
            address who = actors[(seed % 3 + i) % 3];
            uint256 credit = subs.credit(token, who);
            if (credit == 0) continue;
            if (byOther) {
                subs.claimFor(token, who);
            } else {
                vm.prank(who);
                subs.claim(token, vm.addr(77));
            }
            claimed[token] += credit;
            ++done["claim"];
            return;
        }
    }

    function withdraw(uint256 seed, bool native) external {
        address token = native ? NATIVE : address(usd);
        uint256[] memory ids = new uint256[](1 + seed % (MAX_SUBSCRIPTIONS + 2));
        for (uint256 i = 0; i < ids.length; ++i) {
            ids[i] = (seed >> 8) % (MAX_SUBSCRIPTIONS + 2) + i;
        }
        withdrawn[token] += subs.withdraw(token, ids);
        ++done["withdraw"];
    }

    function changePrice(uint256 seed, bool native, bool offSale) external {
        if (seed % 5 != 0) return;
        vm.prank(operator);
        subs.setPrice(1, native ? NATIVE : address(usd), offSale ? 0 : 1 + seed % 1e18);
        ++done["changePrice"];
    }

    function donate(uint256 seed, bool native) external {
        if (seed % 8 != 0) return;
        uint256 amount = 1 + seed % 1e18;
        if (native) new Pusher{value: amount}(payable(address(subs)));
        else usd.mint(address(subs), amount);
        donated[native ? NATIVE : address(usd)] += amount;
        ++done["donate"];
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + time % 20 days);
    }

    // ---- where it applies

    function isOpen(Book storage b) internal view returns (bool) {
        return b.expiresAt == 0 && !b.ended;
    }

    function isLive(Book storage b) internal view returns (bool) {
        return b.expiresAt != 0 && !b.cancelled && !b.closed;
    }

    function isClosable(Book storage b) internal view returns (bool) {
        return b.expiresAt != 0 && !b.closed;
    }

    function isBurnable(Book storage b) internal view returns (bool) {
        return b.closed && !b.burned;
    }

    function find(uint256 seed, function(Book storage) internal view returns (bool) fits)
        private
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

    function waitUntil(uint256 time) private {
        if (block.timestamp < time) vm.warp(time);
    }

    function max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
