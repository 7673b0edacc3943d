#!/usr/bin/env python3
"""Seeded samples of faults on a host with real VMs: blockhostd is killed at one boundary of a subscription's life and, before it is back, so many
blocks of the chain are replaced. (All boundaries with all faults, in memory: tests/kill.)

Each life is bought, delivered, suspended at its expiry, extended, cancelled and ended. Afterwards everything was there once, the books add up and nothing
is left. The seed is printed; SAMPLES_SEED=N runs the same samples again.
"""
import argparse
import os
import random
import signal
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "nodes")]
import snapshot  # noqa: E402
from chains import Anvil  # noqa: E402
from demo import Screen, check_books, expect, guest_image, take_snapshot  # noqa: E402
from dying import every_time  # noqa: E402
from processes import Failed, wait_until  # noqa: E402
from survive_test import DyingWorld, check_each_once  # noqa: E402

DAY = 86400
RULE = 3  # finality: so many blocks on top
DEEP = 64
DEPTHS = [1, 2, RULE, RULE + 1, DEEP]
PATIENCE = 300
EXPIRY_PATIENCE = 30  # a delivery that was mined again later expires later


class Sample:
    """One life, and what happens to it."""

    def __init__(self, world: DyingWorld, plan: int, key: str, boundary: str | None, depth: int):
        self.world, self.boundary, self.depth = world, boundary, depth
        self.key = key
        self.number = 0
        self.plan = plan
        self.replaced = self.accepted = False

    def live(self) -> None:
        world = self.world
        self.number = int(world.buyer("buy", self.key, plan=self.plan, days=1)["subscription"])
        self.reach_active()
        while not self.reach("suspended", begin=lambda: world.chain.pass_time(DAY + 60), patience=EXPIRY_PATIENCE, must=False):
            pass
        world.buyer("extend", self.key, id=self.number, days=30)
        self.reach_active()
        world.buyer("cancel", self.key, id=self.number)
        self.reach("ended")
        if self.boundary is None:
            return
        if not self.replaced:
            wait_until(f"the life passes {self.boundary}", lambda: not world.processes["blockhostd"].running(), 30)
            self.reach("ended")
        if self.depth == DEEP:
            wait_until("the host says that its final block is gone", lambda: self.look_at_alarms() or self.accepted, 60)
            self.reach("ended")

    def reach(self, state: str, begin=None, patience: float = PATIENCE, must: bool = True) -> bool:
        if begin:
            begin()
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.world.processes["blockhostd"].running():
                self.look_at_alarms()
            elif self.boundary in self.world.passed():
                self.replace_blocks()
            seen = self.world.state_of(self.number)
            if seen == state:
                return True
            if seen == "held":
                raise Failed(f"subscription {self.number} is held, not {state}: {self.world.subscription(self.number).get('reason')}")
            time.sleep(0.2)
        expect(not must, f"subscription {self.number} is {state} in {patience:.0f} s, not {self.world.state_of(self.number)}")
        return False

    def reach_active(self) -> None:
        while True:
            self.reach("active")
            try:
                check_each_once(self.world, [self.number])
                return
            except Failed:
                if self.world.processes["blockhostd"].running():
                    raise

    def replace_blocks(self) -> None:
        """It has had its kill: from now on it lives."""
        self.replaced, self.world.dies = True, False
        self.world.chain.fork(self.world.chain.head() - self.depth, again=True)

    def look_at_alarms(self) -> None:
        """Below what was final, the host waits for a person; nothing that runs is taken away meanwhile."""
        try:
            alarms = self.world.blockhost("status")["alarms"]
        except Failed:  # it is not ready, or dying
            return
        if not any(alarm["reason"] == "reorg_below_final" for alarm in alarms):
            return
        try:
            before = self.world.qemus()
            time.sleep(3)  # for what must not happen
            gone = before.items() - self.world.qemus().items()
            expect(not gone, f"nothing is taken away before somebody has looked, but {sorted(name for name, _ in gone)} was")
            self.world.blockhost("chain", "accept-reorg", "local")
            self.accepted = True
        except Failed:
            if self.world.processes["blockhostd"].running():
                raise


def nothing_left(world: DyingWorld, clean: dict) -> None:
    left: list[str] = []

    def gone() -> bool:
        nonlocal left
        left = snapshot.differences(clean, take_snapshot(world))
        return not left
    try:
        wait_until("nothing is left behind", gone, 30, 0.5)
    except Failed:
        raise Failed("left behind: " + "; ".join(left)) from None


def samples(world: DyingWorld, seed: int, count: int, screen: Screen) -> None:
    draw = random.Random(seed)
    plan = world.create_plan(grace=60 * DAY)
    world.start_all()
    world.wait_ready()
    clean = take_snapshot(world)
    keys = [world.wallet(f"sample-{turn}") for turn in range(count)]
    undisturbed = world.wallet("undisturbed")
    world.chain.mine(DEEP + 16)  # what is replaced is never the contracts, and never what the wallets have

    world.start_noting("undisturbed", dies=False)
    Sample(world, plan, undisturbed, None, 0).live()
    noted = world.passed()
    wanted = sorted(every_time(noted))
    screen.done(f"an undisturbed life passes {len(wanted)} boundaries that each one passes")

    for turn in range(count):
        boundary, depth = draw.choice(wanted), DEPTHS[turn % len(DEPTHS)]
        notes = f"sample-{turn}"
        with open(world.path("boundaries", notes), "w") as file:  # it dies at what is not listed: also where only a kill leads
            file.writelines(f"{name}\n" for name in noted if name != boundary)
        world.deaths = 0
        sample = Sample(world, plan, keys[turn], boundary, depth)
        world.start_noting(notes, dies=True)
        try:
            sample.live()
            world.start_noting(None, dies=False)
            world.wait_ready()
            expect(world.mints(sample.number) == 1, f"one credential with token id {sample.number}, not {world.mints(sample.number)}")
            check_books(world)
            nothing_left(world, clean)
        except (Failed, TimeoutError, EOFError) as error:
            raise Failed(f"sample {turn} of seed {seed}, killed at \"{boundary}\" with {depth} blocks replaced: {error}") from error
        screen.done(f"{turn + 1}: killed {world.deaths} times, first at \"{boundary}\", {depth} blocks replaced" + (", accepted by the operator" if sample.accepted else ""))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--count", type=int, default=20)
    options = arguments.parse_args()
    seed = int(os.environ.get("SAMPLES_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {seed}", flush=True)
    screen, world, failed = Screen(), None, True
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        world = DyingWorld(options.build, guest_image(options.build, screen), {"finality": f"latest+{RULE}"}, chain=Anvil)
        world.install()
        world.spaces.make()
        world.start_chain()
        world.deploy()
        samples(world, seed, options.count, screen)
        failed = False
    except (Failed, TimeoutError, EOFError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
    finally:
        kept = world.close(keep_logs=failed) if world is not None else None
        if kept:
            print(f"logs: {kept}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
