#!/usr/bin/env python3
"""Bad configuration, bad endpoints, a full disk: each is told with what it is about and what to do, and nothing is corrupted."""
import json
import os
import sqlite3
import subprocess
import sys
import unittest

from scenario import PRICE, Failed, Scenario, wait_until
from memory_world import HERE, Process
from stops import Stops
from world import KERNEL


class Configuration(Stops):
    """Files under etc/ that the daemons do not take, and what they need and do not find."""

    def test_an_unknown_key(self) -> None:
        self.with_kernel(lambda config: config["timing"].update(undo_windows_s=3))
        self.assert_says("kernel.yaml", "timing.", "undo_windows_s")

    def test_a_wrong_type(self) -> None:
        self.with_kernel(lambda config: config["timing"].update(poll_ms="fast"))
        self.assert_says("kernel.yaml", "poll_ms")

    def test_a_finality_that_is_none(self) -> None:
        self.with_kernel(lambda config: config["chains"][0].update(finality="soon"))
        self.assert_says("kernel.yaml", "finality", "latest+")

    def test_a_placement_that_no_instance_has(self) -> None:
        self.with_kernel(lambda config: config["placement"].update(storage="cellar"))
        self.assert_says("placement.storage", "cellar")

    def test_a_plugin_option_that_its_schema_does_not_know(self) -> None:
        self.with_plugin("store", lambda config: config["config"].update(colour="blue"))
        self.assert_says("store", "colour")

    def test_a_plugin_option_of_a_wrong_type(self) -> None:
        self.with_plugin("local", lambda config: config["config"].update(start_block="first"))
        self.assert_says("local", "start_block")

    def test_a_grant_that_nobody_asked_for(self) -> None:
        self.with_plugin("store", lambda config: config["grants"].update(keys=["agent"]))
        self.assert_says("store.yaml", "agent", "remove the grant")

    def test_a_wrong_kind(self) -> None:
        self.with_plugin("net6", lambda config: config.update(kind="storage"))
        self.assert_says("net6", "bh.storage/1")

    def test_a_signer_that_is_not_there(self) -> None:
        self.world.processes["signer"].stop()
        self.addCleanup(self.world.start, "signer")
        self.assert_says("signer.sock")

    def test_a_directory_of_plugins_that_is_not_there(self) -> None:
        os.rename(self.world.path("etc/plugins.d"), self.world.path("etc/plugins.d-away"))
        self.addCleanup(os.rename, self.world.path("etc/plugins.d-away"), self.world.path("etc/plugins.d"))
        self.assert_says("plugins.d", "No such file")

    def test_a_wrong_key_in_the_other_daemons_configuration(self) -> None:
        world = self.world
        for program, name in (("blockhost-signer", "signer.yaml"), ("blockhost-netd", "netd.yaml"), ("blockhost-launch", "launch.yaml")):
            with self.subTest(program):
                with open(world.path("etc", name)) as file:
                    text = file.read()
                with open(world.path("etc", "bad-" + name), "w") as file:
                    file.write(text + "colour: blue\n")
                done = subprocess.run([*world.inside, world.path("bin", program), "--config", world.path("etc", "bad-" + name)], text=True, capture_output=True,
                                      stdin=subprocess.DEVNULL, timeout=30)
                self.assertGreater(done.returncode, 0)
                self.assertIn("colour", done.stderr)


