#!/usr/bin/env python3
"""Plugins are enabled, changed and disabled by their operator: what he is shown, what he is asked, what is written, and what is refused."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ["BLOCKHOST_BUILD"]
ID = "org.blockhost.mem-storage"
KERNEL_YAML = """
paths: {{state: {0}/state, run: {0}/run, plugins: {0}/plugins}}
host: {{name: host-1}}
chains: [{{instance: local, finality: latest+2}}]
placement: {{hypervisor: hyper, storage: store, ipv6: net6, default_image: debian-12}}
"""


def sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def keygen(*arguments: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Plugins(unittest.TestCase):
    def setUp(self) -> None:
        self.root = tempfile.mkdtemp(prefix="bh-trust-")
        self.addCleanup(shutil.rmtree, self.root)
        os.chmod(self.root, 0o755)
        for name in ("plugins", "etc", "etc/plugins.d", "etc/trust", "keys"):
            os.mkdir(self.path(name), 0o755)
        shutil.copytree(os.path.join(BUILD, "plugins", ID), self.path("plugins", ID))
        with open(self.path("etc/kernel.yaml"), "w") as file:
            file.write(KERNEL_YAML.format(self.root))

    # The operator and the publisher.

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    def plugin(self, *words: str, code: int = 0, answer: str | None = None, as_json: bool = False) -> str:
        """What `blockhost plugin WORDS` says; it must end with `code`."""
        command = [os.path.join(BUILD, "bin/blockhost"), "--config", self.path("etc/kernel.yaml"), *(["--json"] if as_json else []), "plugin", *words]
        done = subprocess.run(command, text=True, capture_output=True, input=answer or "")
        self.said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, self.said)
        return self.said if not as_json else done.stdout

    def ask(self, *words: str, code: int = 0) -> dict:
        return json.loads(self.plugin(*words, code=code, as_json=True))

    def state(self) -> str:
        return self.ask("show", ID)["state"]

    def record(self) -> dict:
        with open(self.path("etc/plugins.d", ID + ".json")) as file:
            return json.load(file)

    def change_manifest(self, **changes) -> None:
        path = self.path("plugins", ID, "plugin.json")
        with open(path) as file:
            manifest = json.load(file)
        with open(path, "w") as file:
            json.dump({**manifest, **changes}, file)

    def make_key(self, name: str, kind: str = "ed25519") -> str:
        keygen("-t", kind, "-N", "", "-C", "", "-f", self.path("keys", name))
        with open(self.path("keys", name + ".pub")) as file:
            return file.read()

    def trust(self, name: str, public: str) -> None:
        with open(self.path("etc/trust", name + ".signers"), "w") as file:
            file.write(f'{name}@example.org namespaces="blockhost-plugin" {public}')

    def sign(self, name: str, namespace: str = "blockhost-plugin") -> None:
        manifest = self.path("plugins", ID, "plugin.json")
        if os.path.exists(manifest + ".sig"):
            os.unlink(manifest + ".sig")
        keygen("-Y", "sign", "-n", namespace, "-f", self.path("keys", name), manifest)

    def comes_with_the_package(self) -> None:
        with open(self.path("plugins/SHA256SUMS"), "w") as file:
            file.write(f"{sha256(self.path('plugins', ID, 'plugin.json'))}  {ID}/plugin.json\n")

    # Saying yes.

    def test_a_yes_is_waited_for_and_everything_is_shown_before(self) -> None:
        self.trust("acme", self.make_key("acme"))
        self.sign("acme")
        for answer in ("no\n", "", "\n", "YES PLEASE\n", "n\n"):
            with self.subTest(answer):
                said = self.plugin("enable", ID, code=1, answer=answer)
                self.assertIn("not enabled: nothing was changed", said)
                self.assertEqual(os.listdir(self.path("etc/plugins.d")), [])
        said = self.plugin("enable", ID, answer="yes\n")
        for part in (ID, "acme@example.org, key SHA256:", "bh.storage/1", "services", "  keys       none\n", "  secrets    none\n", "programs", "network", "paths", "isolation", "Enable it?"):
            self.assertIn(part, said)
        record = self.record()
        self.assertEqual((record["basis"], record["publisher"]), ("signed", "acme@example.org"))
        self.assertEqual(record["sha256"], sha256(self.path("plugins", ID, "plugin.so")))
        self.assertEqual(record["manifest_sha256"], sha256(self.path("plugins", ID, "plugin.json")))
        info = os.stat(self.path("etc/plugins.d", ID + ".json"))
        self.assertEqual((info.st_uid, info.st_mode & 0o7777), (0, 0o644))
        self.assertIn("enabled already, and nothing has changed", self.plugin("enable", ID))

    def test_an_unsigned_one_wants_a_flag_and_a_warning_stands(self) -> None:
        self.assertIn("--unsigned", self.plugin("enable", "--yes", ID, code=1))
        self.assertEqual(self.ask("enable", "--yes", ID, code=1)["error"]["reason"], "unsigned")
        self.assertNotIn("WARNING", self.plugin("list"), "what nobody enabled is no danger")
        self.assertIn("WARNING", self.plugin("enable", "--yes", "--unsigned", ID))
        self.assertIn(f"WARNING: the plugin {ID} is not signed", self.plugin("list"))
        self.assertIn("NOBODY", self.said)
        self.assertIn("not signed", self.ask("show", ID)["warning"])
        self.assertEqual(self.record()["basis"], "unsigned")

    def test_what_came_with_the_package_needs_no_signature(self) -> None:
        self.comes_with_the_package()
        self.assertEqual(self.ask("enable", "--yes", ID)["trust"], "packaged")
        self.assertEqual(self.ask("show", ID)["warning"], "")
        # Its next release, which the package manager has put there.
        self.change_manifest(version="9.9.9", services=["bh.svc.log/1", "bh.svc.signer/1"])
        self.assertEqual(self.state(), "changed")
        self.comes_with_the_package()
        said = self.plugin("enable", "--packaged")
        self.assertIn("+ services bh.svc.signer/1", said)
        self.assertEqual((self.state(), self.record()["version"]), ("enabled", "9.9.9"))
        self.assertEqual(self.ask("enable", "--packaged"), {"plugins": []})
        # What did not come with it is left as it is.
        self.change_manifest(version="10.0.0")
        self.assertEqual(self.ask("enable", "--packaged"), {"plugins": []})
        self.assertEqual(self.record()["version"], "9.9.9")

    def test_the_packages_command_enables_nothing_new_and_says_what_it_can_not_enable(self) -> None:
        self.comes_with_the_package()
        self.assertEqual(self.ask("enable", "--packaged"), {"plugins": []})
        self.assertEqual(self.state(), "not enabled")
        self.plugin("enable", "--yes", ID)
        shutil.rmtree(self.path("plugins", ID))
        self.assertIn("there is no plugin", self.plugin("enable", "--packaged", code=1))
        self.assertIn("there is no plugin", self.ask("enable", "--packaged", code=1)["plugins"][0]["problem"])

    def test_what_changed_is_shown_and_asked_for_again(self) -> None:
        self.plugin("enable", "--yes", "--unsigned", ID)
        self.change_manifest(version="1.1.0", services=["bh.svc.signer/1"], network=["evil.example:443"])
        self.assertIn("changed since you enabled it", self.plugin("list"))
        shown = self.ask("show", ID)
        self.assertEqual(shown["state"], "changed")
        self.assertIn({"asks": "network", "what": "evil.example:443", "added": True}, shown["changes"])
        said = self.plugin("enable", "--unsigned", ID, code=1, answer="no\n")
        for part in ("changed since you enabled version", "+ network  evil.example:443", "+ services bh.svc.signer/1", "its manifest"):
            self.assertIn(part, said)
        self.assertEqual(self.record()["asks"].get("network"), None)
        self.plugin("enable", "--unsigned", ID, answer="yes\n")
        self.assertEqual(self.record()["asks"]["network"], ["evil.example:443"])

    def test_text_of_a_manifest_does_not_steer_the_terminal(self) -> None:
        self.change_manifest(title="\u001b[2J\u202egood", description="a\u009bb")
        said = self.plugin("show", ID)
        self.assertNotIn("\u001b", said)
        self.assertNotIn("\u202e", said)
        self.assertIn("?[2J?good", said)

    # Bad plugins.

    def test_a_file_swapped_or_rewritten_in_place(self) -> None:
        self.plugin("enable", "--yes", "--unsigned", ID)
        with open(self.path("plugins", ID, "plugin.so"), "ab") as file:
            file.write(b"\0")
        said = self.plugin("enable", "--yes", "--unsigned", ID, code=1)
        for part in ("step hash", "plugin.so", "its manifest says", "install it again"):
            self.assertIn(part, said)
        self.assertIn("refused", self.plugin("list"))

    def test_a_bad_signature_is_refused_whatever_else_would_do(self) -> None:
        public = self.make_key("acme")
        self.trust("acme", public)
        self.make_key("mallory")
        self.make_key("old", "ecdsa")
        self.comes_with_the_package()
        signature = self.path("plugins", ID, "plugin.json.sig")

        def truncated() -> None:
            self.sign("acme")
            os.truncate(signature, 60)

        def of_another_manifest() -> None:
            self.sign("acme")
            self.change_manifest(title="another")

        def revoked() -> None:
            self.sign("acme")
            with open(self.path("etc/trust/revoked_keys"), "w") as file:
                file.write(public)

        cases = {"bad_signature": [truncated, of_another_manifest, lambda: self.sign("acme", "git")], "untrusted_key": [lambda: self.sign("mallory")],
                 "wrong_key_type": [lambda: self.sign("old")], "revoked_key": [revoked]}
        for reason, changes in cases.items():
            for change in changes:
                with self.subTest(reason):
                    change()
                    error = self.ask("enable", "--yes", "--unsigned", ID, code=1)["error"]
                    self.assertEqual(error["reason"], reason, error["message"])
                    self.assertIn(f"step signature, {signature}: ", error["message"])
        self.assertEqual(os.listdir(self.path("etc/plugins.d")), [])

    def test_a_manifest_that_lies(self) -> None:
        for changes, reason in (({"sha256": "a" * 64}, "wrong_hash"), ({"id": "org.example.other"}, "wrong_id"), ({"abi": {"major": 7, "draft": 1}}, "other_abi"),
                                ({"interfaces": []}, "bad_manifest"), ({"isolation": "none"}, "bad_manifest")):
            with self.subTest(changes):
                self.change_manifest(**changes)
                self.assertEqual(self.ask("enable", "--yes", "--unsigned", ID, code=1)["error"]["reason"], reason)
                shutil.copy2(os.path.join(BUILD, "plugins", ID, "plugin.json"), self.path("plugins", ID, "plugin.json"))

    def test_ids_with_path_characters(self) -> None:
        outside = self.path("etc/evil.json")
        for bad in ("../etc/evil", "..", "/etc/passwd", "org.blockhost.mem-storage/../x", "a\nb.c", "-a.b", ""):
            for command in ("show", "disable"):
                with self.subTest((command, bad)):
                    self.plugin(command, "--", bad, code=1)
            self.plugin("enable", "--yes", "--unsigned", "--", bad, code=1 if bad else 2)
        self.assertFalse(os.path.exists(outside))
        self.assertEqual(self.ask("show", "org.example.absent", code=4)["error"]["reason"], "no_plugin")

    def test_a_record_that_is_damaged_is_written_anew(self) -> None:
        path = self.path("etc/plugins.d", ID + ".json")
        for text in ("", "{", '{"record": 1}', "[]", '{"record": 2, "id": 5}'):
            with self.subTest(text):
                with open(path, "w") as file:
                    file.write(text)
                self.assertIn(path, self.plugin("list"))
                self.plugin("enable", "--yes", "--unsigned", ID)
                self.assertEqual(self.state(), "enabled")

    def test_only_root_enables(self) -> None:
        command = ["setpriv", "--reuid=48199", "--regid=48199", "--clear-groups", os.path.join(self.root, "blockhost"), "--config", self.path("etc/kernel.yaml"), "plugin"]
        shutil.copy2(os.path.join(BUILD, "bin/blockhost"), self.path("blockhost"))
        done = subprocess.run([*command, "enable", "--yes", "--unsigned", ID], text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("only root may", done.stderr)
        self.assertEqual(os.listdir(self.path("etc/plugins.d")), [])
        done = subprocess.run([*command, "show", ID], text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)

    # Ending it.

    def test_disabling_is_refused_while_an_instance_uses_it(self) -> None:
        self.plugin("enable", "--yes", "--unsigned", ID)
        instance = self.path("etc/plugins.d/store.yaml")
        with open(instance, "w") as file:
            file.write(f"plugin: {ID}\nkind: storage\nconfig: {{}}\n")
        said = self.plugin("disable", ID, code=1)
        for part in ("instance store", instance):
            self.assertIn(part, said)
        self.assertEqual(self.ask("show", ID)["instances"], ["store"])
        os.unlink(instance)
        self.assertIn("not loaded any more", self.plugin("disable", ID))
        self.assertEqual(self.state(), "not enabled")
        self.plugin("disable", ID, code=4)

    def test_wrong_use(self) -> None:
        for words in (["enable"], ["enable", "--yes"], ["enable", "--packaged", ID], ["show"], ["disable"], ["check"], ["new"], ["new", "--kind", "cloud", "--lang", "c"]):
            with self.subTest(words):
                self.plugin(*words, code=2)
        self.plugin("enable", ID, code=2, as_json=True)

    def test_each_command_has_help(self) -> None:
        for words in ([], ["list"], ["show"], ["enable"], ["disable"], ["check"], ["new"]):
            with self.subTest(words):
                self.assertIn("Usage", self.plugin(*words, "--help"))

    def test_check_tries_an_installed_one_or_a_folder(self) -> None:
        for which in (ID, self.path("plugins", ID)):
            with self.subTest(which):
                self.assertIn("\nPassed in", self.plugin("check", which, "--", "--only", "lint"))
        self.assertIsInstance(self.ask("check", ID, "--", "--only", "lint"), dict)
        self.plugin("check", "org.example.absent", code=4)
        self.plugin("check", self.root, code=4)
        self.assertIn("no check and no group", self.plugin("check", ID, "--", "--only", "nonsense", code=2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
