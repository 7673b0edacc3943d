#!/usr/bin/env python3
"""A VM that is lost is built anew when the operator says so, and its owner gets the new details: `blockhost subscription rebuild`."""
import json
import unittest

from scenario import Scenario, wait_until


class Rebuild(Scenario):
    def expect(self, code: int, *words: str) -> dict:
        done = self.world.cli("--json", *words)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def refusal(self, number: int, *words: str) -> str:
        return self.expect(1, "subscription", "rebuild", str(number), *words)["error"]["message"]

    def lose(self) -> None:
        """The disk with the VMs and the volumes dies, the host's network does not."""
        self.world.hypervisor.set(machines=[])
        self.world.storage.set(volumes=[])

    def reseals(self, number: int) -> list[dict]:
        return [each for each in self.expect(0, "credential", "list")["reseals"] if each["subscription"] == str(number)]

    @staticmethod
    def paid(books: dict) -> dict:
        """What does not change with time alone."""
        return {name: books[name] for name in ("balance", "undelivered", "credits")}

    def told(self, number: int) -> dict:
        """The only order to reseal, once it has ended."""
        [order] = wait_until("its owner is told", lambda: (all := self.reseals(number)) and all[-1]["state"] != "waiting" and all, 60)
        return order

    def test_a_lost_vm_is_built_anew_and_its_owner_logs_in_with_the_new_key(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        number = world.buy(alice)
        before = world.wait_state(number, "active", 60)
        details = world.buyer("open", alice, id=number)
        books = self.paid(world.books())
        self.assertIn("--gone", self.refusal(number))
        self.assertIn("has the VM", self.refusal(number, "--gone"))
        self.assertTrue(world.runs(number), "it is left alone")
        self.lose()
        world.hypervisor.set(guest_silent_for=1_000_000)
        self.expect(0, "subscription", "rebuild", str(number), "--gone")
        wait_until("the new VM runs", lambda: world.runs(number), 60)
        # Its disk is new, and so is the key that sshd made there.
        key = details["host_key"][:-3] + "BBB"

        def new_key(contents: dict) -> None:
            contents["backend"]["guest_silent_for"] = 0
            for machine in contents["backend"]["machines"]:
                machine["guest"]["host_key"] = key
        world.hypervisor.change(new_key)
        self.assertEqual(self.reseals(number), [], "nothing is sealed before the guest answers")
        world.let_guests_speak()
        after = world.wait_state(number, "active", 60)
        self.assertEqual((after["address"], after["vm"]["vm"], after["owner"]), (before["address"], before["vm"]["vm"], before["owner"]))
        self.assertEqual(self.told(number)["state"], "done")
        self.assertEqual(world.buyer("open", alice, id=number), {**details, "host_key": key})
        wait_until("the new guest has an owner statement", lambda: world.sequence_of(number) > 0, 60)
        self.assertEqual((len(world.machines()), len(world.volumes()), len(world.taps())), (1, 1, 1))
        self.assertEqual(self.paid(world.books()), books, "nothing was sold or given back")
        types = [each["type"] for each in self.expect(0, "events", "--limit", "100")["events"] if each["subscription"] == str(number)]
        self.assertEqual((types.count("delivered"), types.count("credential_updated")), (1, 1))
        self.assertIn("has the VM", self.refusal(number, "--gone"))
        self.end(alice, number)
        self.assertIn("ended", self.refusal(number, "--gone"))
        self.assert_nothing_left()
        self.assertTrue(self.expect(0, "audit", "verify")["whole"])

    def test_a_journal_that_is_lost_with_the_vm_names_the_command_and_it_works(self) -> None:
        world = self.world
        bob = world.wallet("bob")
        number = world.buy(bob)
        world.wait_state(number, "active", 60)
        world.processes["blockhostd"].stop()
        self.lose()
        self.expect(0, "recover", "--empty")
        world.start("blockhostd")
        world.wait_ready()
        held = world.wait_state(number, "held", 60)
        self.assertIn(f"blockhost subscription rebuild {number}", held["reason"])
        self.expect(0, "subscription", "rebuild", str(number), "--gone")
        shown = world.wait_state(number, "active", 60)
        self.assertEqual(self.told(number)["state"], "done")
        self.assertEqual(world.buyer("open", bob, id=number)["hostname"], shown["address"])
        self.assertEqual([each["message"] for each in self.expect(0, "status")["alarms"] if each["subject"] == f"subscription:{number}"], [])
        self.end(bob, number)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main(verbosity=2)
