"""Measures the release build: rows of name, value, unit and peer, as a table and as JSON."""
import argparse
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
from demo import Screen, guest_image  # noqa: E402
from processes import Failed  # noqa: E402
from world import World  # noqa: E402

PURCHASES = 10
IDLE_SECONDS = 60
STAGES = ["mined", "seen", "final", "volume", "started", "reachable", "deliver_sent", "deliver_final", "active"]


class Rows:
    def __init__(self):
        self.rows: list[dict] = []

    def add(self, name: str, value: float, unit: str, peer: str = "") -> None:
        self.rows.append({"name": name, "value": round(value, 3), "unit": unit, "peer": peer})

    def print(self) -> None:
        width = max(len(row["name"]) for row in self.rows)
        for row in self.rows:
            print(f"{row['name']:<{width}}  {row['value']:>12.3f} {row['unit']:<5} {row['peer']}")


def host(build: str, screen: Screen) -> tuple[World, int]:
    world = World(build, guest_image(build, screen))
    try:
        world.install()
        world.spaces.make()
        world.start_chain()
        world.deploy()
        plan = world.create_plan()
        world.start_all()
        world.wait_ready()
    except BaseException:
        world.close(keep_logs=False)
        raise
    return world, plan


def ours_and_others(stage: dict[str, int]) -> tuple[float, float, float]:
    """(ours, guest's boot, waits for blocks) in seconds, of one purchase."""
    boot = stage["reachable"] - stage["started"]
    blocks = (stage["final"] - stage["seen"]) + (stage["deliver_final"] - stage["deliver_sent"])
    return (stage["active"] - stage["mined"] - boot - blocks) / 1000, boot / 1000, blocks / 1000


def purchase(build: str, rows: Rows, screen: Screen) -> None:
    """One purchase after the other: block time 1 s, rule latest+2; times from the journal."""
    world, plan = host(build, screen)
    try:
        key = world.wallet("buyer")
        timelines = []
        for i in range(PURCHASES):
            number = int(world.buyer("buy", key, plan=plan, days=1)["subscription"])
            shown = world.wait_state(number, "active", 300)
            timelines.append({stage["stage"]: stage["at_ms"] for stage in shown["timeline"]})
            world.buyer("cancel", key, id=number)
            world.wait_state(number, "ended", 240)
            screen.done(f"purchase {i + 1} of {PURCHASES}")
        for stage in STAGES[1:]:
            spans = [(line[stage] - line["mined"]) / 1000 for line in timelines]
            rows.add(f"purchase: mined to {stage}, median", statistics.median(spans), "s")
            rows.add(f"purchase: mined to {stage}, worst", max(spans), "s")
        for name, values in zip(("ours (target < 3)", "cold boot to ssh banner (target < 15)", "waits for blocks"), zip(*map(ours_and_others, timelines))):
            rows.add(f"purchase: {name}, median", statistics.median(values), "s")
            rows.add(f"purchase: {name}, worst", max(values), "s")
    finally:
        world.close(keep_logs=False)


def resident(pid: int) -> dict[str, float]:
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in file if line.startswith(("Rss", "Pss:"))}


def memory(build: str, rows: Rows, screen: Screen) -> None:
    """Resident size of each daemon, idle, with four plugins and one VM."""
    world, plan = host(build, screen)
    try:
        number = int(world.buyer("buy", world.wallet("buyer"), plan=plan, days=30)["subscription"])
        world.wait_state(number, "active", 300)
        screen.say(f"waiting {IDLE_SECONDS} s, idle")
        time.sleep(IDLE_SECONDS)
        for name, process in world.processes.items():
            for kind, mib in resident(process.pid).items():
                rows.add(f"memory: {name} {kind}" + (" (target < 25)" if name == "blockhostd" else ""), mib, "MiB")
    finally:
        world.close(keep_logs=False)


def size(build: str, rows: Rows, screen: Screen) -> None:
    """Sizes of what is installed."""
    for name in sorted(os.listdir(os.path.join(build, "bin"))):
        rows.add(f"size: {name}", os.path.getsize(os.path.join(build, "bin", name)) / 2**20, "MiB")
    for name in sorted(os.listdir(os.path.join(build, "plugins"))):
        library = os.path.join(build, "plugins", name, "plugin.so")
        if os.path.exists(library):
            rows.add(f"size: {name}", os.path.getsize(library) / 2**20, "MiB")


BENCHES = {"purchase": purchase, "memory": memory, "size": size}


def main() -> int:
    arguments = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    arguments.add_argument("--build", required=True, help=argparse.SUPPRESS)
    arguments.add_argument("name", nargs="?", choices=sorted(BENCHES))
    arguments.add_argument("--json", metavar="FILE", help="write the rows to FILE, too")
    given = arguments.parse_args()
    rows, screen = Rows(), Screen()
    try:
        for name, bench in BENCHES.items():
            if given.name in (None, name):
                bench(given.build, rows, screen)
    except Failed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    rows.print()
    if given.json:
        with open(given.json, "w") as file:
            json.dump(rows.rows, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
