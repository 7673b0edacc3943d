#!/usr/bin/env python3
"""The command line and the local API: help, JSON, exit codes, tables, routes and their refusals."""
import json
import http.client
import os
import signal
import socket
import subprocess
import sys
import unittest

from scenario import Scenario, wait_until

HELP = [[], ["status"], ["doctor"], ["chain"], ["chain", "status"], ["subscription"], ["subscription", "list"], ["subscription", "show"], ["subscription", "undo"], ["subscription", "retry"], ["subscription", "rebuild"], ["vm"], ["vm", "list"], ["vm", "show"],
        ["vm", "console"], ["job"], ["job", "list"], ["job", "show"], ["job", "retry"], ["job", "abandon"], ["plan"], ["plan", "list"], ["plan", "create"],
        ["contracts"], ["contracts", "deploy"], ["contracts", "verify"], ["image"],
        ["image", "list"], ["image", "build"], ["plugin"], ["plugin", "list"], ["plugin", "show"], ["plugin", "enable"], ["plugin", "disable"],
        ["plugin", "check"], ["plugin", "new"], ["plugin", "unpark"], ["events"], ["audit"], ["audit", "list"],
        ["audit", "verify"], ["gc"], ["recover"], ["chain", "accept-reorg"], ["seal"], ["seal", "key"], ["seal", "request"], ["seal", "credential"],
        ["open"], ["open", "request"], ["open", "credential"], ["vm", "create"], ["vm", "granted"], ["vm", "extend"], ["vm", "credential"], ["vm", "destroy"],
        ["credential"], ["credential", "reseal"], ["credential", "list"], ["credential", "mint"],
        ["funds"], ["funds", "status"], ["funds", "withdraw"], ["funds", "split"], ["funds", "ledger"], ["funds", "export"], ["funds", "transactions"],
        ["subscription", "credit"], ["subscription", "outages"], ["contracts", "split"]]


