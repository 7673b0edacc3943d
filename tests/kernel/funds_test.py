#!/usr/bin/env python3
"""The host's money at the daemon's edge, against a real chain node: withdrawn, split, credited, exported, and held against the chain to the wei."""
import csv
import io
import json
import os
import sqlite3
import unittest

from scenario import PRICE, MemoryWorld, Scenario, wait_until


class Funds(Scenario):
    def expect(self, code: int, *words: str) -> str:
        done = self.world.cli(*words)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def token(self) -> dict:
        [chain] = self.world.blockhost("funds", "status")["chains"]
        self.assertIsNone(chain["why"])
        [token] = chain["tokens"]
        return token

    def assert_agreement(self) -> None:
        self.assertIn("the books agree", self.expect(0, "funds", "status", "--check"))
        self.assertEqual(self.token()["difference"], "0")

    def balance(self, account: str) -> int:
        return int(self.world.chain.call("eth_getBalance", account, "latest"), 16)

    def serve(self, days: int = 10) -> tuple[str, int]:
        key = self.world.wallet()
        number = self.world.buy(key, days=days)
        self.world.wait_state(number, "active", 60)
        return key, number


class Earned(Funds):
    def test_money_goes_to_the_treasury_once_and_every_wei_is_in_the_books(self) -> None:
        world = self.world
        treasury = world.buyer("address", world.operator_key)["address"]
        key, number = self.serve()
        self.assert_agreement()
        world.buyer("extend", key, id=number, days=1)
        other, cancelled = self.serve(days=3)
        world.chain.pass_time(2 * 86400)
        world.buyer("cancel", other, id=cancelled)
        world.wait_state(cancelled, "ended", 60)
        wait_until("the books agree", lambda: world.cli("funds", "status", "--check").returncode == 0, 30)
        expected, before = int(self.token()["withdrawable"]), self.balance(treasury)
        self.assertGreater(expected, 3 * PRICE)
        done = world.blockhost("funds", "withdraw", "--nonce", "first")["transactions"]
        self.assertEqual([row["state"] for row in done], ["done"])
        paid = self.balance(treasury) - before
        self.assertGreaterEqual(paid, expected)
        self.assertLess(paid, expected + PRICE // 100, "what time has earned meanwhile is little")
        again = world.blockhost("funds", "withdraw", "--nonce", "first")["transactions"]
        self.assertEqual([row["tx"] for row in again], [row["tx"] for row in done], "the same command is the same transaction")
        self.assertEqual(self.balance(treasury) - before, paid)
        world.buyer("claim", other)
        wait_until("the claim is final", lambda: int(self.token()["ledger"]["claimed"]) > 0, 30)
        self.assert_agreement()
        self.assertEqual(int(self.token()["ledger"]["withdrawn"]), paid)
        self.check_export(paid)
        self.end(key, number)
        self.assert_agreement()
        self.assert_nothing_left()

    def check_export(self, withdrawn: int) -> None:
        world = self.world
        file = world.path("ledger.csv")
        self.expect(0, "funds", "export", "--output", file)
        self.assertIn("cannot write", self.expect(1, "funds", "export", "--output", file))  # never over another
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        with open(file, newline="") as opened:
            rows = list(csv.DictReader(opened))
        escrow = [row for row in rows if row["account"] == "escrow"]
        held = sum(int(row["in"]) - int(row["out"]) for row in escrow)
        self.assertEqual(held, world.books()["balance"])
        self.assertEqual(sum(int(row["out"]) for row in escrow if row["kind"] == "withdrawn"), withdrawn)
        fees = [row for row in rows if row["account"] == "host"]
        self.assertIn("fee of withdraw", {row["kind"] for row in fees})
        for row in fees:
            receipt = world.chain.call("eth_getTransactionReceipt", row["tx"])
            self.assertEqual(int(row["out"]), int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16))
        as_json = json.loads(self.expect(0, "funds", "export", "--format", "json"))["ledger"]
        self.assertEqual(len(as_json), len(rows))
        printed = list(csv.DictReader(io.StringIO(self.expect(0, "funds", "export"))))
        self.assertEqual(printed, rows)
        self.assertIn("withdrawn", self.expect(0, "funds", "ledger"))


