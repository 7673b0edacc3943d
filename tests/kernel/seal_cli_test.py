#!/usr/bin/env python3
"""`blockhost seal` and `blockhost open`: the published vectors open, what is sealed by hand opens with the vectors' keys, and no secret is an argument."""
import json
import os
import subprocess
import tempfile
import unittest

BUILD = os.environ["BLOCKHOST_BUILD"]
VECTORS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "plugin-api", "formats", "vectors")


def vectors(name: str) -> dict:
    with open(os.path.join(VECTORS, name + ".json")) as file:
        return json.load(file)


class ByHand(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.addCleanup(self.folder.cleanup)

    def file(self, content: str, mode: int = 0o600) -> str:
        fd, path = tempfile.mkstemp(dir=self.folder.name)
        with os.fdopen(fd, "w") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def ask(self, *words: str, stdin: str = "", code: int = 0) -> dict:
        # There is no configuration: none is needed.
        done = subprocess.run([os.path.join(BUILD, "bin", "blockhost"), "--config", "/nonexistent", "--json", *words], input=stdin, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout else {}

    def bound(self, row: dict) -> list[str]:
        credential = row["credential"]
        return ["--chain", row["chain"], "--contract", row["contract"], "--subscription", credential["subscription"], "--owner", credential["owner"]]

    def test_the_vectors_of_seal_2_open(self) -> None:
        rows = vectors("seal-2")["vectors"]
        self.assertGreaterEqual(len(rows), 8)
        for row in rows:
            with self.subTest(row["name"]):
                sealed = row["credential"]["sealed"]
                content = json.loads(row["credential"]["content"])
                opened = self.ask("open", "credential", *self.bound(row), "--key", self.file(row["recipient_secret"]), stdin=sealed)
                self.assertEqual(opened, content)
                if row["derivation"] and row["derivation"]["wallet"] == row["credential"]["owner"]:
                    by_wallet = self.ask("open", "credential", *self.bound(row), "--server-key", row["server_public"], "--signature", "-", "--sealed", self.file(sealed),
                                         stdin=row["derivation"]["signature"])
                    self.assertEqual(by_wallet, content)

    def test_the_vector_of_seal_1_opens_with_the_buyers_signature_from_the_standard_input(self) -> None:
        row = vectors("seal-1")
        opened = self.ask("open", "credential", "--format", "seal-1", "--signature", "-", "--sealed", self.file(row["credential"]), stdin=row["signature"] + "\n")
        self.assertEqual(opened, json.loads(row["content"]))

    def test_what_is_sealed_to_a_key_opens_with_it_and_with_no_other(self) -> None:
        first, other = [row for row in vectors("seal-2")["vectors"] if row["derivation"]][:2]
        content = first["credential"]["content"]
        sealed = self.ask("seal", "credential", *self.bound(first), "--recipient", first["recipient_public"], "--details", "-", stdin=content)["sealed"]
        self.assertNotEqual(sealed, first["credential"]["sealed"])
        key = self.file(first["recipient_secret"])
        self.assertEqual(self.ask("open", "credential", *self.bound(first), "--key", key, stdin=sealed), json.loads(content))
        wrong = self.ask("open", "credential", *self.bound(first), "--key", self.file(other["recipient_secret"]), stdin=sealed, code=1)
        self.assertEqual(wrong["error"]["reason"], "does_not_open")
        flipped = sealed[:-1] + ("0" if sealed[-1] != "0" else "1")
        self.ask("open", "credential", *self.bound(first), "--key", key, stdin=flipped, code=1)
        elsewhere = [word if word != first["credential"]["subscription"] else "8" for word in self.bound(first)]
        self.ask("open", "credential", *elsewhere, "--key", key, stdin=sealed, code=1)

    def test_seal_1_is_sealed_and_opened_with_one_signature(self) -> None:
        row = vectors("seal-1")
        signature = self.file(row["signature"])
        sealed = self.ask("seal", "credential", "--format", "seal-1", "--signature", signature, "--details", "-", stdin=row["content"])["sealed"]
        self.assertEqual(self.ask("open", "credential", "--format", "seal-1", "--signature", signature, stdin=sealed), json.loads(row["content"]))
        request = self.ask("seal", "request", "--format", "seal-1", "--server-key", row["server_public"], "--buyer", row["wallet"], "--signature", signature)["sealed"]
        self.assertEqual(len(request), len(row["request"]))
        other = self.ask("seal", "request", "--format", "seal-1", "--server-key", row["server_public"], "--buyer", "0x" + "00" * 19 + "01", "--signature", signature, code=1)
        self.assertEqual(other["error"]["reason"], "not_the_buyer")

    def test_a_new_key_is_written_for_its_owner_alone_and_works(self) -> None:
        row = vectors("seal-2")["vectors"][0]
        path = os.path.join(self.folder.name, "key")
        public = self.ask("seal", "key", "--out", path)["public_key"]
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        sealed = self.ask("seal", "credential", *self.bound(row), "--recipient", public, "--details", self.file(row["credential"]["content"]))["sealed"]
        self.assertEqual(self.ask("open", "credential", *self.bound(row), "--key", path, stdin=sealed), json.loads(row["credential"]["content"]))
        self.ask("seal", "key", "--out", path, code=1)  # never over one that is there
        request = self.ask("seal", "request", "--server-key", row["server_public"], "--chain", row["chain"], "--contract", row["contract"], "--buyer", row["request"]["buyer"],
                           "--recipient", public)["sealed"]
        self.assertEqual(len(request), 2 + 2 * 83)

    def test_a_key_that_a_wallet_makes_is_the_published_one(self) -> None:
        row = next(row for row in vectors("seal-2")["vectors"] if row["derivation"])
        made = self.ask("seal", "key", "--chain", row["chain"], "--contract", row["contract"], "--owner", row["derivation"]["wallet"], "--server-key", row["server_public"],
                        "--signature", "-", stdin=row["derivation"]["signature"])
        self.assertEqual(made["public_key"], row["recipient_public"])

    def test_secrets_that_others_could_read_and_two_inputs_at_once_are_refused(self) -> None:
        row = vectors("seal-2")["vectors"][0]
        opened = self.ask("open", "credential", *self.bound(row), "--key", self.file(row["recipient_secret"], 0o644), stdin=row["credential"]["sealed"], code=1)
        self.assertEqual(opened["error"]["reason"], "open_file")
        both = self.ask("open", "credential", *self.bound(row), "--key", "-", stdin=row["recipient_secret"], code=1)
        self.assertEqual(both["error"]["reason"], "two_inputs")
        missing = self.ask("open", "credential", "--key", self.file(row["recipient_secret"]), stdin=row["credential"]["sealed"], code=1)
        self.assertEqual(missing["error"]["reason"], "missing_option")
        for words in (["open"], ["seal"], ["open", "credential", "--format", "seal-3"]):
            self.ask(*words, code=2)

    def test_a_secret_as_an_argument_is_taken_for_a_file(self) -> None:
        row = vectors("seal-2")["vectors"][0]
        refused = self.ask("open", "credential", *self.bound(row), "--key", row["recipient_secret"], stdin=row["credential"]["sealed"], code=1)
        self.assertEqual(refused["error"]["reason"], "no_file")


if __name__ == "__main__":
    unittest.main()
