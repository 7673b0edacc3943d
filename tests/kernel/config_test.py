#!/usr/bin/env python3
"""Bad configuration, bad plugin files, bad endpoints, a full disk: each is told with what it is about and what to do, and nothing is corrupted."""
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import unittest

from scenario import BUILD, PRICE, Failed, Scenario, wait_until
from memory_world import HERE, Process
from world import KERNEL, sha256

# Offsets and numbers of <elf.h>, 64 bit.
E_MACHINE, E_PHOFF, E_SHOFF, E_PHNUM, E_SHNUM, E_SHSTRNDX, PHDR_SIZE, P_OFFSET, P_FILESZ, PT_LOAD, PT_DYNAMIC, PT_GNU_STACK, EM_S390 = 18, 32, 40, 56, 60, 62, 56, 8, 32, 1, 2, 0x6474E551, 22


def two_symbols(_: bytes = b"") -> bytearray:
    """A plugin that exports one symbol too many: a fixture of the loader's own tests."""
    with open(os.path.join(BUILD, "plugin-api/host/fixtures/two-symbols.so"), "rb") as fixture:
        return bytearray(fixture.read())


def patched(data: bytearray, offset: int, form: str, value: int) -> bytearray:
    struct.pack_into(form, data, offset, value)
    return data


def without_sections(data: bytearray) -> bytearray:
    """More than strip(1) takes away: the section headers themselves and whatever lies behind them."""
    end, = struct.unpack_from("<Q", data, E_SHOFF)
    for offset, form in ((E_SHOFF, "<Q"), (E_SHNUM, "<H"), (E_SHSTRNDX, "<H")):
        patched(data, offset, form, 0)
    return data[:end]


def with_forged_sections(data: bytearray) -> bytearray:
    """A table of section headers far outside of the file."""
    return patched(patched(data, E_SHOFF, "<Q", 2**64 - 64), E_SHNUM, "<H", 0xFFFE)


def segments(data: bytearray, kind: int) -> list[int]:
    """Where the program headers of a kind are."""
    start, count = struct.unpack_from("<Q", data, E_PHOFF)[0], struct.unpack_from("<H", data, E_PHNUM)[0]
    return [at for at in range(start, start + count * PHDR_SIZE, PHDR_SIZE) if struct.unpack_from("<I", data, at)[0] == kind]


def mapped(data: bytearray) -> int:
    """How much of the file the segments need; debug information and section headers lie behind it."""
    return max(struct.unpack_from("<Q", data, at + P_OFFSET)[0] + struct.unpack_from("<Q", data, at + P_FILESZ)[0] for at in segments(data, PT_LOAD))


def with_two_dynamic_segments(data: bytearray) -> bytearray:
    return patched(data, segments(data, PT_GNU_STACK)[0], "<I", PT_DYNAMIC)


