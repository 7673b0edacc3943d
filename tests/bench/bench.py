"""Measures the release build: rows of name, value, unit and peer, as a table and as JSON."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "e2e"))
from demo import Screen, guest_image  # noqa: E402
from load import load  # noqa: E402
from logs import logs, recover  # noqa: E402
from processes import Failed  # noqa: E402
from world import REPO, World  # noqa: E402

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


def examples(build: str, out: str) -> dict[str, str]:
    """Directories of the examples' plugins by name, built as their readers build them; those whose language is not here are left out."""
    built = {}
    for name in ("ipv6-c", "storage-rust"):
        if name == "storage-rust" and shutil.which("cargo") is None:
            continue
        command = ["make", "-s", "-C", os.path.join(REPO, "examples", name), f"OUT={out}/{name}", f"TARGET={build}/examples-target"]
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
        built[f"example {name}"] = os.path.join(out, name)
    return built


def worker(build: str, rows: Rows, screen: Screen) -> None:
    """A plugin in a process of its own (tests/bench/worker.cpp), against the same one in the caller's; and what an idle worker holds."""
    program, libexec = os.path.join(build, "tests", "bench", "bench-worker"), os.path.join(build, "bin")

    def measure(*arguments: str) -> dict:
        done = subprocess.run([program, arguments[0], libexec, *arguments[1:]], text=True, capture_output=True)
        if done.returncode != 0:
            raise Failed(f"bench-worker {' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)
    screen.say("worker: round trips")
    found = measure("trips", os.path.join(build, "plugins", "org.blockhost.probe"))
    rows.add("worker: round trip of a struct verb, median", found["median_us"], "us", "target 25")
    rows.add("worker: round trip of a struct verb, p99", found["p99_us"], "us", "target 150")
    rows.add("worker: round trip of a struct verb, p99.9", found["p999_us"], "us")
    rows.add("worker: started, sandbox closed, plugin loaded and made", found["start_ms"], "ms")
    rows.add("loading: read, hash and look at a plugin's file", found["check_ms"], "ms")
    rows.add("loading: the same and dlopen, in-process", found["load_ms"], "ms")
    rows.add("in-process: struct verb, C function called", found["direct_ns"], "ns")
    rows.add("in-process: what the kernel's port adds to it", found["port_ns"] - found["direct_ns"], "ns", "target 30")
    screen.say("worker: memory of idle instances")
    with tempfile.TemporaryDirectory(prefix="bh-bench-", dir="/var/tmp") as place:
        os.chmod(place, 0o711)
        granted = os.path.join(place, "granted")
        os.mkdir(granted, 0o777)
        os.chmod(granted, 0o777)
        plugins = {**examples(build, place), **{name: os.path.join(build, "plugins", f"org.blockhost.{name}") for name in ("ipv6-static", "storage-dir", "hypervisor-qemu")}}
        configs = {"example ipv6-c": {"pool": "2001:db8:1::/56"}, "example storage-rust": {"path": f"{granted}/rust"},
                   "ipv6-static": {"prefix": "2001:db8:1:2::/64", "mode": "routed", "uplink": "eth0"},
                   "storage-dir": {"path": f"{granted}/pool"}, "hypervisor-qemu": {"state": f"{granted}/vm", "run": f"{granted}/r"}}
        for name, directory in plugins.items():
            found = measure("memory", directory, json.dumps(configs[name]), granted)
            both = (found["plugin_kib"] + found["watcher_kib"]) / 1024
            rows.add(f"worker: private memory, {name}", both, "MiB", "target 4" if name == "example ipv6-c" else "")
            rows.add("  of it the process that watches over it", found["watcher_kib"] / 1024, "MiB")


def wake(build: str, rows: Rows, screen: Screen) -> None:
    """From a mined purchase to its committed row (tests/bench/wake.cpp): a node that tells of its blocks, against polls."""
    screen.say("wake: mined to journalled")
    done = subprocess.run([os.path.join(build, "tests", "bench", "bench-wake")], text=True, capture_output=True)
    found = next((line for line in done.stdout.splitlines() if line.startswith("{")), None)
    if done.returncode != 0 or found is None:
        raise Failed(f"bench-wake: {done.stdout[-2000:]}{done.stderr[-500:]}")
    for name, words in (("websocket", "with WebSocket"), ("loop", "polled each 5 s")):
        times = sorted(json.loads(found)[name])
        target = "target 50" if name == "websocket" else "the loop"
        rows.add(f"wake: mined to journalled {words}, median", statistics.median(times), "ms", target)
        rows.add(f"wake: mined to journalled {words}, p99", times[min(len(times) - 1, len(times) * 99 // 100)], "ms", f"of {len(times)}")


BENCHES = {"purchase": purchase, "memory": memory, "size": size, "worker": worker, "load": load, "logs": logs, "recover": recover, "wake": wake}


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
