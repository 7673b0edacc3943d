"""The kernel under many subscriptions and many purchases at once, over backends that answer at once (kernel.cpp); a journal on disk, fsync on."""
import json
import os
import subprocess
import tempfile

from processes import Failed

LIVE, FEW, MANY = 10_000, 1_000, 100_000
BLOCKS, PURCHASES = 300, 500
BURST, VM_SECONDS = 200, 30


def measure(build: str, mode: str, *numbers: int) -> dict:
    program = os.path.join(build, "tests", "bench", "bench-kernel")
    with tempfile.TemporaryDirectory(prefix="bh-bench-", dir="/var/tmp") as folder:
        done = subprocess.run([program, mode, os.path.join(folder, "journal.db"), *map(str, numbers)], text=True, capture_output=True)
    if done.returncode != 0:
        raise Failed(f"bench-kernel {mode}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def load(build: str, rows, screen) -> None:
    """The kernel's work with 10,000 and 100,000 subscriptions, for a purchase, and for 200 purchases with a slow hypervisor."""
    disk = measure(build, "commits", 1000)
    rows.add("load: one commit on this disk, median", disk["median_ms"], "ms")
    rows.add("load: one commit on this disk, p99", disk["p99_ms"], "ms")
    blocks = {}
    for live in (FEW, LIVE, MANY):
        screen.say(f"load: empty blocks with {live} subscriptions")
        found = blocks[live] = measure(build, "blocks", live, BLOCKS)
        rows.add(f"load: empty block, {live} live, median", found["median_ms"], "ms", "target 1" if live == LIVE else "")
        rows.add(f"load: empty block, {live} live, p99", found["p99_ms"], "ms")
        rows.add(f"load: start, {live} live, everything derived anew", found["start_ms"] / 1000, "s")
    # The machine is not the same from one minute to the next: few before and after the many.
    again = measure(build, "blocks", FEW, BLOCKS)
    few_ms = (blocks[FEW]["median_ms"] + again["median_ms"]) / 2
    rows.add("load: empty block, 100,000 live against 1,000", 100 * (blocks[MANY]["median_ms"] / few_ms - 1), "%", "target 10")
    screen.say(f"load: purchases with {LIVE} subscriptions")
    found = measure(build, "purchases", LIVE, PURCHASES)
    rows.add(f"load: a purchase through all steps, {LIVE} live, median", found["median_ms"], "ms")
    rows.add(f"load: a purchase through all steps, {LIVE} live, p99", found["p99_ms"], "ms", "target 20")
    screen.say(f"load: {BURST} purchases in one block, {VM_SECONDS} s for each VM")
    found = measure(build, "burst", BURST, VM_SECONDS)
    for name, what in (("suspend", "a suspend"), ("resume", "an extension's resume"), ("renewal", "a prefix's renewal"), ("health", "a health check")):
        rows.add(f"load: {BURST} purchases at once, {what} elsewhere", found[f"{name}_ms"] / 1000, "s", "target 1")
    rows.add(f"load: {BURST} purchases at once, the API's status, worst", found["status_ms"] / 1000, "s", "target 1")