class Endpoints(Scenario):
    """A chain node that is down, another chain's, or talks nonsense; an image that is missing."""

    def findings(self) -> str:
        return "\n".join(f"{finding['severity']}: {finding['subject']}: {finding['message']} {finding['remedy']}" for finding in json.loads(self.world.cli("doctor", json_output=True).stdout)["findings"])

    def restart(self) -> None:
        self.world.processes["blockhostd"].stop()
        self.world.start("blockhostd")

    def with_endpoint(self, mode: str) -> None:
        """The daemon now asks a scripted node (endpoint.py); afterwards the real one."""
        world = self.world
        server = Process(f"endpoint-{mode}", [*world.inside, sys.executable, os.path.join(HERE, "endpoint.py"), mode, "8599", world.chain.url], world.path("log")).start()
        config = world.plugin_file("local")
        config["config"]["endpoints"] = [{"url": "http://127.0.0.1:8599"}]
        config["grants"]["connect"] = ["127.0.0.1:8599"]
        world.processes["blockhostd"].stop()
        world.write("plugins.d/local.yaml", config)

        def put_back() -> None:
            world.write("plugins.d/local.yaml", world.plugin_file("local"))
            self.restart()
            server.stop()
        self.addCleanup(put_back)

    def assert_serves(self) -> None:
        key = self.world.wallet()
        number = self.world.buy(key)
        self.world.wait_state(number, "active", 60)
        self.end(key, number)
        self.assert_nothing_left()

    def test_a_node_that_is_down_at_the_start_and_comes_back(self) -> None:
        world = self.world
        world.processes["blockhostd"].stop()
        world.chain.stop()
        world.start("blockhostd")
        said = wait_until("doctor says so", lambda: (text := self.findings()) and "127.0.0.1:8545" in text and text, 20)
        self.assertIn("error: local", said)
        self.assertTrue(world.blockhost("status")["recovering"], "it makes and destroys nothing before it has read the chain")
        world.chain.start()
        world.wait_ready(60)
        self.assert_serves()

    def test_a_node_of_another_chain(self) -> None:
        self.with_endpoint("other-chain")
        self.world.start("blockhostd")
        said = wait_until("doctor says so", lambda: (text := self.findings()) and "31337" in text and text, 20)
        self.assertIn("error: local", said)
        self.assertIn("Give the URL of a node of the chain you chose", said)
        self.assertEqual(self.world.blockhost("status")["subscriptions"].get("purchased", 0), 0)

    def test_a_node_that_answers_garbage(self) -> None:
        self.with_endpoint("garbage")
        self.world.start("blockhostd")
        said = wait_until("doctor says so", lambda: (text := self.findings()) and "error: local" in text and text, 20)
        self.assertIn("127.0.0.1:8599", said)
        self.assertTrue(self.world.processes["blockhostd"].running())
        self.assertTrue(self.world.blockhost("status")["recovering"])

    def test_an_image_that_is_missing(self) -> None:
        world = self.world
        os.rename(world.path("images/mem-1"), world.path("images-away"))
        try:
            self.assertIn('error: image: there is no image "mem-1"', self.findings())
            self.assertIn("blockhost image build", self.findings())
            self.assertEqual(world.cli("doctor").returncode, 5)
            key = world.wallet()
            shown = world.wait_state(world.buy(key), "ended", 60)
            self.assertIn("image", shown["reason"])
            self.assertEqual(world.credit(key), PRICE)
        finally:
            os.rename(world.path("images-away"), world.path("images/mem-1"))
        self.assertEqual(world.cli("doctor").returncode, 0, world.cli("doctor").stdout)
        self.assert_serves()


class FullDisk(Scenario):
    """The state directory is a small file system of its own that runs full while orders are under way."""

    @classmethod
    def build_world(cls) -> None:
        world = cls.world
        world.prepare()
        # The journal's write-ahead log alone may take 16 MiB.
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=40m,mode=711,uid={KERNEL},gid={KERNEL}", "tmpfs", world.path("state")], check=True)
        world.start_all()
        world.wait_ready()

    @classmethod
    def tearDownClass(cls) -> None:
        world = cls.world
        if "blockhostd" in world.processes:
            try:
                world.processes["blockhostd"].stop()
            except Failed as error:
                print(error, file=sys.stderr)
        if os.path.ismount(world.path("state")):
            subprocess.run(["umount", "-l", world.path("state")], check=True)
        super().tearDownClass()

    def test_it_says_so_and_goes_on_when_there_is_room(self) -> None:
        world = self.world
        first = world.wallet()
        number = world.buy(first)
        world.wait_state(number, "active", 60)
        ballast = world.path("state/ballast")
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096) == 4096:
                    pass
            except OSError:
                pass
        second = world.wallet()
        late = world.buy(second)
        wait_until("the daemon says that the disk is full", lambda: "full" in world.log_of("blockhostd").lower() or not world.processes["blockhostd"].running(), 30)
        self.assertTrue(world.processes["blockhostd"].running(), "it ended: " + world.processes["blockhostd"].last_line())
        self.assertIn("full", world.log_of("blockhostd").lower())
        os.unlink(ballast)
        world.wait_state(late, "active", 60)
        self.assertEqual(world.subscription(number)["state"], "active")
        self.end(first, number)
        self.end(second, late)
        self.assert_nothing_left()
        world.processes["blockhostd"].stop()
        with sqlite3.connect(world.path("state/journal.db")) as journal:
            self.assertEqual(journal.execute("pragma integrity_check").fetchall(), [("ok",)])
        world.start("blockhostd")
        world.wait_ready()


if __name__ == "__main__":
    unittest.main(verbosity=2)
