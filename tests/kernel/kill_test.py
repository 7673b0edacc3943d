#!/usr/bin/env python3
"""Daemons killed at random times while orders are bought, expire, are extended, cancelled and end; afterwards everything is there once or not at all.

The seed is printed; KILL_SEED=N runs it again.
"""
import os
import random
import time
import unittest

from scenario import DAY, Failed, Scenario, wait_until

KILLS = 30
SPAN = 0.9  # a kill falls within so many seconds after the start before it


class Kills(Scenario):
    def setUp(self) -> None:
        self.seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(2**32))
        print(f"seed {self.seed}", flush=True)
        self.random = random.Random(self.seed)

    def kill_sometime(self, names: list[str]) -> None:
        time.sleep(self.random.uniform(0, SPAN))  # the random moment, not a wait for something
        for name in names:
            self.world.processes[name].kill()
        for name in names:
            self.world.start(name)

    def steps(self) -> dict[int, object]:
        """What buyers do, by the number of kills before it."""
        world, keys, bought = self.world, self.keys, self.bought

        def buy(count: int) -> None:
            for _ in range(count):
                keys.append(world.wallet())
                bought.append(world.buy(keys[-1], days=2))

        def all_active(numbers: list[int]) -> None:
            # Without kills meanwhile: a day must not pass over orders that are not delivered.
            for number in numbers:
                world.wait_state(number, "active", 60)

        def expire() -> None:
            all_active(bought)
            world.chain.pass_time(2 * DAY + 60)

        def extend_some() -> None:
            for index in (0, 1):
                world.buyer("extend", keys[index], id=bought[index], days=30)
            buy(1)

        def cancel() -> None:
            all_active([bought[4]])
            world.buyer("cancel", keys[4], id=bought[4])

        return {0: lambda: buy(3), 7: lambda: buy(1), 9: expire, 13: extend_some, 18: cancel, 21: lambda: world.chain.pass_time(3600 + 60), 22: lambda: buy(1)}

    def test_random_kills(self) -> None:
        world = self.world
        self.keys, self.bought = [], []
        steps = self.steps()
        for count in range(KILLS):
            if count in steps:
                steps[count]()
            also = self.random.choice([[], [], [], ["signer"], ["netd"], ["launcher"]])
            self.kill_sometime([*also, "blockhostd"])
        for index in (0, 1, 5):
            world.wait_state(self.bought[index], "active", 90)
        for index in (2, 3, 4):
            world.wait_state(self.bought[index], "ended", 90)
        self.assert_each_once([self.bought[index] for index in (0, 1, 5)], [self.bought[index] for index in (2, 3, 4)])
        for index in (0, 1, 5):
            world.buyer("cancel", self.keys[index], id=self.bought[index])
        for index in (0, 1, 5):
            world.wait_state(self.bought[index], "ended", 90)
        self.assert_nothing_left()
        world.books()

    def assert_each_once(self, active: list[int], ended: list[int]) -> None:
        world = self.world
        wanted = sorted(f"subscription:{number}" for number in active)
        wait_until("what ended is gone", lambda: len(world.machines()) == len(active), 20)
        self.assertEqual(sorted(machine["vm"]["tags"]["subject"] for machine in world.machines()), wanted, "one VM each")
        self.assertEqual([machine["vm"]["state"] for machine in world.machines()], ["running"] * len(active))
        self.assertEqual(sorted(stored["volume"]["tags"]["subject"] for stored in world.volumes()), wanted, "one volume each")
        addresses = [machine["vm"]["address"] for machine in world.machines()]
        self.assertEqual(len(set(addresses)), len(active), "one address each")
        self.assertEqual(sorted(world.subscription(number)["address"] for number in active), sorted(addresses))
        self.assertEqual(len(world.taps()), len(active), "one tap each")
        for number in active:  # token id = subscription id, and it opens to its buyer
            details = world.buyer("open", self.keys[self.bought.index(number)], id=number)
            self.assertEqual(details["hostname"], world.subscription(number)["address"])
        for number in ended:
            with self.assertRaises(Failed):
                world.buyer("open", self.keys[self.bought.index(number)], id=number)
        world.books()
        status = world.blockhost("status")
        self.assertEqual(status["vms"], len(active))
        self.assertEqual(status["parked"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