class Stops(Scenario):
    """What stops the daemon at its start: exit code not 0, one sentence."""

    @classmethod
    def build_world(cls) -> None:
        cls.world.prepare()
        for name in ("signer", "netd", "launcher"):
            cls.world.start(name)

    def refused(self) -> str:
        """What blockhostd says when it ends instead of getting ready."""
        world = self.world
        command = [*world.inside, *world.as_user(KERNEL), world.path("bin/blockhostd"), "--config", world.path("etc/kernel.yaml")]
        done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertGreater(done.returncode, 0, "it must stop, not crash: " + done.stderr[-400:])
        self.assertNotIn("ready", done.stdout)
        return done.stderr.strip().splitlines()[-1]

    def assert_says(self, *words: str) -> None:
        said = self.refused()
        for word in words:
            self.assertIn(word, said)

    def with_kernel(self, change) -> None:
        config = self.world.kernel_config()
        change(config)
        self.world.write("kernel.yaml", config)
        self.addCleanup(lambda: self.world.write("kernel.yaml", self.world.kernel_config()))

    def with_plugin(self, instance: str, change) -> None:
        config = self.world.plugin_file(instance)
        change(config)
        self.world.write(f"plugins.d/{instance}.yaml", config)
        self.addCleanup(lambda: self.world.write(f"plugins.d/{instance}.yaml", self.world.plugin_file(instance)))

    def with_record(self, plugin: str, change) -> str:
        """plugins.d/PLUGIN.json otherwise than `blockhost plugin enable` wrote it."""
        path = self.world.path("etc/plugins.d", plugin + ".json")
        shutil.copy2(path, path + ".kept")
        self.addCleanup(os.replace, path + ".kept", path)
        with open(path) as file:
            record = json.load(file)
        change(record)
        with open(path, "w") as file:
            json.dump(record, file)
        return path

    def with_file(self, change) -> str:
        folder = self.world.path("plugins/org.blockhost.mem-storage")
        path = os.path.join(folder, "plugin.so")
        for name in ("plugin.so", "plugin.json"):
            shutil.copy2(os.path.join(folder, name), os.path.join(folder, name + ".kept"))

        def put_back() -> None:
            for name in ("plugin.so", "plugin.json"):
                os.replace(os.path.join(folder, name + ".kept"), os.path.join(folder, name))
        self.addCleanup(put_back)
        change(path)
        return path

    def with_trusted_file(self, change) -> str:
        """As if its author had shipped it so: the manifest and the operator's pin have its hash. What the daemon says of it is not about hashes."""
        def rewrite(path: str) -> None:
            with open(path, "rb") as file:
                data = bytearray(file.read())
            data = change(data)
            os.unlink(path)
            with open(path, "wb") as file:
                file.write(data)
            manifest = os.path.join(os.path.dirname(path), "plugin.json")
            with open(manifest) as file:
                document = json.load(file)
            with open(manifest, "w") as file:
                json.dump({**document, "sha256": sha256(path)}, file)
            # Not by the command, which looks at files as the daemon does.
            self.with_record("org.blockhost.mem-storage", lambda record: record.update(sha256=sha256(path), manifest_sha256=sha256(manifest)))
        return self.with_file(rewrite)

    def assert_starts(self) -> None:
        world = self.world
        world.start("blockhostd")
        try:
            self.assertIn("store", [plugin["instance"] for plugin in world.blockhost("plugin", "list")["plugins"]])
        finally:
            world.processes["blockhostd"].stop()

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

    def test_a_missing_plugin_file(self) -> None:
        path = self.with_file(os.unlink)
        self.assert_says("store", path)

    def test_a_truncated_plugin_file(self) -> None:
        path = self.with_file(lambda path: os.truncate(path, 4096))
        self.assert_says("store", path, "step hash", "install it again")

    def test_a_truncated_plugin_file_that_was_pinned_so(self) -> None:
        for name, size in (("header", lambda _: 40), ("program headers", lambda _: 100), ("first segment", lambda _: 1000), ("last byte that is mapped", lambda data: mapped(data) - 1)):
            with self.subTest(name):
                path = self.with_trusted_file(lambda data: data[:size(data)])
                self.assert_says("store", path, "step symbols", "install the plugin again")
                self.doCleanups()

    def test_a_plugin_file_of_another_machine(self) -> None:
        path = self.with_trusted_file(lambda data: patched(data, E_MACHINE, "<H", EM_S390))
        self.assert_says("store", path, "step symbols", f"another machine (ELF machine {EM_S390}", "install the package for this machine")

    def test_a_plugin_file_that_exports_too_much(self) -> None:
        path = self.with_trusted_file(two_symbols)
        self.assert_says("store", path, "step symbols", "exports 2 symbols", "another_symbol", "plugin.map")

    def test_section_headers_hide_no_export(self) -> None:
        for change in (without_sections, with_forged_sections):
            with self.subTest(change.__name__):
                path = self.with_trusted_file(lambda data: change(two_symbols()))
                self.assert_says("store", path, "step symbols", "exports 2 symbols", "another_symbol", "plugin.map")
                self.doCleanups()

    def test_a_plugin_without_sections_or_with_forged_ones_is_what_its_segments_say(self) -> None:
        # The dynamic linker never looks at section headers, so neither do we: what can't matter is no reason to refuse a release that was stripped.
        for change in (without_sections, with_forged_sections):
            with self.subTest(change.__name__):
                self.with_trusted_file(change)
                self.assert_starts()
                self.doCleanups()

    def test_a_plugin_file_with_crafted_segments(self) -> None:
        path = self.with_trusted_file(with_two_dynamic_segments)
        self.assert_says("store", path, "step symbols", "two dynamic segments", "install the plugin from its author again")

    def test_a_plugin_file_that_is_none(self) -> None:
        path = self.with_trusted_file(lambda data: b"#!/bin/sh\nexit 0\n")
        self.assert_says("store", path, "step symbols", "not a shared library", "install the plugin again")

    def test_a_plugin_file_rewritten_after_it_was_pinned(self) -> None:
        def append(path: str) -> None:
            with open(path, "ab") as file:
                file.write(b"\0")
        path = self.with_file(append)
        self.assert_says("store", path, "SHA-256", "its manifest says", "install it again")

    def test_a_wrong_pin(self) -> None:
        for key, file in (("sha256", "plugin.so"), ("manifest_sha256", "plugin.json")):
            with self.subTest(key):
                self.with_record("org.blockhost.mem-ipv6", lambda record: record.update({key: "0" * 64}))
                self.assert_says("net6", file, "SHA-256", "blockhost plugin enable org.blockhost.mem-ipv6")
                self.doCleanups()

    def test_a_plugin_that_nobody_enabled(self) -> None:
        path = self.world.path("etc/plugins.d/org.blockhost.mem-ipv6.json")
        os.rename(path, path + ".kept")
        self.addCleanup(os.rename, path + ".kept", path)
        self.assert_says("net6", path, "not enabled", "blockhost plugin enable org.blockhost.mem-ipv6")

    def test_a_record_that_is_not_roots(self) -> None:
        path = self.with_record("org.blockhost.mem-ipv6", lambda record: None)
        os.chown(path, KERNEL, KERNEL)
        self.assert_says("net6", path, "chown root")

    def test_a_record_with_a_key_that_is_unknown(self) -> None:
        path = self.with_record("org.blockhost.mem-ipv6", lambda record: record.update(trusted=True))
        self.assert_says("net6", path, '"trusted" is not known')

    def test_a_pin_where_it_was_of_old(self) -> None:
        self.with_plugin("net6", lambda config: config.update(sha256="0" * 64))
        self.assert_says("net6.yaml", "sha256", "remove it", "blockhost plugin enable")

    def test_a_signature_is_looked_at_by_the_daemon_itself(self) -> None:
        """Its user is a number without an account, for which ssh-keygen by itself would not run."""
        world = self.world
        folder, key, signers = world.path("plugins/org.blockhost.mem-ipv6"), world.path("buyer/publisher"), world.path("etc/trust/acme.signers")
        signature = os.path.join(folder, "plugin.json.sig")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
        subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "blockhost-plugin", "-f", key, os.path.join(folder, "plugin.json")], check=True)
        os.makedirs(os.path.dirname(signers), 0o755)
        with open(key + ".pub") as public, open(signers, "w") as file:
            file.write("acme@example.org " + public.read())

        def undo() -> None:
            for path in (signature, key, key + ".pub"):
                os.unlink(path)
            shutil.rmtree(os.path.dirname(signers))
            world.enable_plugins()
        self.addCleanup(undo)
        world.enable_plugins()
        self.assert_starts()
        shutil.copy2(key + ".pub", world.path("etc/trust/revoked_keys"))
        self.assert_says("net6", signature, "revoked", "acme@example.org")

    def test_an_unsigned_plugin_stands_under_a_warning(self) -> None:
        world = self.world
        sums = world.path("plugins/SHA256SUMS")
        os.rename(sums, sums + ".kept")
        self.addCleanup(world.enable_plugins)
        self.addCleanup(os.rename, sums + ".kept", sums)
        self.with_record("org.blockhost.mem-ipv6", lambda record: record.update(basis="unsigned"))
        world.start("blockhostd")
        try:
            shown = {plugin["instance"]: plugin for plugin in world.blockhost("plugin", "list")["plugins"]}
            self.assertIn("not signed", shown["net6"]["warning"])
            self.assertEqual(shown["store"]["warning"], "")
            self.assertIn("warning: net6: the plugin org.blockhost.mem-ipv6 is not signed", world.cli("doctor").stdout)
            self.assertIn("WARNING: the plugin org.blockhost.mem-ipv6 is not signed", world.cli("plugin", "list").stderr)
            self.assertIn("org.blockhost.mem-ipv6 is not signed", world.log_of("blockhostd"))
        finally:
            world.processes["blockhostd"].stop()

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
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=8m,mode=711,uid={KERNEL},gid={KERNEL}", "tmpfs", world.path("state")], check=True)
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
