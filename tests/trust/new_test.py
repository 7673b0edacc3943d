#!/usr/bin/env python3
"""`blockhost plugin new` makes a project in each language that builds, loads and passes the check as it stands. Needs the installed SDK in PATH and BLOCKHOST_SDK."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

SDK = os.environ["BLOCKHOST_SDK"]
# What `./dev test` builds: one of a language, but C++, which takes longest and of which tests/examples builds a copy against the installed SDK anyhow. BLOCKHOST_NEW=all: each that
# there is. What is not built here is the same files as the examples, which tests/examples builds and checks.
PROJECTS = {("ipv6", "c"): "com.acme.six", ("storage", "rust"): "com.acme.a-store", ("chain", "go"): "com.acme.own-chain"}


def templates() -> list[dict]:
    found = []
    for example in sorted(os.listdir(os.path.join(SDK, "examples"))):
        description = os.path.join(SDK, "examples", example, "template.json")
        if os.path.exists(description):
            with open(description) as file:
                found.append({**json.load(file), "example": example})
    return found


def projects() -> dict[tuple[str, str], str]:
    if os.environ.get("BLOCKHOST_NEW") != "all":
        return PROJECTS
    return {(template["kind"], template["language"]): f"com.acme.a-{template['kind']}-in-{template['language']}" for template in templates()}


class New(unittest.TestCase):
    def setUp(self) -> None:
        self.root = tempfile.mkdtemp(prefix="bh-new-")
        self.addCleanup(shutil.rmtree, self.root)

    def run_in(self, folder: str, *command: str, code: int = 0) -> str:
        done = subprocess.run(command, cwd=os.path.join(self.root, folder), text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout + done.stderr

    def new(self, *words: str, code: int = 0) -> str:
        return self.run_in("", "blockhost", "plugin", "new", *words, code=code)

    def test_each_language_builds_loads_and_passes(self) -> None:
        chosen = projects()
        self.assertGreaterEqual(len(chosen), len(PROJECTS))
        for (kind, language), plugin in chosen.items():
            with self.subTest(language, kind=kind):
                began = time.monotonic()
                made = json.loads(self.new("--kind", kind, "--lang", language, "--id", plugin, f"{kind}-{language}", "--json"))
                self.assertEqual(made["plugin"], plugin)
                folder = made["directory"]
                self.run_in(folder, "sh", "-c", made["build"])
                with open(os.path.join(self.root, folder, made["out"], "plugin.json")) as file:
                    alone = json.load(file)["isolation"] == "process"
                said = self.run_in(folder, "bh-plugin-load", made["out"], code=1 if alone else 0)
                self.assertIn("a process of its own" if alone else plugin, said)
                self.assertIn("\nPassed in", self.run_in(folder, "blockhost", "plugin", "check", made["out"], "--", "--timeout", "300"))
                print(f"{kind} in {language}: {time.monotonic() - began:.0f} s", flush=True)

    def test_nothing_of_the_examples_name_is_left_in_any(self) -> None:
        for template in templates():
            example = template["example"]
            with self.subTest(example):
                self.new("--kind", template["kind"], "--lang", template["language"], "--id", "com.acme.brand-new", example)
                name = template["id"].rsplit(".", 1)[1]
                for word in (template["id"], name, name.replace("-", "_"), "../.."):
                    self.run_in(example, "grep", "-rF", "-e", word, ".", code=1)
                files = [name for _, _, names in os.walk(os.path.join(self.root, example)) for name in names]
                self.assertNotIn("template.json", files)
                self.assertIn("plugin.json", files)
                self.run_in(example, "grep", "-rqF", "com.acme.brand-new", ".")

    def test_an_id_is_made_of_the_folder(self) -> None:
        said = self.new("--kind", "ipv6", "--lang", "c", "second-prefix")
        for part in ("org.example.second-prefix", "cd second-prefix", "blockhost plugin check out"):
            self.assertIn(part, said)
        self.new("--kind", "ipv6", "--lang", "c")
        self.assertTrue(os.path.exists(os.path.join(self.root, "my-ipv6", "plugin.json")))

    def test_what_can_not_be_made_is_refused(self) -> None:
        self.assertIn("--id", self.new("--kind", "ipv6", "--lang", "c", "Second_Prefix", code=1))
        os.mkdir(os.path.join(self.root, "there"))
        self.assertIn("there already", self.new("--kind", "ipv6", "--lang", "c", "there", code=1))
        self.assertIn("ipv6 in c", self.new("--kind", "ipv6", "--lang", "cobol", code=4))
        self.new("--kind", "ipv6", "--lang", "c", "--id", "../../x", "other", code=1)
        self.assertEqual(os.listdir(self.root), ["there"])
        environment = {**os.environ, "BLOCKHOST_SDK": "/nowhere"}
        done = subprocess.run(["blockhost", "plugin", "new", "--kind", "ipv6", "--lang", "c", "x"], cwd=self.root, env=environment, text=True, capture_output=True)
        self.assertEqual(done.returncode, 4)
        self.assertIn("cmake --install", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
