#!/usr/bin/env python3
"""A host that polls each ten minutes serves an order at once, because its node tells of the blocks: with the chain's plugin in a worker, and in the daemon's own process."""
import os
import time
import unittest

from memory_world import MemoryWorld
from scenario import Scenario, wait_until

PATIENCE = 180  # s, on a machine that is busy; far below a poll's ten minutes
NEVER = {"poll_ms": 600_000, "safety_poll_s": 600}


class ToldInWorker(MemoryWorld):
    isolation = "process"

    def plugin_file(self, instance: str) -> dict:
        file = super().plugin_file(instance)
        if instance == "local":
            file["config"]["endpoints"] = [{"url": self.chain.url, "ws": "ws" + self.chain.url.removeprefix("http")}]
        return file


class ToldInProcess(ToldInWorker):
    isolation = "inprocess"


class Told:
    settings = {"timing": NEVER}
    world: ToldInWorker

    def heads(self) -> dict:
        return self.world.blockhost("chain", "status")["chains"][0]["endpoints"][0]["heads"]

    def serve_one(self) -> None:
        world = self.world
        key, began = world.wallet(), time.monotonic()
        number = world.buy(key)
        world.wait_state(number, "active", PATIENCE)
        world.buyer("cancel", key, id=number)
        world.wait_state(number, "ended", PATIENCE)
        self.assertLess(time.monotonic() - began, NEVER["poll_ms"] / 1000, "no poll was due meanwhile")
        self.assert_nothing_left()

    def test_1_an_order_is_served_from_block_to_block(self) -> None:
        wait_until("the node tells of blocks", lambda: self.heads()["told"] > 0, PATIENCE)
        self.serve_one()
        shown = self.heads()
        self.assertEqual((shown["state"], shown["ends"]), ("subscribed", 0))
        self.assertGreater(shown["told"], 3)
        self.assertIn("subscribed", self.world.run("bin/blockhost", "--config", self.world.path("etc/kernel.yaml"), "chain", "status"))

    def test_3_a_daemon_that_is_told_to_stop_does_not_wait_for_the_node(self) -> None:
        self.world.processes["blockhostd"].stop(timeout=15)
        self.assertFalse(self.world.processes["blockhostd"].running())


class InWorker(Told, Scenario):
    world_class = ToldInWorker

    def test_2_a_worker_that_died_is_told_again(self) -> None:
        user, before = self.world.user_of("local"), self.heads()["told"]
        self.assertGreater(before, 0)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{pid}").st_uid == user:
                    os.kill(int(pid), 9)
            except (FileNotFoundError, ProcessLookupError):
                continue
        # Only a verb starts it again, and the operator's look is one.
        wait_until("it is subscribed again", lambda: self.answered() and self.heads()["told"] < before and self.heads()["told"] > 0, PATIENCE)
        self.serve_one()

    def answered(self) -> bool:
        chain = self.world.blockhost("chain", "status")["chains"][0]
        return bool(chain["endpoints"]) and chain["endpoints"][0]["heads"] is not None


class InProcess(Told, Scenario):
    world_class = ToldInProcess


if __name__ == "__main__":
    unittest.main(verbosity=2)
