#!/usr/bin/env python3
"""The life of purchases on contracts with the ABI of existing deployments, which can't decline, close or burn: served, held, ended, and a kill at every boundary."""
import unittest

import boundaries_test
from legacy_world import GRACE_DAYS, DyingLegacyWorld, LegacyWorld
from scenario import DAY, Failed, Scenario, wait_until

GRACE = GRACE_DAYS * DAY


class Legacy(Scenario):
    world_class = LegacyWorld
    world: LegacyWorld

    def alarms(self) -> list[str]:
        return [f"{alarm['subject']} {alarm['reason']}" for alarm in self.world.blockhost("status")["alarms"] if alarm["subject"].startswith("subscription:")]

    def wait_held(self, number: int) -> dict:
        shown: dict = {}

        def held() -> bool:
            try:
                shown.update(self.world.subscription(number))
            except Failed:  # not seen yet
                return False
            return shown["state"] == "held"
        wait_until("it is held", held, 60)
        return shown

    def end_by_operator(self, number: int) -> None:
        self.world.cancel(number)
        wait_until(f"subscription {number} has ended", lambda: self.world.subscription(number)["state"] == "ended", 60)

    def test_purchase_mint_expiry_extension_and_end(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        number = world.buy(alice)
        shown = world.wait_state(number, "active", 60)
        self.assertEqual(world.machine_of(number)["vm"]["state"], "running")
        self.assertEqual(len(world.machines()), 1, "what another program sold has no VM here")
        with self.assertRaises(Failed):
            world.subscription(1)
        [token] = world.tokens_of(alice)
        self.assertEqual(world.open(alice, token), {"hostname": shown["address"], "port": 22, "username": "user"})
        with self.assertRaises(Failed):
            world.open(world.wallet("eve"), token)
        wait_until("the guest has its owner statement", lambda: world.machine_of(number)["guest"]["sequence"] > 0, 20)
        statement = bytes.fromhex(world.machine_of(number)["guest"]["statement"].removeprefix("0x")).decode()
        self.assertIn(world.buyer("address", alice)["address"].lower(), statement.lower())

        world.chain.pass_time(DAY + 60)
        world.wait_state(number, "suspended", 60)
        self.assertEqual(world.machine_of(number)["vm"]["state"], "stopped")
        world.extend(alice, number)
        world.wait_state(number, "active", 60)
        self.assertEqual(world.machine_of(number)["vm"]["state"], "running")

        world.chain.pass_time(DAY + 60)
        world.wait_state(number, "suspended", 60)
        world.chain.pass_time(GRACE + 60)
        shown = world.wait_state(number, "ended", 90)
        self.assertEqual([job["step"] for job in shown["jobs"] if job["step"] in ("close", "burn", "decline")], [])
        self.assert_nothing_left()
        self.assertEqual(world.tokens_of(alice), [token], "the credential stays, and is the only one")

        # The contract takes money for it even now. The VM is gone, so a person has to know.
        self.assertEqual(self.alarms(), [])
        world.extend(alice, number)
        wait_until("there is an alarm", lambda: self.alarms() == [f"subscription:{number} paid_after_end"], 30)

    def test_the_operator_cancels(self) -> None:
        world = self.world
        bob = world.wallet()
        number = world.buy(bob)
        world.wait_state(number, "active", 60)
        self.end_by_operator(number)
        self.assert_nothing_left()
        self.assertEqual(world.mints(number), 1)

    def test_what_cannot_be_served_is_held_and_never_declined(self) -> None:
        world = self.world
        key = world.wallet()
        number = world.buy(key, **{"break": "garbage"})
        shown = self.wait_held(number)
        self.assertIn("unknown_seal", shown["reason"])
        self.assertIn("refund the buyer by hand", shown["reason"])
        self.assertIn(f"subscription:{number} held", self.alarms())
        self.assertEqual(world.machines(), [])
        [job] = [job for job in shown["jobs"] if job["state"] == "held"]
        with self.assertRaises(Failed) as refused:
            world.blockhost("job", "abandon", str(job["job"]))
        self.assertIn("refund the buyer by hand", str(refused.exception))
        world.chain.pass_time(DAY)
        self.assertEqual(world.subscription(number)["state"], "held")
        self.assertEqual(world.mints(number), 0)
        # Refunded by hand, cancelled by the operator: then it is over.
        self.end_by_operator(number)
        self.assert_nothing_left()
        self.assertNotIn(f"subscription:{number} held", self.alarms())

    def test_blockhostd_is_killed_between_the_mint_and_its_record(self) -> None:
        world = self.world
        key = world.wallet()
        number = world.buy(key)
        wait_until("the mint is mined", lambda: world.mints(number) == 1, 60, 0.01)
        world.processes["blockhostd"].kill()
        world.chain.mine(4)
        world.start("blockhostd")
        world.wait_state(number, "active", 60)
        self.assertEqual(world.mints(number), 1)
        self.end_by_operator(number)
        self.assert_nothing_left()


class Kills(boundaries_test.Boundaries):
    """A kill at every boundary that a life passes."""
    world_class = DyingLegacyWorld
    world: DyingLegacyWorld

    def test_legacy_life(self) -> None:
        world = self.world

        def way(key: str, number: int) -> None:
            self.act_when(number, "active", lambda: world.chain.pass_time(DAY + 60))
            self.act_when(number, "suspended", lambda: world.extend(key, number))
            self.act_when(number, "active", lambda: world.chain.pass_time(DAY))
            self.act_when(number, "suspended", lambda: world.chain.pass_time(GRACE + 60))
        self.check(way, minted=1)


if __name__ == "__main__":
    unittest.main()
