#!/usr/bin/env python3
"""The packaged units under a real systemd: what they forbid leaves what the daemons need. Sandboxes of workers, tools and codecs come up, limits hold, VMs
outlive their launcher, and a whole host of in-memory plugins in workers gets ready."""
import ctypes
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "kernel"))
from machine import HERE, ROOT, Machine, wait_until  # noqa: E402

SERVICES = ("blockhost-signer", "blockhost-netd", "blockhost-launch", "blockhostd")
CODEC = "/usr/lib/blockhost/plugins/org.blockhost.test-codec"
LANDLOCK_CREATE_RULESET, LANDLOCK_VERSION = 444, 1
CAP_NET_ADMIN = 12
with open(os.path.join(ROOT, "tests/kernel/ask.py")) as program:
    ASK = program.read()
with open(os.path.join(HERE, "start_worker.py")) as program:
    START_WORKER = program.read()
with open(os.path.join(ROOT, "plugin-api/formats/vectors/bh-intent-1.json")) as vectors:
    INTENT = json.load(vectors)["vectors"][0]["text"]  # shop-1: close, with a fee of 1000

LAUNCH = """
run: /run/blockhost
state: /var/lib/blockhost/launch
cgroup: blockhost
kernel: {user: blockhost, group: blockhost}
uids: {first: 700000, count: 100}
instances:
  hyper:
    programs: {sleep: /bin/sleep}
    directories: [/var/lib/blockhost/vm]
    worker: {user: blockhost-w1, write: [/var/lib/blockhost/vm]}
  store:
    worker: {user: blockhost-w2, write: [/var/lib/blockhost/pool], read: [/var/lib/blockhost/images]}
    tools:
      qemu-img: {path: /usr/bin/qemu-img, commands: [["create", "-q", "-f", "qcow2", "/var/lib/blockhost/pool/.+", "[0-9]+"]]}
      sh: {path: /bin/sh, commands: [["-c", ".*"]]}
"""
SIGNER = """
socket: /run/blockhost/signer/signer.sock
group: blockhost
peers: [blockhost]
log: /var/lib/blockhost-signer/signatures.jsonl
keys: {agent: /etc/blockhost/keys/agent.key, server: /etc/blockhost/keys/server.key, statement: /etc/blockhost/keys/statement.key}
%s
policy:
  seals: []
  intents:
    - {chain: "bhledger:demo", contract: shop-1, max_fee: "5000", calls: [{contract: shop-1, functions: [close]}]}
  grants:
    - {caller: ledger, scheme: bh-intent-1, chain: "bhledger:demo"}
"""


