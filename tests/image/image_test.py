#!/usr/bin/env python3
"""The built image, booted in QEMU without KVM: first boot, guest channel, login, power button, second boot.

    image_test.py --suite bookworm|trixie --image DIR --deb FILE --tool FILE

Builds the image into DIR first if it is not there or older than the package. Runs as root, in namespaces of its own.
"""
import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "login")]
from guest_root import ADDRESS, VM, Keys, run  # noqa: E402
from guest_vm import MAC, TAP, GuestVm  # noqa: E402
from seed import write_seed  # noqa: E402
from ssh_client import Ssh, login_text  # noqa: E402

BOOT_SECONDS = 600  # a deadline for a machine that does a lot else; what it took is printed


def user_data(keys):
    values = {"format": "1", "hostname": VM["vm"], "mac": MAC, "address": ADDRESS, "gateway": "fe80::1",
              "resolvers": "2001:db8::53", "statement_key": keys.statement_key(), **VM}
    return "#cloud-config\nblockhost:\n" + "".join(f'  {key}: "{value}"\n' for key, value in values.items())


class Image(unittest.TestCase):
    directory = image = keys = vm = known_hosts = None

    @classmethod
    def setUpClass(cls):
        cls.disk, cls.seed = cls.directory / "disk.qcow2", cls.directory / "seed.iso"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", cls.image["path"], "-F", "qcow2", str(cls.disk), "3G")
        write_seed(cls.seed, {"user-data": user_data(cls.keys), "meta-data": "instance-id: i-1\n", "network-config": "version: 2\n"})
        cls.known_hosts = cls.directory / "known_hosts"
        cls.boot()

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.vm.kill()

    @classmethod
    def boot(cls):
        cls.vm = GuestVm(cls.directory, cls.image, cls.disk, cls.seed)
        cls.channel = cls.vm.channel()
        deadline = cls.vm.started + BOOT_SECONDS
        cls.banner_seconds = cls.wait_for_banner(deadline)
        while True:
            answer = cls.channel.ask({"v": 1, "type": "hello"}, 2)
            if answer and answer["ok"]["vm"] and answer["ok"]["sshd"] == "listening":
                break
            if time.monotonic() > deadline:
                raise TimeoutError("no hello: " + cls.vm.log()[-2000:])
        cls.hello = answer["ok"]
        print(f"banner {cls.banner_seconds:.1f} s, hello {time.monotonic() - cls.vm.started:.1f} s after QEMU's start", flush=True)
        cls.known_hosts.write_text(f"{ADDRESS} {cls.hello['ssh_host_key']}\n")

    @classmethod
    def wait_for_banner(cls, deadline):
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_INET6) as probe:
                probe.settimeout(60)  # one patient look: a second one would only take time from the first
                try:
                    probe.connect((ADDRESS, 22))
                    if probe.recv(256).startswith(b"SSH-2.0-OpenSSH"):
                        return time.monotonic() - cls.vm.started
                except OSError:
                    time.sleep(0.1)
        raise TimeoutError("no ssh banner: " + cls.vm.log()[-2000:])

    def statement(self, sequence, signer="statement"):
        now = time.time()
        text = self.keys.statement("owner", sequence, now - 5, now + 900, signer=signer)
        return self.channel.call("statement", statement="0x" + text.encode().hex())

    def log_in(self, command):
        with Ssh(ADDRESS, self.known_hosts, command, seconds=180) as ssh:
            ssh.paste(self.keys.sign("owner", login_text(ssh.prompt())))
            return ssh.end(), ssh.exit_code

    def test_1_hello_tells_who_the_guest_is(self):
        self.assertEqual(self.hello["vm"], VM["vm"])
        self.assertTrue(self.hello["ssh_host_key"].startswith("ssh-ed25519 AAAA"))
        self.assertEqual(self.hello["sequence"], "0")

    def test_2_nobody_gets_in_before_a_statement(self):
        with Ssh(ADDRESS, self.known_hosts, "id", seconds=120) as ssh:
            prompt = ssh.prompt()
            self.assertIn("has not been told by its host who owns it", prompt)
            ssh.paste("")
            self.assertNotIn("uid=", ssh.end())
            self.assertEqual(ssh.exit_code, 255)

    def test_3_statements_are_taken_newest_first(self):
        self.assertEqual(self.statement(5, signer="stranger")["error"]["reason"], "bad_signature")
        self.assertEqual(self.statement(5)["ok"]["sequence"], "5")
        self.assertEqual(self.statement(4)["ok"]["sequence"], "5")
        self.assertEqual(self.channel.call("hello")["ok"]["sequence"], "5")

    def test_4_the_owner_logs_in_to_a_machine_of_their_own(self):
        output, code = self.log_in("id -un; hostname; cat /etc/resolv.conf; ip -6 address show dev eth0; sudo -n id -u; "
                                   "sudo -n sh -c 'stat -c %a%U /var/lib/blockhost-guest/*'; sudo -n grep -cE '^[^:]+:[^*!:]' /etc/shadow; "
                                   "df -h / | tail -n 1; echo kept > note; sync note; echo whole")
        self.assertEqual(code, 0, output)
        lines = output.split("\n")
        for expected in (VM["login_user"], VM["vm"], "nameserver 2001:db8::53", "whole", "600root"):
            self.assertIn(expected, lines)
        self.assertIn(f"inet6 {ADDRESS}/128", output)
        self.assertNotIn("644root", output)
        self.assertEqual(lines[lines.index("whole") - 2], "0", "an account has a password: " + output)
        self.assertIn("2.9G", output, "the file system did not grow to its disk")

    def test_5_the_power_button_ends_it_in_order(self):
        # Again and again, as the hypervisor plugin does: what presses before the guest listens is not heard.
        deadline = time.monotonic() + 300
        while self.vm.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError):  # it ends while it is asked
                self.vm.power_button()
            time.sleep(1)
        self.assertEqual(self.vm.process.returncode, 0)
        self.channel.close()

    def test_6_the_second_boot_is_the_same_vm_and_asks_the_host_nothing(self):
        key = self.hello["ssh_host_key"]
        type(self).boot()
        self.assertEqual(self.hello["ssh_host_key"], key)
        self.assertEqual(self.hello["sequence"], "5")
        output, code = self.log_in("cat note")
        self.assertEqual(code, 0, output)
        self.assertIn("kept", output)


