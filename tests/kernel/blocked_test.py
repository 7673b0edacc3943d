#!/usr/bin/env python3
"""A plugin that blocks where it promised not to is named by `plugin list` and `doctor` of a running host, in the daemon and in a worker."""
import json
import unittest

from memory_world import MemoryWorld
from scenario import Scenario, wait_until


class SlowWorld(MemoryWorld):
    plugins = {**MemoryWorld.plugins, "slow": ("org.blockhost.test-slow", "storage")}
    workers = {**MemoryWorld.workers, "slow": {}}

    def plugin_configs(self) -> dict:
        return {**super().plugin_configs(), "slow": {}}


class SlowInWorkers(SlowWorld):
    isolation = "process"


class Blocked(Scenario):
    world_class = SlowWorld

    def rows_of(self, instance: str) -> list[dict]:
        return next(plugin["blocked"] for plugin in self.world.blockhost("plugin", "list")["plugins"] if plugin["instance"] == instance)

    def test_a_query_that_waits_is_named(self) -> None:
        wait_until("it is in the list", lambda: any(row["member"] == "query" for row in self.rows_of("slow")), 30)
        row = self.rows_of("slow")[0]
        self.assertGreaterEqual(row["longest_ms"], 25)
        self.assertGreaterEqual(row["times"], 1)
        findings = json.loads(self.world.cli("doctor", json_output=True).stdout)["findings"]
        self.assertTrue(any(finding["subject"] == "slow" and "query took up to" in finding["message"] and "author" in finding["remedy"] for finding in findings), findings)


class BlockedInWorkers(Blocked):
    world_class = SlowInWorkers


if __name__ == "__main__":
    unittest.main(verbosity=2)