class Units(unittest.TestCase):
    machine: Machine

    @classmethod
    def setUpClass(cls) -> None:
        cls.machine = Machine()
        cls.addClassCleanup(cls.machine.stop)
        cls.machine.install()
        cls.machine.start()
        # As dpkg does; the package's own script makes users and directories.
        cls.machine.run("/DEBIAN/postinst", "configure")

    def ask(self, socket: str, *requests: dict, user: str = "blockhost") -> list:
        done = self.machine.run("python3", "-c", ASK, f"/run/blockhost/{socket}", given="\n".join(json.dumps(request) for request in requests), user=user)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def verb(self, socket: str, name: str, **args) -> dict:
        answer = self.ask(socket, {"id": 1, "verb": name, "args": args})[0]
        self.assertIn("ok", answer, f"{name}: {answer}\n{self.machine.log()[-2000:]}")
        return answer["ok"]

    def field(self, pid: int, name: str) -> str:
        return self.machine.run("sed", "-n", rf"s/^{name}:\s*//p", f"/proc/{pid}/status").stdout.strip()

    def start_signer(self, codec: bool) -> None:
        with open(os.path.join(self.machine.tree, CODEC[1:], "plugin.json")) as file:
            pin = json.load(file)["sha256"]
        words = f"codecs:\n  - {{scheme: demo-tx, plugin: {CODEC}, sha256: {pin}, hash: sha256, key: /etc/blockhost/keys/demo.key}}\n"
        text = SIGNER % (words if codec else "")
        if codec:
            text += '    - {caller: ledger, scheme: demo-tx, chain: "bhledger:demo"}\n'
        self.machine.write("/etc/blockhost/signer.yaml", text)
        self.machine.run("/usr/lib/blockhost/blockhost-signer", "keygen", "--config", "/etc/blockhost/signer.yaml", user="blockhost-signer")
        self.machine.service("blockhost-signer", "restart")

    def start_launcher(self) -> None:
        self.machine.write("/etc/blockhost/launch.yaml", LAUNCH)
        self.machine.service("blockhost-launch", "restart")

    def test_systemd_finds_nothing_wrong_with_the_units(self) -> None:
        said = self.machine.run("systemd-analyze", "verify", *(f"{name}.service" for name in SERVICES))
        self.assertEqual([line for line in said.stderr.splitlines() if "blockhost" in line], [])

    def test_a_codec_decodes_in_its_sandbox_under_the_signers_unit(self) -> None:
        self.start_signer(codec=True)
        def sign(payload: str) -> dict:
            return self.ask("signer/signer.sock", {"id": 1, "verb": "sign", "args": {"key": "demo-tx", "scheme": "demo-tx", "caller": "ledger", "payload": "0x" + payload.encode().hex()}})[0]
        self.assertRegex(sign(f"say\n{INTENT}\npreimage").get("ok", {}).get("signature", self.machine.log()[-2000:]), "^0x[0-9a-f]{130}$")
        self.assertIn("ok", sign("environment"))
        # What the unit refuses by itself, such as sockets of the network, fails as well and ends no codec: it never gets to the sandbox's own filter.
        for bad in ("file", "fork", "crash"):
            with self.subTest(bad):
                self.assertIn("error", sign(bad))

    def test_a_signer_without_codecs_can_make_no_namespace(self) -> None:
        self.start_signer(codec=False)
        without = self.field(self.machine.main_pid("blockhost-signer"), "Seccomp_filters")
        self.start_signer(codec=True)
        self.assertEqual(int(without), int(self.field(self.machine.main_pid("blockhost-signer"), "Seccomp_filters")) + 1)

    def test_the_signer_has_no_capability_and_no_network(self) -> None:
        self.start_signer(codec=True)
        pid = self.machine.main_pid("blockhost-signer")
        for name in ("CapEff", "CapPrm", "CapBnd"):
            self.assertEqual(int(self.field(pid, name), 16), 0)
        self.assertNotEqual(*(self.machine.run("readlink", f"/proc/{of}/ns/net").stdout for of in (pid, 1)))

    def test_a_worker_gets_its_whole_sandbox_under_the_launchers_unit(self) -> None:
        self.start_launcher()
        told = json.loads(self.machine.run("python3", "-c", START_WORKER, "/run/blockhost/launch/launch.sock", "store", user="blockhost").stdout)
        self.assertEqual(told["kind"], 1, told)
        # As much of Landlock as this kernel has: a filter of the unit that refuses its calls looks like a kernel without.
        version = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
        self.assertEqual(told["text"], "namespaces, seccomp, " + (f"Landlock {version}" if version > 0 else "no Landlock in this system"))
        self.assertIn(told["limits"], ("cgroup2", "cgroup1", "rlimit"))
        print("a worker under the unit:", told["text"] + ";", told["limits"], told["limits_why"], flush=True)

    def test_a_tool_runs_in_its_sandbox_and_what_it_makes_is_its_workers(self) -> None:
        self.start_launcher()
        run = lambda *words: self.verb("launch/launch.sock", "run", instance="store", request={"program": words[0], "args": list(words[1:])}, deadline_ms=60000)
        made = run("qemu-img", "create", "-q", "-f", "qcow2", "/var/lib/blockhost/pool/volume", "1048576")
        self.assertEqual(made["exit_code"], 0, bytes.fromhex(made.get("errors", "0x")[2:]))
        self.assertEqual(self.machine.run("stat", "-c", "%U %G", "/var/lib/blockhost/pool/volume").stdout, "blockhost-w2 blockhost\n")
        tried = run("sh", "-c", "cat /etc/shadow || touch /var/lib/blockhost/launch/x || unshare -U true || id -u")
        said = bytes.fromhex(tried["output"][2:]).decode() + bytes.fromhex(tried["errors"][2:]).decode()
        self.assertEqual(said.count("No such file"), 2, said)
        self.assertIn("unshare failed: Operation not permitted", said)
        self.assertNotIn("root:", said)

    def test_a_vms_process_outlives_its_launcher_and_its_restart(self) -> None:
        self.start_launcher()
        unit = "ab" * 20
        started = self.verb("launch/launch.sock", "start", instance="hyper", unit=unit, owner=unit, tap_owner="", spec={"program": "sleep", "args": ["1000"]})
        self.machine.service("blockhost-launch", "restart")
        self.assertEqual(self.verb("launch/launch.sock", "status", instance="hyper", unit=unit)["pid"], started["pid"])
        pid = int(started["pid"])
        self.assertEqual(int(self.field(pid, "CapEff"), 16), 0)
        self.assertEqual(self.field(pid, "NoNewPrivs"), "1")
        self.verb("launch/launch.sock", "signal", instance="hyper", unit=unit, number=9)
        wait_until("it has ended", lambda: self.verb("launch/launch.sock", "status", instance="hyper", unit=unit)["state"] != "running")

    def test_netd_works_under_its_unit(self) -> None:
        self.machine.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far0")
        self.machine.run("cp", "/usr/share/doc/blockhost/examples/netd.yaml", "/etc/blockhost/netd.yaml")
        self.machine.service("blockhost-netd")
        self.assertTrue(self.verb("netd/netd.sock", "status")["table"])
        pid = self.machine.main_pid("blockhost-netd")
        self.assertEqual(int(self.field(pid, "CapEff"), 16), 1 << CAP_NET_ADMIN)

    def test_what_the_launchers_unit_still_forbids(self) -> None:
        self.start_launcher()
        pid = self.machine.main_pid("blockhost-launch")
        # CAP_CHOWN, KILL, SETGID, SETUID: it gives CAP_SETPCAP up by itself.
        self.assertEqual(int(self.field(pid, "CapBnd"), 16), sum(1 << bit for bit in (0, 5, 6, 7)))
        inside = ["nsenter", "--target", str(pid), "--mount", "--"]
        for path in ("/usr/lib/x", "/etc/x", "/root/x"):
            self.assertNotEqual(self.machine.run(*inside, "touch", path, check=False).returncode, 0, path)
        self.assertEqual(self.machine.run(*inside, "ls", "/etc/blockhost/keys/", check=False).stdout, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