class OverUnix(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Served(Scenario):
    @classmethod
    def build_world(cls) -> None:
        super().build_world()
        world = cls.world
        cls.number = world.buy(world.wallet())
        cls.shown = world.wait_state(cls.number, "active", 60)
        cls.vm = cls.shown["vm"]["vm"]


class CommandLine(Served):
    def assert_exit(self, code: int, *words: str, **options) -> str:
        done = self.world.cli(*words, **options)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout if code in (0, 5) or options.get("json_output") else done.stderr

    def reads(self) -> list[list[str]]:
        number, vm = str(self.number), self.vm
        return [["status"], ["doctor"], ["chain", "status"], ["subscription", "list"], ["subscription", "show", number], ["vm", "list"], ["vm", "show", vm], ["job", "list"], ["job", "show", "1"],
                ["plan", "list"], ["image", "list"], ["plugin", "list"], ["plugin", "show", "org.blockhost.mem-storage"], ["events"], ["audit", "list"], ["audit", "verify"],
                ["gc", "--dry-run"], ["funds", "status"], ["funds", "ledger"], ["funds", "transactions"], ["subscription", "outages", number]]

    def test_each_command_has_help(self) -> None:
        for words in HELP:
            with self.subTest(words):
                text = self.assert_exit(0, *words, "--help")
                self.assertIn("Usage", text)
                self.assertGreater(len(text.splitlines()), 3)

    def test_each_reading_command_prints_one_json_document(self) -> None:
        for words in self.reads():
            with self.subTest(words):
                self.assertIsInstance(json.loads(self.assert_exit(0, *words, json_output=True)), dict)

    def test_json_after_the_command_is_the_same(self) -> None:
        self.assertEqual(json.loads(self.assert_exit(0, "plan", "list", "--json")), json.loads(self.assert_exit(0, "plan", "list", json_output=True)))

    def test_each_reading_command_prints_text_without_json_in_it(self) -> None:
        for words in self.reads():
            with self.subTest(words):
                text = self.assert_exit(0, *words)
                self.assertTrue(text.endswith("\n"))
                if words != ["plan", "list"]:  # a plan's resources are JSON
                    self.assertNotRegex(text, r'[{\[]"')
                self.assertNotIn("null", text)

    def test_tables_stand_in_columns(self) -> None:
        for words, title in ((["vm", "list"], "address"), (["job", "list"], "state"), (["subscription", "list"], "state"), (["plugin", "list"], "kind"), (["events"], "type")):
            with self.subTest(words):
                head, *rows = self.assert_exit(0, *words).splitlines()
                self.assertGreater(len(rows), 0)
                column = head.index(title)
                for row in rows:
                    self.assertEqual(row[column - 1], " ", row)
                    self.assertNotEqual(row[column], " ", row)

    def test_a_chain_shows_its_endpoints(self) -> None:
        chain, = json.loads(self.assert_exit(0, "chain", "status", json_output=True))["chains"]
        self.assertEqual((chain["instance"], chain["health"], chain["agree"]), ("local", "ok", 1))
        endpoint, = chain["endpoints"]
        self.assertEqual((endpoint["state"], endpoint["votes"], endpoint["lag"], endpoint["caught"]), ("ok", True, 0, []))
        self.assertGreater(endpoint["head"], 0)
        self.assertGreater(endpoint["answers"], 0)
        text = self.assert_exit(0, "chain", "status")
        self.assertIn(endpoint["name"], text)
        self.assertIn("chain local (eip155:31337): ok; 1 must agree", text)

    def test_a_subscription_shows_its_timeline(self) -> None:
        text = self.assert_exit(0, "subscription", "show", str(self.number))
        for word in ("timeline", "jobs", "active", self.shown["address"], self.vm, "deliver"):
            self.assertIn(word, text)

    def test_wrong_use_is_2(self) -> None:
        for words in ([], ["dance"], ["status", "--colour"], ["subscription"], ["subscription", "show"], ["vm", "show"], ["job", "show", "x"], ["job", "list", "--limit", "0"],
                      ["subscription", "list", "--limit", "100000"], ["gc"], ["recover", "--empty", "--no-wait"], ["chain"], ["chain", "accept-reorg"], ["audit", "list", "--after", "-1"]):
            with self.subTest(words):
                self.assertTrue(self.assert_exit(2, *words))

    def test_no_such_thing_is_4(self) -> None:
        for words in (["subscription", "show", "999"], ["subscription", "undo", "999"], ["vm", "show", "bh-0-000000"], ["vm", "console", "bh-0-000000"], ["job", "show", "999999"],
                      ["job", "retry", "999999"], ["job", "abandon", "999999"], ["subscription", "show", "../status"], ["subscription", "retry", "999"], ["subscription", "rebuild", "999", "--gone"], ["chain", "accept-reorg", "nowhere"]):
            with self.subTest(words):
                self.assertIn("blockhost: ", self.assert_exit(4, *words))
                self.assertIn("message", json.loads(self.assert_exit(4, *words, json_output=True))["error"])

    def test_refused_is_1(self) -> None:
        for words in (["job", "retry", "1"], ["job", "abandon", "1"], ["subscription", "undo", str(self.number)], ["subscription", "retry", str(self.number)], ["subscription", "rebuild", str(self.number)], ["recover", "--empty"]):
            with self.subTest(words):
                self.assertIn("message", json.loads(self.assert_exit(1, *words, json_output=True))["error"])
        self.assertEqual(self.world.subscription(self.number)["state"], "active")

    def test_a_configuration_that_can_not_be_read_is_1(self) -> None:
        self.assertIn("/nowhere/kernel.yaml", self.assert_exit(1, "status", config="/nowhere/kernel.yaml"))

    def test_doctor_finds_a_stopped_daemon_and_ends_with_5(self) -> None:
        world = self.world
        world.processes["netd"].stop()
        try:
            text = self.assert_exit(5, "doctor")
            self.assertIn("netd", text)
        finally:
            world.start("netd")
        wait_until("doctor is content again", lambda: world.cli("doctor").returncode == 0, 20)

    def test_no_daemon_is_3(self) -> None:
        world = self.world
        world.processes["blockhostd"].stop()
        try:
            for words in (["status"], ["vm", "list"], ["subscription", "show", "1"], ["plan", "create"]):
                with self.subTest(words):
                    self.assertIn("is it running", self.assert_exit(3, *words))
                    self.assertEqual(json.loads(self.assert_exit(3, *words, json_output=True))["error"]["reason"], "daemon")
        finally:
            world.start("blockhostd")
            world.wait_ready()

    def test_plan_create_runs_the_operators_tool(self) -> None:
        world = self.world
        command = [*world.inside, world.path("bin/blockhost"), "--config", world.path("etc/kernel.yaml"), "plan", "create", "--", "--rpc", world.chain.url, "--key-file", world.operator_key,
                   "--contract", world.contract, "--agent", world.agent, "--price", "native=7", "--resources", '{"cpus":1,"disk_bytes":1073741824,"memory_bytes":536870912}',
                   "--window", "3600", "--grace", "0", "--capacity", "3"]
        done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        number = str(json.loads(done.stdout)["plan"])
        plan = wait_until("the daemon has seen the plan", lambda: [plan for plan in world.blockhost("plan", "list")["plans"] if plan["plan"] == number], 20)[0]
        self.assertEqual((plan["total"], plan["delivery_window_s"], plan["active"]), (3, 3600, True))
        self.assertIn("--resources", self.assert_exit(0, "plan", "create", "--", "--help"))

    def test_contracts_are_verified_and_deployed_by_the_operators_tool(self) -> None:
        world = self.world
        whole = ["contracts", "verify", "--", "--rpc", world.chain.url, "--contract", world.contract]
        found = self.run_inside(0, *whole)
        self.assertEqual((found["matches"], found["credential"].lower(), found["findings"]), (True, world.credential.lower(), []))
        other = self.run_inside(1, *whole[:-1], world.credential)
        self.assertIn("BlockHostSubscription at " + world.credential, other["findings"][0])

        # Before the first contract there is no daemon to ask: the plugin is named.
        plugin = world.plugins["local"][0]
        made = self.run_inside(0, "contracts", "deploy", "--plugin", plugin, "--", "--rpc", world.chain.url, "--from", world.agent)
        self.assertEqual([call["what"] for call in made["unsigned"]], ["deploy AccessCredentialNFT", "deploy BlockHostSubscription"])
        self.assertEqual(made["artifacts"]["BlockHostSubscription"], "sha256:" + found["contracts"][0]["artifact_sha256"])
        self.assert_exit(2, "contracts", "verify", "--chain", "local", "--plugin", plugin)
        self.assertIn("no_program", self.assert_exit(4, "contracts", "verify", "--plugin", "org.example.none", json_output=True))
        self.assertIn("no_chain", self.assert_exit(4, "contracts", "verify", "--chain", "elsewhere", json_output=True))

    def run_inside(self, code: int, *words: str) -> dict:
        world = self.world
        done = subprocess.run([*world.inside, world.path("bin/blockhost"), "--config", world.path("etc/kernel.yaml"), *words], text=True, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return json.loads(done.stdout)


class Api(Served):
    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict]:
        connection = OverUnix(self.world.path("run/api/api.sock"))
        try:
            connection.request(method, path, body=body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def test_each_route_answers(self) -> None:
        for path in ("/v1/status", "/v1/doctor", "/v1/chains", "/v1/plugins", "/v1/vms", f"/v1/vms/{self.vm}", "/v1/plans", "/v1/subscriptions", f"/v1/subscriptions/{self.number}",
                     f"/v1/subscriptions/{self.number}?chain=local", "/v1/subscriptions?state=active&after=0&limit=1", "/v1/events?limit=1", "/v1/jobs?state=done&limit=2", "/v1/jobs/1",
                     "/v1/audit?after=0&limit=3", "/v1/audit/check", "/v1/gc", "/v1/gc?limit=500"):
            with self.subTest(path):
                status, body = self.ask("GET", path)
                self.assertEqual(status, 200, body)
                self.assertNotIn("error", body)

    def test_values_have_their_types(self) -> None:
        subscription = self.ask("GET", f"/v1/subscriptions/{self.number}")[1]
        self.assertRegex(subscription["expires_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(subscription["amount"], r"^\d+$")
        self.assertIsNone(subscription["undo_until_ms"])
        self.assertIsInstance(subscription["attestation"], dict)
        self.assertIsInstance(subscription["created_ms"], int)

    def test_what_is_not_there_is_404(self) -> None:
        for path in ("/", "/v1", "/v1/nothing", "/v1/subscriptions/999", f"/v1/subscriptions/{self.number}?chain=other", "/v1/vms/nobody", "/v1/jobs/999999", "/v1/subscriptions/x",
                     "/v1/jobs/99999999999999999999", "/v2/status"):
            with self.subTest(path):
                status, body = self.ask("GET", path)
                self.assertEqual(status, 404, body)
                self.assertTrue(body["error"]["message"])
        self.assertEqual(self.ask("POST", "/v1/plugins/nobody/unpark", "{}")[0], 404)

    def test_bad_parameters_are_400_and_named(self) -> None:
        for path, name in (("/v1/subscriptions?limit=0", "limit"), ("/v1/subscriptions?limit=x", "limit"), ("/v1/subscriptions?after=-1", "after"), ("/v1/events?limit=999999999", "limit"),
                           ("/v1/jobs?limit=1e3", "limit"), ("/v1/audit?after=%00", "after"), ("/v1/subscriptions?state=dancing", "state"), ("/v1/jobs?state=dancing", "state"), ("/v1/gc?limit=501", "limit")):
            with self.subTest(path):
                status, body = self.ask("GET", path)
                self.assertEqual(status, 400, body)
                self.assertIn(name, body["error"]["message"])

    def test_a_body_that_is_no_object_is_400(self) -> None:
        for body in ("[]", "{", "7", "\xff"):
            with self.subTest(body):
                self.assertEqual(self.ask("POST", "/v1/jobs/1/retry", body)[0], 400)

    def test_a_method_that_a_route_does_not_have_is_404(self) -> None:
        self.assertEqual(self.ask("POST", "/v1/status", "{}")[0], 404)
        self.assertEqual(self.ask("DELETE", "/v1/vms")[0], 404)

    def test_refused_commands_are_409_or_400(self) -> None:
        for path in ("/v1/jobs/1/retry", "/v1/jobs/1/abandon", f"/v1/subscriptions/{self.number}/undo"):
            with self.subTest(path):
                status, body = self.ask("POST", path, "{}")
                self.assertIn(status, (400, 409), body)

    def test_an_endless_request_does_not_stop_others(self) -> None:
        with socket.socket(socket.AF_UNIX) as slow:
            slow.connect(self.world.path("run/api/api.sock"))
            slow.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n")
            self.assertEqual(self.ask("GET", "/v1/status")[0], 200)

    def test_a_body_above_the_limit_is_refused(self) -> None:
        status, body = self.ask("POST", "/v1/jobs/1/retry", json.dumps({"nonce": "n" * 100_000}))
        self.assertEqual((status, body["error"]["reason"]), (413, "too_large"))

    def test_who_is_not_in_the_group_is_kept_out(self) -> None:
        path = self.world.path("run/api/api.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)
        program = f"import socket\nsocket.socket(socket.AF_UNIX).connect({path!r})"
        done = subprocess.run([*self.world.as_user(48109), sys.executable, "-c", program], text=True, capture_output=True)
        self.assertIn("PermissionError", done.stderr)


class Audit(Served):
    def test_the_audit_chain_holds_and_goes_on_after_a_kill(self) -> None:
        world = self.world
        before = world.blockhost("status")["audit_head"]
        os.kill(world.processes["blockhostd"].pid, signal.SIGKILL)
        world.processes["blockhostd"].child.wait()
        world.start("blockhostd")
        world.wait_ready()
        connection = OverUnix(world.path("run/api/api.sock"))
        connection.request("GET", "/v1/audit?limit=1000")
        rows = json.loads(connection.getresponse().read())["audit"]
        connection.close()
        hashes = [row["hash"] for row in rows]
        self.assertEqual(len(set(hashes)), len(hashes))
        self.assertIn(before, hashes)
        self.assertEqual([row["n"] for row in rows], list(range(1, len(rows) + 1)))
        self.assertIn("start", [row["action"] for row in rows])


if __name__ == "__main__":
    unittest.main(verbosity=2)
