#!/usr/bin/env python3
"""Who can't see what: keys in no process but the signer's, no log, no journal; sockets that answer their own peers only and typed verbs only."""
import glob
import json
import os
import signal
import subprocess
import sys
import unittest

from scenario import Scenario, wait_until
from memory_world import DAEMONS, HERE
from world import KERNEL, NETD, SIGNER

STRANGER = 48109
with open(os.path.join(HERE, "ask.py")) as program:  # as text: the users may not see into the source tree
    ASK = program.read()
# As the user: may it attach to, and read the environment of, the process?
LOOK = """
import ctypes, os, sys
pid = int(sys.argv[1])
found = []
try:
    open(f"/proc/{pid}/environ", "rb").read()
    found.append("environ")
except PermissionError:
    pass
try:
    open(f"/proc/{pid}/mem", "rb").close()
    found.append("mem")
except PermissionError:
    pass
PTRACE_ATTACH = 16
if ctypes.CDLL(None).ptrace(PTRACE_ATTACH, pid, None, None) == 0:
    found.append("ptrace")
print(" ".join(found))
"""


class Secrets(Scenario):
    @classmethod
    def build_world(cls) -> None:
        super().build_world()
        cls.buyer_key = cls.world.wallet()
        cls.number = cls.world.buy(cls.buyer_key)
        cls.world.wait_state(cls.number, "active", 60)

    def as_user(self, uid: int, *command: str, given: str = "") -> subprocess.CompletedProcess:
        return subprocess.run([*self.world.as_user(uid), *command], text=True, capture_output=True, input=given, timeout=60)

    def ask(self, uid: int, socket: str, *requests) -> list:
        done = self.as_user(uid, sys.executable, "-c", ASK, self.world.path("run", socket),
                            given="\n".join(json.dumps(request) for request in requests))
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def canaries(self) -> dict[str, list[bytes]]:
        """Each key in the forms in which it could leak."""
        found = {}
        for path in glob.glob(self.world.path("keys", "*.key")):
            with open(path, "rb") as file:
                data = file.read()
            raw = data if len(data) == 32 else bytes.fromhex(data.decode().strip().removeprefix("0x"))
            self.assertEqual(len(raw), 32)
            found[os.path.basename(path)] = [raw, raw.hex().encode(), raw.hex().upper().encode()]
        self.assertEqual(sorted(found), ["agent.key", "server.key", "statement.key"])
        return found

    def assert_without_keys(self, where: str, data: bytes) -> None:
        for name, forms in self.canaries().items():
            for form in forms:
                self.assertNotIn(form, data, f"{name} in {where}")

    def test_the_kernels_user_reads_no_key_file(self) -> None:
        for path in glob.glob(self.world.path("keys", "*")) + [self.world.operator_key]:
            self.assertNotEqual(self.as_user(KERNEL, "cat", path).returncode, 0, path)
            self.assertNotEqual(self.as_user(NETD, "cat", path).returncode, 0, path)
            self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
        self.assertNotEqual(self.as_user(KERNEL, "ls", self.world.path("keys")).returncode, 0)

    def test_no_key_in_arguments_and_environments(self) -> None:
        for process in self.world.processes.values():
            for name in ("cmdline", "environ"):
                with open(f"/proc/{process.pid}/{name}", "rb") as file:
                    self.assert_without_keys(f"{process.name}'s {name}", file.read())

    def test_no_key_in_logs_journal_and_state(self) -> None:
        looked = 0
        for folder in ("log", "state", "signer", "launch", "mem", "run", "etc"):
            for base, _, names in os.walk(self.world.path(folder)):
                for name in names:
                    path = os.path.join(base, name)
                    if os.path.isfile(path) and not os.path.islink(path):
                        with open(path, "rb") as file:
                            self.assert_without_keys(path, file.read())
                        looked += 1
        self.assertGreater(looked, 10)

    def test_the_search_for_keys_would_find_one(self) -> None:
        with open(self.world.path("keys/agent.key"), "rb") as file:
            data = file.read()
        with self.assertRaises(AssertionError):
            self.assert_without_keys("itself", b"x" + data + b"y")

    def test_the_signer_is_not_dumpable(self) -> None:
        pid = self.world.processes["signer"].pid
        for uid in (SIGNER, KERNEL):
            self.assertEqual(self.as_user(uid, sys.executable, "-c", LOOK, str(pid)).stdout.strip(), "", f"of uid {uid}")
        with open(f"/proc/{pid}/limits") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_a_look_at_an_ordinary_process_sees_something(self) -> None:
        other = subprocess.Popen([*self.world.as_user(STRANGER), "sleep", "60"])
        try:
            wait_until("it changed its user", lambda: os.readlink(f"/proc/{other.pid}/exe").endswith(("sleep", "coreutils")), 10)
            self.assertIn("environ", self.as_user(STRANGER, sys.executable, "-c", LOOK, str(other.pid)).stdout)
        finally:
            other.kill()
            other.wait()

    def test_a_signer_that_crashes_leaves_no_core(self) -> None:
        world = self.world
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(number.name):
                process = world.processes["signer"]
                os.kill(process.pid, number)
                status = os.waitpid(process.pid, 0)[1]
                self.assertEqual(os.waitstatus_to_exitcode(status), -number)
                # The kernel's own word, also where core_pattern is a pipe. The pattern is the machine's and not changed here: kernel/signer/hardening_test.cpp
                # shows what stops a core for any pattern (PR_GET_DUMPABLE is 0; the limit of 0 would not stop a pipe).
                self.assertFalse(os.WCOREDUMP(status))
                process.child.returncode = -number
                found = [path for folder in ("/", world.root, world.path("signer"), world.path("keys"), world.path("bin")) for path in glob.glob(os.path.join(folder, "core*"))]
                self.assertEqual(found, [])
                world.start("signer")

    def test_each_daemon_refuses_strangers(self) -> None:
        for socket in ("signer/signer.sock", "netd/netd.sock", "launch/launch.sock"):
            with self.subTest(socket):
                self.assertEqual(self.ask(STRANGER, socket, {"id": 1, "verb": "status", "args": {}}), ["no permission"])
                # Even one who gets past the file's mode.
                path = self.world.path("run", socket)
                folder = os.path.dirname(path)
                modes = os.stat(path).st_mode & 0o777, os.stat(folder).st_mode & 0o777
                os.chmod(path, 0o666)
                os.chmod(folder, 0o755)
                try:
                    answer = self.ask(STRANGER, socket, {"id": 1, "verb": "status", "args": {}})
                finally:
                    os.chmod(path, modes[0])
                    os.chmod(folder, modes[1])
                self.assertTrue(answer == ["closed"] or answer[0]["error"]["code"] < 0, answer)
                self.assertNotIn("ok", json.dumps(answer))

    def test_the_kernel_may_not_open_taps(self) -> None:
        answer = self.ask(KERNEL, "netd/netd.sock", {"id": 1, "verb": "tap_open", "args": {"tap": self.world.taps()[0]["ifname"], "owner": "0" * 40}})
        self.assertIn("error", answer[0])

    def test_root_may_only_open_taps(self) -> None:
        done = subprocess.run([sys.executable, os.path.join(HERE, "ask.py"), self.world.path("run/netd/netd.sock")], text=True, capture_output=True,
                              input=json.dumps({"id": 1, "verb": "vm_list", "args": {}}), timeout=30)
        self.assertIn("error", json.loads(done.stdout.splitlines()[0]))

    def test_each_daemon_names_an_unknown_verb_or_field(self) -> None:
        for socket, verb in (("signer/signer.sock", "public_key"), ("netd/netd.sock", "vm_block"), ("launch/launch.sock", "status")):
            with self.subTest(socket):
                unknown, extra, missing = self.ask(KERNEL, socket, {"id": 1, "verb": "sign_digest", "args": {}}, {"id": 2, "verb": verb, "args": {"colour": "blue"}},
                                                   {"id": 3, "verb": verb, "args": {}})
                for answer, number in ((unknown, 1), (extra, 2), (missing, 3)):
                    self.assertEqual(answer["id"], number)
                    self.assertLess(answer["error"]["code"], 0)
                self.assertIn("sign_digest", unknown["error"]["message"])
                self.assertTrue(extra["error"]["message"])

    def test_a_frame_that_does_not_parse_ends_the_connection(self) -> None:
        for socket in ("signer/signer.sock", "netd/netd.sock", "launch/launch.sock"):
            for raw in ("ffffffff", "03000000" + b"{{{".hex(), "00000000"):
                with self.subTest(socket=socket, raw=raw):
                    answer = self.ask(KERNEL, socket, raw, {"id": 2, "verb": "status", "args": {}})
                    self.assertEqual(answer[-1], "closed")
                    self.assertNotIn("ok", json.dumps(answer))

    def test_the_signer_signs_nothing_for_another_caller_chain_or_function(self) -> None:
        world = self.world
        zero = "0x" + "00" * 20
        requests = [{"key": "server", "scheme": "eip1559-tx", "payload": "0x02c0", "caller": "local"}, {"key": "agent", "scheme": "eip1559-tx", "payload": "0x02c0", "caller": "local"},
                    {"key": "agent", "scheme": "eip191", "payload": "0x" + b"hello".hex(), "caller": "local"}, {"key": "agent", "scheme": "raw", "payload": "0x" + "11" * 32, "caller": "local"},
                    {"key": "agent", "scheme": "eip191", "payload": "0x" + b"hello".hex(), "caller": "store"}]
        answers = self.ask(KERNEL, "signer/signer.sock", *({"id": index, "verb": "sign", "args": args} for index, args in enumerate(requests)))
        self.assertEqual(len(answers), len(requests))
        for answer in answers:
            self.assertLess(answer["error"]["code"], 0, answer)
        foreign = {"key": "server", "format": "seal-2-request", "sealed": "0x" + "00" * 120, "context": {"chain": "eip155:31337", "contract": zero, "buyer": zero}}
        self.assertIn("error", self.ask(KERNEL, "signer/signer.sock", {"id": 1, "verb": "unseal", "args": foreign})[0])
        self.assertTrue(world.processes["signer"].running())

    def test_the_launcher_starts_only_what_its_configuration_lists(self) -> None:
        unit = "0" * 40
        spec = {"program": "bash", "arguments": ["-c", "true"]}
        for instance, program in (("hyper", "bash"), ("store", "sleep")):
            answer = self.ask(KERNEL, "launch/launch.sock", {"id": 1, "verb": "start", "args": {"instance": instance, "unit": unit, "owner": unit, "spec": {**spec, "program": program}, "tap_owner": ""}})
            self.assertLess(answer[0]["error"]["code"], 0, answer)

    def test_every_daemon_still_runs(self) -> None:
        for name in DAEMONS:
            self.assertTrue(self.world.processes[name].running(), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
