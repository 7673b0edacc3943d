#!/usr/bin/env python3
"""The chain plugin's worker is killed in the middle of a request to a real node: each kind of request, before and after the node has had it. Nothing is lost, and nothing is done twice."""
import os
import subprocess
import sys
import unittest

from memory_world import MemoryWorld
from scenario import Scenario, wait_until

HERE = os.path.dirname(os.path.realpath(__file__))
PORT = 8598
PATIENCE = 300  # s, on a machine that is busy


class DeadlyWorld(MemoryWorld):
    """The plugin's node is reached through one that can end the plugin."""
    isolation = "process"
    node: subprocess.Popen | None = None

    def start_chain(self) -> None:
        super().start_chain()
        command = [*self.inside, sys.executable, os.path.join(HERE, "deadly_node.py"), str(PORT), self.chain.url, str(self.user_of("local"))]
        self.node = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.heard("ready")

    def heard(self, wanted: str) -> None:
        line = self.node.stdout.readline().strip()
        if line != wanted:
            raise AssertionError(f"the node between said {line!r}, not {wanted!r}")

    def plugin_file(self, instance: str) -> dict:
        file = super().plugin_file(instance)
        if instance == "local":
            file["config"]["endpoints"] = [{"url": f"http://127.0.0.1:{PORT}"}]
            file["grants"]["connect"] = [f"127.0.0.1:{PORT}"]
        return file

    def arm(self, method: str, when: str) -> None:
        self.node.stdin.write(f"{method} {when}\n")
        self.node.stdin.flush()
        self.heard("armed")

    def close(self, keep_logs: bool) -> str | None:
        if self.node is not None:
            self.node.kill()
            self.node.communicate()
        return super().close(keep_logs)


class Deaths(Scenario):
    """Four in one world: the fifth within ten minutes would be one too many (worker_test.py)."""
    world_class = DeadlyWorld
    world: DeadlyWorld

    def worker(self) -> dict:
        return next(plugin["worker"] for plugin in self.world.blockhost("plugin", "list")["plugins"] if plugin["instance"] == "local")

    def sent(self) -> int:
        """Transactions of the agent so far."""
        return int(self.world.chain.call("eth_getTransactionCount", self.world.agent, "latest"), 16)

    def die_once(self, method: str, when: str) -> None:
        world = self.world
        key, sent, ends = world.wallet(), self.sent(), self.worker()["recent_ends"]
        world.arm(method, when)
        number = world.buy(key)
        world.heard(f"killed {method}")
        wait_until("its end is known", lambda: self.worker()["recent_ends"] > ends, PATIENCE)
        world.wait_state(number, "active", PATIENCE)
        self.assertEqual(world.machine_of(number)["vm"]["state"], "running")
        self.assertEqual(world.buyer("open", key, id=number)["hostname"], world.subscription(number)["address"], "its NFT opens to its buyer")
        self.assertEqual(self.sent() - sent, 1, "one delivery, and nothing else was sent")
        world.buyer("cancel", key, id=number)
        world.wait_state(number, "ended", PATIENCE)
        self.assert_nothing_left()
        self.assertEqual(world.books()["undelivered"], 0)

    def die_at(self, *moments: tuple[str, str]) -> None:
        for method, when in moments:
            with self.subTest(method=method, when=when):
                self.die_once(method, when)
        self.assertEqual(self.world.blockhost("status")["parked"], [])
        shown = self.worker()
        self.assertEqual(shown["state"], "running")
        self.assertNotIn("socket", shown["denied"], "it opens no connection by itself")


class WhileItPolls(Deaths):
    def test_no_purchase_is_lost_or_served_twice(self) -> None:
        self.die_at(("eth_getBlockByNumber", "before"), ("eth_getLogs", "before"), ("eth_getLogs", "after"))


class WhileItSubmits(Deaths):
    def test_no_transaction_is_lost_or_sent_twice(self) -> None:
        self.die_at(("eth_estimateGas", "before"), ("eth_sendRawTransaction", "before"), ("eth_sendRawTransaction", "after"), ("eth_getTransactionReceipt", "after"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
