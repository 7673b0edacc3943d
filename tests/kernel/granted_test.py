#!/usr/bin/env python3
"""VMs that the operator gives away: `blockhost vm create|granted|extend|credential|destroy`, and the seals that go with them."""
import json
import subprocess
import unittest

from scenario import Failed, Scenario, wait_until
from world import SIGNER

OWNER = "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB"


class Granted(Scenario):
    settings = {"undo_window_s": 1}

    @classmethod
    def build_world(cls) -> None:
        super().build_world()
        cls.book = cls.world.blockhost("vm", "granted")
        cls.key = cls.world.path("buyer", "recipient.key")
        cls.public = cls.world.blockhost("seal", "key", "--out", cls.key)["public_key"]

    def allow(self) -> None:
        """As an operator does once: the signer serves the book of granted VMs, too."""
        policy = self.world.chain.signer_policy
        intents = [{"chain": self.book["chain"], "contract": self.book["contract"], "max_fee": "0"}]
        self.world.chain.signer_policy = lambda: {**policy(), "intents": [*policy().get("intents", []), *intents]}
        self.world.write_signer()
        self.world.processes["signer"].stop()
        self.world.start("signer")

    def expect(self, code: int, *words: str) -> dict:
        done = self.world.cli("--json", *words)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout else {}

    def create(self, *words: str, code: int = 0) -> dict:
        return self.expect(code, "vm", "create", "--owner", OWNER, "--recipient", self.public, *words)

    def state(self, number: str) -> str:
        return self.expect(0, "vm", "granted", number)["state"]

    def wait(self, number: str, state: str) -> dict:
        wait_until(f"the granted VM is {state}", lambda: self.state(number) == state, 60)
        return self.expect(0, "vm", "granted", number)

    def said(self) -> list[str]:
        return [row["detail"] for row in self.expect(0, "audit", "list", "--limit", "1000")["audit"] if row["action"] == "command"]

    def test_a_life(self) -> None:
        world = self.world
        refused = self.create(code=1)
        self.assertEqual(refused["error"]["reason"], "signer_policy")
        self.assertIn(self.book["chain"], refused["error"]["message"])
        self.assertEqual(self.expect(0, "vm", "granted")["grants"], [])
        self.allow()
        made = self.create("--nonce", "one", "--note", "for the auditor")
        number = made["id"]
        # However often it is sent.
        self.assertEqual(self.create("--nonce", "one", "--note", "for the auditor")["id"], number)
        shown = self.wait(number, "active")
        self.assertIsNone(shown["expires_at"])
        self.assertEqual(len(world.machines()), 1)
        self.assertTrue(any("vm create one" in row for row in self.said()))
        # It is in the lists of all VMs and subscriptions, and in none of chains and plans.
        self.assertEqual([each["vm"] for each in self.expect(0, "vm", "list")["vms"]], [shown["vm"]])
        self.assertEqual(self.expect(0, "subscription", "show", number)["state"], "active")
        self.assertEqual([each["instance"] for each in self.expect(0, "status")["chains"]], ["local"])
        self.assertEqual([each["instance"] for each in self.expect(0, "chain", "status")["chains"]], ["local"])
        self.assertNotIn("granted", [each["instance"] for each in self.expect(0, "plan", "list")["plans"]])
        # What is sealed for the owner opens with the recipient's key.
        sealed = self.expect(0, "vm", "credential", shown["vm"])
        details = self.open(sealed)
        self.assertEqual(details["hostname"], shown["address"])
        self.assertTrue(details["host_key"].startswith("ssh-"))
        # A purchase beside it is another thing: it is not destroyed by this command.
        alice = world.wallet("alice")
        bought = world.buy(alice)
        other = world.wait_state(bought, "active", 60)["vm"]["vm"]
        self.assertEqual(self.expect(1, "vm", "destroy", other)["error"]["reason"], "bought")
        self.expect(4, "vm", "destroy", "1000000099")
        # A lost journal: the book knows it.
        world.processes["blockhostd"].stop()
        self.assertEqual(world.cli("recover", "--empty").returncode, 0)
        world.start("blockhostd")
        world.wait_ready()
        self.assertEqual(self.wait(number, "active")["vm"], shown["vm"])
        self.assertEqual(len(world.machines()), 2)
        foreseen = self.expect(0, "gc", "--dry-run")
        self.assertEqual(foreseen["orphans"], [])
        self.assertFalse([row for row in foreseen["rows"] if row["subscription"] == number and row["verdict"] in ("due", "counting", "refused")])
        self.expect(0, "vm", "destroy", shown["vm"])
        self.wait(number, "ended")
        self.assertEqual(len(world.machines()), 1)
        self.assertIsNotNone(world.machine_of(bought))
        self.assertEqual(self.expect(0, "vm", "destroy", number)["state"], "ended")  # again: done already
        self.assertTrue(any(f"vm destroy {number}" == row for row in self.said()))
        self.end(alice, bought)
        self.assert_nothing_left()
        self.assertEqual(self.expect(0, "audit", "verify")["whole"], True)

    def open(self, sealed: dict) -> dict:
        words = ["open", "credential", "--chain", sealed["chain"], "--contract", sealed["contract"], "--subscription", sealed["subscription"], "--owner", sealed["owner"],
                 "--key", self.key]
        done = subprocess.run([self.world.path("bin", "blockhost"), "--json", *words], input=sealed["sealed"], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_details_are_resealed_for_the_present_owner(self) -> None:
        world = self.world
        alice = world.wallet("resealed")
        number = world.buy(alice)
        owner = world.wait_state(number, "active", 60)["owner"]
        key = world.path("buyer", "new.key")
        public = world.blockhost("seal", "key", "--out", key)["public_key"]
        world.buyer("open", alice, id=number)
        done = self.expect(0, "credential", "reseal", str(number), "--recipient", public, "--nonce", "again", "--wait")
        self.assertEqual((done["state"], done["owner"].lower()), ("done", owner.lower()))
        with self.assertRaises(Failed):  # with the key that was sealed to before
            world.buyer("open", alice, id=number)
        self.assertEqual(self.expect(0, "credential", "reseal", str(number), "--recipient", public, "--nonce", "again")["tx"], done["tx"])
        self.assertEqual(len(self.expect(0, "credential", "list")["reseals"]), 1)
        events = [each for each in self.expect(0, "events", "--limit", "100")["events"] if each["type"] == "credential_updated"]
        self.assertEqual([each["tx"] for each in events], [done["tx"]])
        minted = self.expect(0, "credential", "mint", str(number))
        self.assertEqual((minted["minted"], minted["token"]), (True, str(number)))
        self.expect(4, "credential", "reseal", "4711", "--recipient", public)
        self.end(alice, number)
        self.assertEqual(self.expect(1, "credential", "reseal", str(number), "--recipient", public)["error"]["reason"], "no_owner")
        self.assert_nothing_left()

    def test_requests_are_opened_by_the_signer_and_written_down(self) -> None:
        world = self.world
        server = json.loads(world.run("bin/blockhost-signer", "keygen", "--config", world.path("etc/signer.yaml"), user=SIGNER))
        server_key = server.get("keys", server)["server"]["public_key"]
        chain = world.blockhost("status")["chains"][0]
        words = ["--chain", chain["chain"], "--contract", chain["contract"], "--buyer", OWNER]
        sealed = self.expect(0, "seal", "request", *words, "--server-key", server_key, "--recipient", self.public)["sealed"]
        path = world.path("buyer", "request")
        with open(path, "w") as file:
            file.write(sealed)
        self.assertEqual(self.expect(0, "open", "request", *words, "--sealed", path), {"format": "seal-2-request", "recipient": self.public})
        self.assertTrue(any(row.startswith("open request of") for row in self.said()))
        other = [word if word != OWNER else "0x" + "00" * 19 + "01" for word in words]
        self.assertEqual(self.expect(1, "open", "request", *other, "--sealed", path)["error"]["reason"], "does_not_open")

    def test_nonsense_is_refused(self) -> None:
        for words in (["--cpus", "0"], ["--days", "4000"], ["--image", "none"], ["--note", "x" * 201]):
            with self.subTest(words):
                self.assertIn(self.create(*words, code=1 if words[0] != "--image" else 4)["error"]["reason"], ("bad_parameter", "bad_grant", "not_found", "no_image", "signer_policy"))
        self.expect(1, "vm", "create", "--owner", "alice", "--recipient", self.public)
        self.expect(1, "vm", "create", "--owner", OWNER)
        self.expect(2, "vm", "create", "--recipient", self.public)


if __name__ == "__main__":
    unittest.main()
