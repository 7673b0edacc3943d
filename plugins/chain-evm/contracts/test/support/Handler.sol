// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlockHostSubscription} from "../../src/BlockHostSubscription.sol";
import {Permit} from "../../src/interfaces/Permit.sol";
import {SubscriptionState} from "../../src/interfaces/ViewTypes.sol";
import {Pusher} from "./Actors.sol";
import {Books} from "./Books.sol";
import {TestToken} from "./Tokens.sol";
import {vm} from "./Vm.sol";

/// Does random but permitted things: each call looks for a subscription it applies to, starting at a random one, and
/// waits on the chain's clock where waiting helps. It keeps its own books.
contract Handler is Books {
    constructor(
        BlockHostSubscription subs_,
        TestToken usd_,
        address operator_,
        address agent_,
        address treasury_,
        uint256 window_,
        uint256 grace_
    ) Books(subs_, usd_, operator_, agent_, treasury_, window_, grace_) {}

    function purchase(uint256 seed, uint256 numDays, bool native) external {
        if (count() >= MAX_SUBSCRIPTIONS) return;
        numDays = 1 + numDays % 60;
        address buyer = actors[seed % 3];
        address token = native ? NATIVE : address(usd);
        (, bool accepted) = subs.price(1, token);
        if (!accepted) return;
        uint256 amount = subs.quote(1, numDays, token);
        uint256 id;
        if (!native && seed & 32 == 0) {
            Permit memory permit = permitOf((seed >> 8) % 3, amount);
            vm.prank(actors[(seed >> 8) % 3]);
            id = subs.purchaseWithPermit(1, numDays, token, amount, block.timestamp, buyer, REQUEST, permit);
            allowAll((seed >> 8) % 3);
            ++done["purchaseWithPermit"];
        } else {
            vm.prank(actors[(seed >> 8) % 3]);
            id = subs.purchase{value: native ? amount + seed % 7 : 0}(
                1, numDays, token, amount, block.timestamp, buyer, REQUEST
            );
        }
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
        subs.deliver(id, b.order, block.timestamp, abi.encode(seed), 0);
        b.owner = subs.subscription(id).buyer;
        b.seal = keccak256(abi.encode(seed));
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
        if (token != NATIVE && payer == actors[seed % 3] && seed & 48 != 0) {
            Permit memory permit = permitOf(seed % 3, amount);
            vm.prank(payer);
            subs.extendWithPermit(id, numDays, token, amount, block.timestamp, permit);
            allowAll(seed % 3);
            ++done["extendWithPermit"];
        } else {
            vm.prank(payer);
            subs.extend{value: token == NATIVE ? amount : 0}(id, numDays, token, amount, block.timestamp);
        }
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
        (books[id].burned, books[id].owner, books[id].user) = (true, address(0), address(0));
        ++done["burn"];
    }

    function transfer(uint256 seed) external {
        uint256 id = find(seed, isLive);
        if (id == 0) return;
        address owner = nft.ownerOf(id);
        vm.prank(owner);
        nft.transferFrom(owner, actors[seed % 3], id);
        (books[id].owner, books[id].user) = (actors[seed % 3], address(0));
        ++done["transfer"];
    }

    function lend(uint256 seed) external {
        uint256 id = find(seed, isLive);
        if (id == 0) return;
        address user = vm.addr(2000 + seed % 5);
        vm.prank(books[id].owner);
        nft.setUser(id, user, type(uint64).max);
        books[id].user = user;
        ++done["lend"];
    }

    function reseal(uint256 seed) external {
        uint256 id = find(seed, isMinted);
        if (id == 0) return;
        vm.prank(agent);
        subs.update(id, books[id].owner, abi.encode(seed, seed));
        books[id].seal = keccak256(abi.encode(seed, seed));
        ++done["reseal"];
    }

    function setAdmin(uint256 seed) external {
        if (seed % 4 != 0) return;
        admin = actors[(seed >> 4) % 3];
        vm.prank(operator);
        nft.setAdmin(admin, abi.encode(seed));
        ++done["setAdmin"];
    }

    /// Calls that nobody may make in the state that this id is in: each must be refused, by whoever it is sent.
    function intrude(uint256 seed) external {
        uint256 id = count() == 0 ? 1 : 1 + seed % count();
        Book storage b = books[id];
        bool open = b.order != 0 && isOpen(b);
        address stranger = vm.addr(3000);
        bytes[] memory calls = forbidden(id, b.order);
        for (uint256 i = 0; i < calls.length; ++i) {
            // deliver, decline: the agent only while it is open; then those of a live one; close; burn.
            mustFail(stranger, calls[i]);
            mustFail(operator, calls[i]);
            if (i < 2 ? !open : i == 2 ? !isLive(b) : i == 3 ? b.closed || b.expiresAt == 0 : !isBurnable(b)) {
                mustFail(agent, calls[i]);
            }
        }
        mustFail(stranger, abi.encodeCall(subs.cancel, (id)));
        if (!isLive(b) && b.owner != address(0)) mustFail(b.owner, abi.encodeCall(subs.cancel, (id)));
        if (!open || block.timestamp <= b.purchasedAt + window + 30 days) {
            mustFail(stranger, abi.encodeCall(subs.refund, (id)));
        }
        if (!open || block.timestamp <= b.purchasedAt + window) {
            mustFail(subs.subscription(id).buyer, abi.encodeCall(subs.refund, (id)));
        }
        ++done["intrude"];
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
}
