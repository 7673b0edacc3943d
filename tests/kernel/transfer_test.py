#!/usr/bin/env python3
"""A credential that is passed on: the guest hears of its new owner as soon as that is final, and not before; the old one has no rights left."""
import re
import unittest

from scenario import Failed, Scenario, wait_until


class Transfer(Scenario):
    settings = {"finality": "latest+4"}

    def statement(self, number: int) -> str:
        return bytes.fromhex(self.world.machine_of(number)["guest"]["statement"].removeprefix("0x")).decode().lower()

    def names(self, number: int, address: str) -> bool:
        return address.lower() in self.statement(number)

    def pass_on(self, number: int, old: str, new: str) -> int:
        """-> the block that holds it."""
        chain = self.world.chain
        chain.call("anvil_impersonateAccount", old)
        selector = chain.call("web3_sha3", "0x" + b"transferFrom(address,address,uint256)".hex())[:10]
        words = "".join(f"{int(value, 16) if isinstance(value, str) else value:064x}" for value in (old, new, number))
        sent = chain.call("eth_sendTransaction", {"from": old, "to": self.world.credential, "data": selector + words, "gas": hex(300_000)})
        receipt = wait_until("it is mined", lambda: chain.call("eth_getTransactionReceipt", sent), 20)
        self.assertEqual(receipt["status"], "0x1")
        return int(receipt["blockNumber"], 16)

    def test_the_guest_hears_of_the_new_owner_once_that_is_final(self) -> None:
        world = self.world
        alice, bob = world.wallet("alice"), world.wallet("bob")
        old, new = (world.buyer("address", key)["address"] for key in (alice, bob))
        number = world.buy(alice, days=10)
        world.wait_state(number, "active", 60)
        wait_until("the guest has a statement", lambda: world.sequence_of(number) > 0, 30)
        before = world.sequence_of(number)
        self.assertTrue(self.names(number, old))
        block = self.pass_on(number, old, new)

        def hears() -> bool:
            text = self.statement(number)
            if new.lower() not in text:
                return False
            # Its own word about when: never on the strength of a block that may still be replaced.
            [final] = [chain["final"]["height"] for chain in world.blockhost("status")["chains"] if chain["instance"] == "local"]
            self.assertGreaterEqual(final, block)
            return True
        # Renewals are five minutes apart: the transfer itself is the cause.
        wait_until("the guest hears of the new owner", hears, 60)
        self.assertFalse(self.names(number, old), "the old owner is named no more")
        self.assertGreater(world.sequence_of(number), before, "an older statement is not taken any more")
        [height] = re.findall(r"^height: (\d+)$", self.statement(number), re.MULTILINE)
        self.assertGreaterEqual(int(height), block)
        wait_until("the host knows the owner", lambda: world.subscription(number)["owner"].lower() == new.lower(), 30)

        # What belongs to the owner: the right to cancel, and what comes back.
        with self.assertRaises(Failed):
            world.buyer("cancel", alice, id=number)
        self.assertTrue(world.runs(number))
        self.end(bob, number)
        self.assertEqual(world.credit(alice), 0)
        self.assertGreater(world.credit(bob), 0)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main(verbosity=2)
