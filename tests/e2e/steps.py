"""What the demo and the tests beside it say, look at and expect."""
import time

import snapshot
from processes import Failed
from world import World

DAY = 86400
GRACE = 3600  # longer than a suspension takes: with none, an expired VM is closed at once


class Screen:
    """Progress for a person: one line a step, with the time it took, and the table at the end."""

    def __init__(self):
        self.began = self.last = time.monotonic()
        self.steps: list[tuple[str, float]] = []

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)

    def done(self, text: str) -> None:
        now = time.monotonic()
        self.steps.append((text, now - self.last))
        self.last = now
        self.say(text)

    def state(self, shown: dict) -> None:
        self.say(f"  subscription {shown.get('subscription', '?')}: {shown['state']}" + (f" ({shown['reason']})" if shown.get("reason") else ""))


def take_snapshot(world: World) -> dict:
    addresses = [vm["address"] for vm in world.blockhost("vm", "list")["vms"]]
    return snapshot.take(world.inside, world.root, world.path("pool"), world.path("run"), addresses)


def expect_clean(world: World, before: dict) -> None:
    left = snapshot.differences(before, take_snapshot(world))
    expect(not left, "nothing is left behind; " + "; ".join(left))


def stage_table(shown: dict) -> None:
    print("\n  stage               after purchase was mined")
    began = shown["timeline"][0]["at_ms"]
    for stage in shown["timeline"]:
        print(f"  {stage['stage']:<18}  {(stage['at_ms'] - began) / 1000:8.1f} s")
    print(flush=True)


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise Failed(f"expected: {what}")


def check_books(world: World) -> None:
    books = {name: int(value) for name, value in world.buyer("books", world.operator_key).items()}
    total = sum(books[name] for name in ("undelivered", "unearned", "earned", "credits"))
    expect(books["balance"] == total, f"the contract's balance equals its books, not {books}")