def in_namespaces(arguments):
    run("ip", "link", "set", "lo", "up")
    run("ip", "tuntap", "add", "dev", TAP, "mode", "tap", "vnet_hdr")
    pathlib.Path(f"/proc/sys/net/ipv6/conf/{TAP}/accept_dad").write_text("0\n")
    run("ip", "link", "set", TAP, "up")
    run("ip", "-6", "address", "add", "fe80::1/64", "dev", TAP, "nodad")
    run("ip", "-6", "address", "add", "2001:db8:b10c::99/128", "dev", "lo", "nodad")
    run("ip", "-6", "route", "add", f"{ADDRESS}/128", "dev", TAP, "src", "2001:db8:b10c::99")
    with tempfile.TemporaryDirectory(prefix="blockhost-image-") as name:
        Image.directory = pathlib.Path(name)
        folder = pathlib.Path(arguments.image)
        Image.image = json.loads((folder / "image.json").read_text())
        Image.image.update({name: str(folder / Image.image[name]) for name in ("path", "kernel", "initrd")})
        Image.keys = Keys(Image.directory, arguments.tool)
        result = unittest.main(argv=["image_test"], exit=False, verbosity=2, failfast=True).result
        if not result.wasSuccessful() and Image.vm:
            print(Image.vm.log()[-4000:], file=sys.stderr)
    return 0 if result.wasSuccessful() and result.testsRun else 1


def build_image(arguments):
    image, deb = pathlib.Path(arguments.image), pathlib.Path(arguments.deb)
    image.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{image}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = image / "image.json"
        if not built.exists() or built.stat().st_mtime < deb.stat().st_mtime:
            subprocess.run([str(HERE.parents[1] / "iso/image/build"), "--suite", arguments.suite, "--out", str(image),
                            "--guest-deb", str(deb)], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", required=True, choices=("bookworm", "trixie"))
    for option in ("--image", "--deb", "--tool"):
        parser.add_argument(option, required=True, type=os.path.abspath)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return in_namespaces(arguments)
    if os.geteuid() != 0:
        sys.exit("image_test.py must run as root: the image build and namespaces need it")
    build_image(arguments)
    return subprocess.call(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
                            sys.executable, __file__, *sys.argv[1:], "--inside"])


if __name__ == "__main__":
    sys.exit(main())
