#!/usr/bin/env python3
"""The gates of the ABI: the stored table still holds, and each kind of break is refused. Usage: gate_test.py ROOT

The stored table is golden/draft-N.txt. A draft that changes on purpose raises BH_ABI_DRAFT and stores a new one:
  python3 plugin-api/tools/abi_table.py print plugin-api/include > tests/abi/golden/draft-N.txt"""
import importlib.util
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
INCLUDE = ROOT / "plugin-api/include"


def tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"plugin-api/tools/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def next_minor():
    spec = importlib.util.spec_from_file_location("next", ROOT / "tests/abi/crossload/next.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLE, LINT, NEXT = tool("abi_table"), tool("thread_lint"), next_minor()


class Headers:
    """A copy of the headers with texts replaced."""

    def __init__(self, *changes):
        self.changes = changes

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        include = pathlib.Path(self.folder.name) / "include"
        shutil.copytree(INCLUDE, include)
        for path, old, new in self.changes:
            header = include / "blockhost" / path
            text = header.read_text(encoding="utf-8")
            assert text.count(old) == 1, (path, old, text.count(old))
            header.write_text(text.replace(old, new), encoding="utf-8")
        return include

    def __exit__(self, *_):
        self.folder.cleanup()


FROZEN_1 = ("base.h", "#define BH_ABI_MAJOR 0u", "#define BH_ABI_MAJOR 1u")
NEXT_DRAFT = ("base.h", "#define BH_ABI_DRAFT 1u", "#define BH_ABI_DRAFT 2u")
APPENDED = ("kind/hypervisor.h", "    int64_t net_tx_bytes;\n", "    int64_t net_tx_bytes;\n    int64_t net_drops;\n")
BREAKS = {
    "inserted": ("kind/hypervisor.h", "    int64_t uptime_s;\n", "    int64_t boot_s;\n    int64_t uptime_s;\n"),
    "reordered": ("kind/hypervisor.h", "    int64_t uptime_s;\n    int64_t cpu_ns;\n", "    int64_t cpu_ns;\n    int64_t uptime_s;\n"),
    "retyped": ("kind/hypervisor.h", "    int64_t cpu_ns;\n", "    uint64_t cpu_ns;\n"),
    "renamed": ("kind/hypervisor.h", "    int64_t cpu_ns;\n", "    int64_t cpu_time_ns;\n"),
    "removed": ("kind/hypervisor.h", "    int64_t cpu_ns;\n", ""),
    "renumbered": ("base.h", "BH_E_BUSY = -5,", "BH_E_BUSY = -55,"),
    "other id": ("kind/storage.h", '"bh.storage/1"', '"bh.store/1"'),
    "other argument": ("kind/storage.h", "uint64_t size_bytes, bh_error* err)", "uint32_t size_bytes, bh_error* err)"),
    "grown frozen": ("base.h", "typedef struct bh_bytes {\n    const uint8_t* ptr;\n    size_t len;\n", "typedef struct bh_bytes {\n    const uint8_t* ptr;\n    size_t len;\n    size_t more;\n"),
}


class Golden(unittest.TestCase):
    def test_the_stored_table_still_holds(self):
        now = TABLE.table(INCLUDE)
        draft = TABLE.version(now)["BH_ABI_DRAFT"]
        stored = ROOT / f"tests/abi/golden/draft-{draft}.txt"
        self.assertTrue(stored.is_file(), f"store the table of draft {draft}: see the head of this file")
        was = stored.read_text(encoding="utf-8").splitlines()
        self.assertEqual(TABLE.version(was), TABLE.version(now))
        self.assertEqual(TABLE.check(was, now), [], "raise BH_ABI_DRAFT and store a new table")

    def test_a_draft_refuses_every_difference_of_its_own_number(self):
        was = TABLE.table(INCLUDE)
        for name, change in {**BREAKS, "appended": APPENDED}.items():
            with self.subTest(name), Headers(change) as include:
                self.assertNotEqual(TABLE.check(was, TABLE.table(include)), [])

    def test_the_frozen_headers_are_those_of_their_table(self):
        for frozen in sorted((ROOT / "tests/abi/frozen").iterdir()):
            with self.subTest(frozen.name):
                stored = (ROOT / f"tests/abi/golden/{frozen.name}.txt").read_text(encoding="utf-8").splitlines()
                self.assertEqual(TABLE.table(frozen / "include"), stored)
        draft = TABLE.version(TABLE.table(INCLUDE))["BH_ABI_DRAFT"]
        self.assertTrue((ROOT / f"tests/abi/frozen/draft-{draft}").is_dir(), "store this draft's headers: README.md")

    def test_the_next_minor_grows_everything_that_may_grow_and_passes_the_gate(self):
        with Headers(FROZEN_1) as include, tempfile.TemporaryDirectory() as out:
            was = TABLE.table(include)
            NEXT.main(ROOT, include, pathlib.Path(out))
            now = TABLE.table(pathlib.Path(out) / "include")
            self.assertEqual(TABLE.check(was, now), [])
            sizes, grown = ({line.split()[1]: int(line.split()[-1]) for line in rows if line.startswith("size ")} for rows in (was, now))
            for name, size in sizes.items():
                with self.subTest(name):
                    (self.assertEqual if name in TABLE.FROZEN else self.assertGreater)(grown[name], size)
            self.assertEqual(len([line for line in now if line.startswith("id ")]),
                             len([line for line in was if line.startswith("id ")]) + 1)
            self.assertEqual(ThreadWords().lint(pathlib.Path(out) / "include"), [])
            # The other way round it is a break: the newer one can't be taken back.
            self.assertNotEqual(TABLE.check(now, was), [])

    def test_the_next_draft_may_change_anything(self):
        was = TABLE.table(INCLUDE)
        with Headers(NEXT_DRAFT, BREAKS["inserted"]) as include:
            self.assertEqual(TABLE.check(was, TABLE.table(include)), [])

    def test_a_frozen_major_may_append_and_nothing_else(self):
        with Headers(FROZEN_1) as include:
            was = TABLE.table(include)
        with Headers(FROZEN_1, APPENDED) as include:
            self.assertEqual(TABLE.check(was, TABLE.table(include)), [])
        for name, change in BREAKS.items():
            with self.subTest(name), Headers(FROZEN_1, change) as include:
                self.assertNotEqual(TABLE.check(was, TABLE.table(include)), [])


class ThreadWords(unittest.TestCase):
    def lint(self, include):
        return [problem for path in sorted(include.rglob("*.h")) for problem in LINT.check(str(path))]

    def test_every_member_has_one(self):
        self.assertEqual(self.lint(INCLUDE), [])

    def test_what_may_not_block_is_measured(self):
        promised = {name for path in INCLUDE.rglob("*.h") for name in LINT.no_block_of_plugins(str(path))}
        rows = (INCLUDE.parents[1] / "kernel/worker/rows.hpp").read_text(encoding="utf-8")
        measured = set(re.findall(r'::(\w+), "\w+", Promise::no_block>', rows)) | set(re.findall(r'kQueryName = "(\w+)"', rows))
        self.assertEqual(measured, promised)
        self.assertIn("parse_address", promised)

    def test_a_missing_a_second_and_a_wrong_one_are_found(self):
        cases = {
            "no thread word": ("ext/hypervisor_resize.h", " [concurrent] */", " */"),
            "more than one": ("ext/hypervisor_resize.h", " [concurrent] */", " [serial] [concurrent] */"),
            "a plugin calls it": ("svc/connect.h", " [any-thread] */", " [concurrent] */"),
        }
        for problem, change in cases.items():
            with self.subTest(problem), Headers(change) as include:
                found = self.lint(include)
                self.assertEqual(len(found), 1)
                self.assertIn(problem, found[0])


if __name__ == "__main__":
    unittest.main()