class Changed(Funds):
    def test_a_wei_that_is_changed_in_the_journal_is_found(self) -> None:
        world = self.world
        key, number = self.serve(days=1)
        self.assert_agreement()
        world.processes["blockhostd"].stop()
        journal = world.path("state/journal.db")
        with sqlite3.connect(journal) as database:
            done = database.execute("UPDATE event SET document = replace(document, ?, ?) WHERE type = 'purchased' AND subscription = ?",
                                    (f'"amount":"{PRICE}"', f'"amount":"{PRICE + 1}"', str(number)))
            self.assertEqual(done.rowcount, 1)
        database.close()
        for end in ("", "-wal", "-shm"):
            if os.path.exists(journal + end):
                os.chown(journal + end, os.stat(world.path("state")).st_uid, -1)
        world.start("blockhostd")
        world.wait_ready()
        self.assertIn("NOT RECONCILED", self.expect(5, "funds", "status", "--check"))
        self.assertEqual(self.token()["difference"], "-1")
        self.end(key, number)
        world.books()


class Credited(Funds):
    def test_an_operator_credits_time_once(self) -> None:
        world = self.world
        key, number = self.serve()
        before = world.subscription(number)["expires_at"]
        world.chain.pass_time(7200)
        wait_until("time has passed finally", lambda: world.cli("subscription", "credit", str(number), "--seconds", "3600").returncode == 0, 30)
        once = world.blockhost("subscription", "credit", str(number), "--seconds", "3600")["transactions"]
        self.assertEqual([row["state"] for row in once], ["done"], "given again it is the same credit")
        wait_until("it is longer paid for", lambda: world.subscription(number)["expires_at"] > before, 20)
        self.assertEqual(sum(row["type"] == "time_credited" for row in world.subscription(number)["events"]), 1)
        self.assertIn("can be credited now", self.expect(1, "subscription", "credit", str(number), "--days", "1"))
        self.assertIn("1 to 604800", self.expect(1, "subscription", "credit", str(number), "--days", "8"))
        self.expect(2, "subscription", "credit", str(number), "--days", "1", "--seconds", "1")
        self.assertEqual(world.blockhost("subscription", "outages", str(number)), {"outages": []})
        self.end(key, number)


class SplitWorld(MemoryWorld):
    def deploy(self) -> None:
        super().deploy()
        self.owners = {self.buyer("address", self.wallet(name))["address"]: points for name, points in (("one", 6667), ("two", 3333))}
        self.chain.deploy_split(self.owners)
        self.write_configuration()


class Split(Funds):
    world_class = SplitWorld

    def test_revenue_is_split_to_the_wei(self) -> None:
        world = self.world
        before = {owner: self.balance(owner) for owner in world.owners}
        key, number = self.serve()
        world.chain.pass_time(86400 + 12345)
        wait_until("something is earned", lambda: int(self.token()["withdrawable"]) > PRICE, 30)
        self.assertEqual([row["state"] for row in world.blockhost("funds", "withdraw")["transactions"]], ["done"])
        released = world.blockhost("funds", "split", "--nonce", "s")["transactions"]
        self.assertEqual([row["state"] for row in released], ["done", "done"])
        world.blockhost("funds", "split", "--nonce", "s")
        self.assertEqual(world.blockhost("funds", "split")["transactions"], [], "nothing is due any more")
        total = int(self.token()["ledger"]["withdrawn"])
        paid = {owner: self.balance(owner) - had for owner, had in before.items()}
        self.assertEqual(paid, {owner: total * points // 10_000 for owner, points in world.owners.items()})
        [treasury] = world.blockhost("funds", "status")["chains"][0]["treasury"]["tokens"]
        self.assertEqual(int(treasury["undivided"]), total - sum(paid.values()))
        self.assertEqual([int(share["paid"]) for share in treasury["shares"]], list(paid.values()))
        self.assert_agreement()
        self.end(key, number)


if __name__ == "__main__":
    unittest.main(verbosity=2)
