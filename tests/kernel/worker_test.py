#!/usr/bin/env python3
"""Plugins in sandboxes of their own: an order lives through the deaths of its plugins' workers, and one that dies too often stands still until the operator says so."""
import json
import os
import signal
import unittest

from memory_world import MemoryWorld
from scenario import Scenario, wait_until


class ProcessWorld(MemoryWorld):
    isolation = "process"


class Worker(Scenario):
    world_class = ProcessWorld

    def plugins(self) -> dict:
        return {plugin["instance"]: plugin for plugin in self.world.blockhost("plugin", "list")["plugins"]}

    def kill_worker(self, instance: str) -> None:
        """SIGKILL to whatever runs under the instance's user; waits until the kernel knows."""
        ends = self.plugins()[instance]["worker"]["recent_ends"]
        user = self.world.user_of(instance)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{pid}").st_uid == user:
                    os.kill(int(pid), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                continue
        wait_until(f"the worker of {instance} is missed", lambda: self.plugins()[instance]["worker"]["recent_ends"] > ends, 20)

    def test_1_an_order_lives_through_the_deaths_of_its_workers(self) -> None:
        world = self.world
        shown = self.plugins()
        for instance in ("local", "hyper", "store", "net6"):
            self.assertEqual(shown[instance]["isolation"], "process")
            self.assertEqual(shown[instance]["worker"]["state"], "running")
            self.assertIn("seccomp", shown[instance]["worker"]["sandbox"])
        alice = world.wallet("alice")
        world.hypervisor.fail("vm_create", delay_ms=1500)
        number = world.buy(alice)
        wait_until("the VM is being made", lambda: world.hypervisor.calls("vm_create") > 0, 30)
        self.kill_worker("hyper")
        world.wait_state(number, "active", 90)
        self.assertEqual(len(world.machines()), 1, "looked before it made another one")
        before = world.machine_of(number)
        for instance in ("local", "hyper", "store", "net6"):
            self.kill_worker(instance)
        wait_until("all run again", lambda: all(plugin["health"] == "ok" for plugin in self.plugins().values()), 30)
        self.assertTrue(world.runs(number), "a VM does not notice")
        self.assertEqual(world.machine_of(number)["vm"]["vm"], before["vm"]["vm"])
        self.end(alice, number)
        self.assert_nothing_left()
        self.assertEqual(world.books()["undelivered"], 0)

    def test_2_one_that_dies_too_often_waits_for_the_operator(self) -> None:
        world = self.world
        alice = world.wallet("bob")
        while self.plugins()["store"]["worker"]["state"] != "poisoned":
            if self.plugins()["store"]["worker"]["state"] == "running":
                self.kill_worker("store")
        self.assertIn("plugin unpark store", self.plugins()["store"]["health"])
        number = world.buy(alice)
        wait_until("it is parked, and said so", lambda: any(parked["instance"] == "store" for parked in world.blockhost("status")["parked"]), 60)
        findings = json.loads(world.cli("doctor", json_output=True).stdout)["findings"]
        self.assertTrue(any(finding["subject"] == "store" and "worker ended" in finding["message"] for finding in findings), findings)
        self.assertEqual(world.volumes(), [])
        world.blockhost("plugin", "unpark", "store")
        world.wait_state(number, "active", 60)
        self.assertEqual(self.plugins()["store"]["worker"]["state"], "running")
        self.end(alice, number)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main(verbosity=2)
