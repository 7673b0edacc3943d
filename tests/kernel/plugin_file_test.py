#!/usr/bin/env python3
"""Bad plugin files, pins, records and signatures: the daemon stops at its start, with the step, the file and what to do."""
import json
import os
import shutil
import struct
import subprocess
import unittest

from scenario import BUILD
from stops import Stops
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


class PluginFiles(Stops):
    """Files, records and signatures of plugins that the daemon does not take, and odd ones that it does."""

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
