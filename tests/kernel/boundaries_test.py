#!/usr/bin/env python3
"""blockhostd killed at every boundary that a way of life passes, against a real chain node and the real chain plugin.

Each way is gone once without a kill, to learn its boundaries; then again, with a kill the first time a boundary is passed, until each had one.
"""
import os
import sys
import unittest
from collections.abc import Callable

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
from dying import Dying, every_time  # noqa: E402
from scenario import DAY, PRICE, Failed, MemoryWorld, Scenario, wait_until  # noqa: E402

GRACE = WINDOW = 3600
MOST_ROUNDS = 3  # with kills: the way that one kill opens may leave out another boundary
Act = Callable[[str, int], None]


class DyingWorld(Dying, MemoryWorld):
    pass


class Boundaries(Scenario):
    world_class = DyingWorld
    settings = {"timing": {"create_deadline_s": 10}}  # an interrupted create may appear for twice as long, and cleaning waits for it
    world: DyingWorld

    def act_when(self, number: int, state: str, act: Callable[[], None] | None = None) -> None:
        """Waits for a state, starting a killed daemon again, and acts."""
        wait_until(f"subscription {number} is {state}", lambda: self.world.state_of(number) == state, 90, 0.05)
        if act is not None:
            act()

    def it_waits_for_its_guest(self, number: int) -> None:
        def waits() -> bool:
            self.world.revive()
            try:
                return any(job["step"] == "reach" and job["state"] == "waiting" for job in self.world.subscription(number)["jobs"])
            except Failed:  # the daemon does not answer yet
                return False
        wait_until("its VM was started and is waited for", waits, 60)

    def go(self, way: Callable[[str, int], int | None], **buy) -> None:
        key = self.world.wallet()
        number = self.world.buy(key, **buy)
        way(key, number)
        self.act_when(number, "ended")
        self.world.books()
        self.left_nothing()

    def left_nothing(self) -> None:
        def gone() -> bool:
            self.world.revive()
            try:
                return not self.world.left_behind()
            except Failed:  # the daemon does not answer yet
                return False
        wait_until("nothing is left behind", gone, 30)

    def check(self, way: Act, minted: int, **buy) -> None:
        """Goes a way without and with kills; `minted`: credentials each time."""
        world, name = self.world, self.id().rsplit(".", 1)[-1]
        bought = []
        remember = world.buy
        world.buy = lambda *words, **options: bought.append(remember(*words, **options)) or bought[-1]
        self.addCleanup(delattr, world, "buy")
        self.addCleanup(world.start_noting, None, dies=False)

        world.start_noting(f"{name}-undisturbed", dies=False)
        self.go(way, **buy)
        wanted = every_time(world.passed())
        world.deaths = 0
        world.start_noting(f"{name}-killed", dies=True)
        for _ in range(MOST_ROUNDS):
            self.go(way, **buy)
            if wanted <= world.passed():
                break
        self.assertEqual(wanted - world.passed(), set(), "every boundary had its kill")
        self.assertGreaterEqual(world.deaths, len(wanted))
        self.assertEqual([world.mints(number) for number in bought], [minted] * len(bought))
        print(f"{name}: {world.deaths} kills at {len(world.passed())} boundaries", flush=True)

    def test_expiry_extension_and_end(self) -> None:
        world = self.world

        def way(key: str, number: int) -> None:
            self.act_when(number, "active", lambda: world.chain.pass_time(DAY + 60))
            self.act_when(number, "suspended", lambda: world.buyer("extend", key, id=number, days=1))
            self.act_when(number, "active", lambda: world.chain.pass_time(DAY))
            self.act_when(number, "suspended", lambda: world.chain.pass_time(GRACE + 60))
        self.check(way, minted=1)

    def test_cancelled_by_the_owner(self) -> None:
        self.check(lambda key, number: self.act_when(number, "active", lambda: self.world.buyer("cancel", key, id=number)), minted=1)

    def test_powered_off_from_inside(self) -> None:
        world = self.world

        def way(key: str, number: int) -> None:
            self.act_when(number, "active", world.power_off_inside)
            wait_until("it runs again", lambda: world.state_of(number) == "active" and world.machine_of(number)["guest"]["boots"] == 2, 60)
            world.buyer("cancel", key, id=number)
        self.check(way, minted=1)

    def test_a_request_that_does_not_open_is_declined(self) -> None:
        self.check(lambda key, number: None, minted=0, **{"break": "garbage"})

    def test_a_guest_that_never_answers_is_declined_in_time(self) -> None:
        world = self.world
        world.hypervisor.set(guest_silent_for=1_000_000)
        self.addCleanup(world.hypervisor.set, guest_silent_for=0)

        def way(key: str, number: int) -> None:
            self.it_waits_for_its_guest(number)
            world.chain.pass_time(WINDOW * 85 // 100)
        self.check(way, minted=0)

    def test_a_refund_that_is_first(self) -> None:
        world = self.world
        world.hypervisor.set(guest_silent_for=1_000_000)
        self.addCleanup(world.hypervisor.set, guest_silent_for=0)

        def way(key: str, number: int) -> None:
            self.it_waits_for_its_guest(number)
            # The host declines by itself at 80 % of the window: stopped, it misses that, and the buyer is first.
            world.stop_blockhostd()
            world.chain.pass_time(WINDOW + 60)
            world.buyer("refund", key, id=number)
            self.assertEqual(world.credit(key), PRICE)
            world.start("blockhostd")
        self.check(way, minted=0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
