#!/usr/bin/env python3
"""What an operator does when something went wrong: a journal that is lost, old or changed; what would be taken away; and the audit log."""
import os
import shutil
import sqlite3
import unittest

from scenario import DAY, Scenario, wait_until


class Operated(Scenario):
    def journal(self) -> str:
        return self.world.path("state/journal.db")

    def expect(self, code: int, *words: str) -> str:
        done = self.world.cli(*words)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def stop(self) -> None:
        self.world.processes["blockhostd"].stop()

    def start(self) -> None:
        self.world.start("blockhostd")
        self.world.wait_ready()

    def recovered(self) -> list[str]:
        """What the audit log says of journals that were not the newest."""
        return [row["detail"] for row in self.world.blockhost("audit", "list", "--limit", "1000")["audit"] if row["action"] == "recover"]

    def end_all(self, *orders: tuple[str, int]) -> None:
        for key, number in orders:
            self.end(key, number)
        self.assert_nothing_left()


class Lost(Operated):
    def test_a_lost_journal_is_recovered_and_nothing_is_made_twice(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        number = world.buy(alice)
        address = world.wait_state(number, "active", 60)["address"]
        machine = world.machine_of(number)["vm"]["vm"]
        self.assertIn("stop it first", self.expect(1, "recover", "--empty"))
        self.stop()
        self.assertIn("journal.db.lost-", self.expect(0, "recover", "--empty"))
        self.assertFalse(os.path.exists(self.journal()))
        self.assertIn("there is no", self.expect(4, "recover", "--empty"))
        self.start()
        shown = world.wait_state(number, "active", 60)
        self.assertEqual(shown["address"], address)
        self.assertEqual([each["vm"]["vm"] for each in world.machines()], [machine])
        self.assertEqual(len(world.volumes()), 1)
        self.assertEqual(len(self.recovered()), 1)
        self.assertIn("is lost", self.recovered()[0])
        self.end_all((alice, number))


class Older(Operated):
    def test_an_older_journal_is_recognised_and_recovered(self) -> None:
        world = self.world
        alice, bob = world.wallet("alice"), world.wallet("bob")
        first = world.buy(alice)
        world.wait_state(first, "active", 60)
        self.stop()
        for end in ("", "-wal"):
            if os.path.exists(self.journal() + end):
                shutil.copy2(self.journal() + end, world.path("older.db") + end)
        owner = os.stat(self.journal())
        self.start()
        second = world.buy(bob)
        world.wait_state(second, "active", 60)
        self.stop()  # which anchors
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.journal() + end):
                os.remove(self.journal() + end)
            if os.path.exists(world.path("older.db") + end):
                shutil.copy2(world.path("older.db") + end, self.journal() + end)
                os.chown(self.journal() + end, owner.st_uid, owner.st_gid)
        self.start()
        for number in (first, second):
            world.wait_state(number, "active", 60)
        self.assertEqual(len(world.machines()), 2)
        self.assertEqual(len(world.volumes()), 2)
        self.assertEqual(len(self.recovered()), 1)
        self.assertIn("older copy", self.recovered()[0])
        self.assertIn("it goes on from the journal", self.expect(0, "audit", "verify"))
        self.stop()
        self.start()
        self.assertEqual(len(self.recovered()), 1, "found once")
        self.end_all((alice, first), (bob, second))


class Running(Operated):
    def test_what_would_be_taken_is_foreseen(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        number = world.buy(alice)
        shown = world.wait_state(number, "active", 60)
        row = self.foreseen(number)
        self.assertEqual((row["step"], row["verdict"], row["when"]), ("suspend", "waiting", shown["expires_at"]))
        self.assertIn("paid for", self.expect(0, "gc", "--dry-run"))
        world.chain.pass_time(DAY + 60)
        world.wait_state(number, "suspended", 60)
        self.assertEqual(self.foreseen(number)["step"], "close")
        self.assertEqual(world.machine_of(number)["vm"]["state"], "stopped")
        self.assertEqual(len(world.volumes()), 1, "asking takes nothing")
        world.chain.pass_time(3600 + 60)
        world.wait_state(number, "ended", 90)
        self.assertEqual(world.blockhost("gc", "--dry-run")["rows"], [])
        self.assert_nothing_left()

    def foreseen(self, number: int) -> dict:
        [row] = [row for row in self.world.blockhost("gc", "--dry-run")["rows"] if row["subscription"] == str(number)]
        return row

    def test_recover_while_it_runs_changes_nothing_that_is_right(self) -> None:
        world = self.world
        alice = world.wallet("bob")
        number = world.buy(alice)
        world.wait_state(number, "active", 60)
        self.assertIn("has derived everything anew", self.expect(0, "recover"))
        self.assertEqual(world.subscription(number)["state"], "active")
        self.assertEqual(len(world.machines()), 1)
        self.end_all((alice, number))

    def test_a_signer_that_is_away_leaves_the_anchors_unread(self) -> None:
        world = self.world
        world.processes["signer"].stop()
        try:
            self.assertIn("could not be compared", self.expect(1, "audit", "verify"))
        finally:
            world.start("signer")
        wait_until("it is there again", lambda: world.cli("audit", "verify").returncode == 0, 20)


class Changed(Operated):
    def test_a_changed_row_is_named_and_the_exit_code_is_5(self) -> None:
        world = self.world
        alice = world.wallet("alice")
        number = world.buy(alice)
        world.wait_state(number, "active", 60)
        self.end_all((alice, number))
        self.assertIn("whole", self.expect(0, "audit", "verify"))
        self.stop()
        with sqlite3.connect(self.journal()) as database:
            database.executescript("DROP TRIGGER audit_fixed; UPDATE audit SET detail = 'nothing' WHERE n = 3;")
        database.close()
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.journal() + end):
                os.chown(self.journal() + end, os.stat(world.path("state")).st_uid, -1)
        self.start()
        self.assertIn("BROKEN at row 3", self.expect(5, "audit", "verify"))
        answer = world.cli("audit", "verify", json_output=True)
        self.assertEqual(answer.returncode, 5)
        self.assertIn('"broken_row": 3', answer.stdout)


if __name__ == "__main__":
    unittest.main()
