#!/usr/bin/env python3
"""The real sshd of a Debian release, the real PAM stack, our package installed in it, and the stock ssh client.

    sshd_test.py --suite bookworm|trixie --roots DIR --deb FILE --tool FILE

Runs as root. Everything happens in namespaces of its own (mounts, network, processes): nothing of the machine's changes.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from guest_root import ADDRESS, GuestRoot, Keys, run  # noqa: E402
from ssh_client import Ssh, login_text  # noqa: E402

DAY = 24 * 3600
OPENSSH = {"bookworm": "9.2", "trixie": "10.0"}


class Login(unittest.TestCase):
    suite = guest = known_hosts = log = keys = None

    def setUp(self):
        self.guest.forget_failures()
        self.guest.hears()

    def ssh(self, *command, **options):
        return Ssh(ADDRESS, self.known_hosts, *command, **options)

    def sign(self, prompt, key="owner", *options):
        return self.keys.sign(key, login_text(prompt), *options)

    def log_in(self, *command):
        with self.ssh(*command) as ssh:
            signature = self.sign(ssh.prompt())
            ssh.paste(signature)
            output = ssh.end()
            return ssh.exit_code, output, signature

    def refused(self, answer):
        """One wrong answer; -> the next prompt, which says why."""
        with self.ssh("id") as ssh:
            ssh.paste(answer(ssh.prompt()))
            return ssh.prompt()

    def test_the_release_is_the_one_that_is_meant(self):
        self.assertEqual(self.guest.openssh_version(), OPENSSH[self.suite])

    def test_the_owner_gets_a_shell(self):
        code, output, _ = self.log_in("id; uname -s; cat /proc/self/loginuid > /dev/null")
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"uid=\d+\(user\)")
        self.assertIn("Linux", output)

    def test_the_text_names_vm_host_key_and_client(self):
        with self.ssh("id") as ssh:
            text = login_text(ssh.prompt())
        fingerprint = run("ssh-keygen", "-lf", str(self.guest.root / "etc/ssh/ssh_host_ed25519_key.pub")).split()[1]
        self.assertTrue(text.startswith("bh-7-3fa91c wants you to sign in"))
        self.assertIn(self.keys.address("owner"), text)
        self.assertIn("urn:blockhost:ssh-host-key:" + fingerprint, text)
        self.assertTrue(text.endswith("urn:blockhost:client:" + ADDRESS))

    def test_another_wallet_is_refused(self):
        said = self.refused(lambda prompt: self.sign(prompt, "other"))
        self.assertIn(f"that signature is by {self.keys.address('other')}; the one asked for is {self.keys.address('owner')}", said)
        self.assertIn("If the first is a wallet of yours, sign with the second", said)

    def test_the_text_of_another_vm_is_refused(self):
        def answer(prompt):
            return self.keys.sign("owner", login_text(prompt).replace("bh-7-3fa91c", "bh-8-000000"))
        said = self.refused(answer)
        self.assertRegex(said, "that signature is by 0x[0-9A-Fa-f]{40}; the one asked for is " + self.keys.address("owner"))
        self.assertNotIn("by " + self.keys.address("owner"), said)
        self.assertIn("If you do not know the first, it is over another text, such as the one of another VM", said)
        self.assertIn("begins with bh-7-3fa91c", said)

    def test_a_used_signature_is_refused(self):
        signature = self.log_in("true")[2]
        self.assertIn("has logged in once already", self.refused(lambda _: signature))

    def test_a_signature_for_an_older_prompt_is_refused(self):
        with self.ssh("id") as ssh:
            older = self.sign(ssh.prompt())
            ssh.paste("nonsense")
            self.assertIn("it must be 0x and 130 hex digits", ssh.prompt())
            ssh.paste(older)
            self.assertIn("for an older text of this VM", ssh.prompt())

    def test_a_signature_for_another_connection_is_refused(self):
        with self.ssh("id") as one, self.ssh("id") as two:
            signature = self.sign(one.prompt())
            two.prompt()
            two.paste(signature)
            self.assertIn("for an older text of this VM", two.prompt())
            one.paste(signature)
            self.assertIn("uid=", one.end())

    def test_high_s_is_refused(self):
        self.assertIn("second form (high s)", self.refused(lambda prompt: self.sign(prompt, "owner", "high-s")))

    def test_1024_characters_are_refused(self):
        self.assertIn("a signature is 0x and 130 hex digits", self.refused(lambda _: "0x" + "a" * 1022))

    def test_a_right_signature_at_the_last_try_logs_in(self):
        with self.ssh("id") as ssh:
            for _ in range(2):
                ssh.prompt()
                ssh.paste("nonsense")
            prompt = ssh.prompt()
            self.assertIn("This is the last try", prompt)
            ssh.paste(self.sign(prompt))
            self.assertIn("uid=", ssh.end())

    def test_three_wrong_tries_end_the_connection(self):
        with self.ssh("id", options=("-o", "NumberOfPasswordPrompts=9")) as ssh:
            for _ in range(3):
                ssh.prompt()
                ssh.paste("nonsense")
            output = ssh.end()
            self.assertEqual(ssh.exit_code, 255, output)
            self.assertNotIn("uid=", output)
            self.assertNotIn("BEGIN LOGIN TEXT", output)

    def nothing_to_sign(self, sentence, user="user"):
        with self.ssh("id", user=user, options=("-o", "NumberOfPasswordPrompts=9")) as ssh:
            prompt = ssh.prompt()
            self.assertIn(sentence, prompt)
            self.assertNotIn("BEGIN LOGIN TEXT", prompt)
            ssh.paste("")
            output = ssh.end()
            self.assertEqual(ssh.exit_code, 255, output)
            self.assertNotIn("uid=", output)

    def test_without_a_statement_nobody_gets_in(self):
        self.guest.knows_nobody()
        self.nothing_to_sign("has not been told by its host who owns it")

    def test_an_expired_statement_counts_for_its_grace(self):
        self.guest.hears(issued_ago=DAY)  # expired 23 h 45 min ago
        self.assertEqual(self.log_in("true")[0], 0)

    def test_after_the_grace_nobody_gets_in(self):
        self.guest.hears(issued_ago=DAY + 1000)
        self.nothing_to_sign("its grace is over")

    def test_a_statement_of_another_host_counts_for_nothing(self):
        statement = self.keys.statement("owner", 99, 1_764_024_000, 4_000_000_000, signer="stranger")
        (self.guest.state / "statement").write_text(statement)
        self.nothing_to_sign("is damaged")

    def test_after_a_sale_the_new_owner_gets_in_and_the_old_one_does_not(self):
        self.guest.hears(owner="other")
        self.assertIn(self.keys.address("other"), self.refused(self.sign))
        with self.ssh("id") as ssh:
            ssh.paste(self.sign(ssh.prompt(), "other"))
            self.assertIn("uid=", ssh.end())

    def test_root_does_not_log_in(self):
        self.nothing_to_sign("Log in as the user that your credential names", user="root")

    def test_passwords_and_keys_are_not_offered(self):
        with self.ssh("id", options=("-o", "PreferredAuthentications=password,publickey")) as ssh:
            self.assertIn("Permission denied (keyboard-interactive)", ssh.end())

    def test_signatures_are_not_logged(self):
        signature = self.log_in("true")[2]
        self.refused(lambda prompt: self.sign(prompt, "other"))
        log = pathlib.Path(self.log).read_text(errors="replace")
        self.assertIn("Accepted keyboard-interactive/pam for user", log)
        self.assertNotIn(signature[2:66], log)


def in_namespaces(arguments):
    with tempfile.TemporaryDirectory(prefix="blockhost-login-") as name:
        directory = pathlib.Path(name)
        root = directory / "root"
        root.mkdir()
        run("tar", "--extract", "--file", f"{arguments.roots}/{arguments.suite}.tar", "--directory", str(root))
        Login.suite = arguments.suite
        Login.keys = Keys(directory, arguments.tool)
        Login.guest = GuestRoot(root, arguments.deb, Login.keys)
        Login.log = str(directory / "sshd.log")
        Login.known_hosts = str(directory / "known_hosts")
        pathlib.Path(Login.known_hosts).write_text(Login.guest.known_hosts())
        try:
            Login.guest.start(Login.log)
            result = unittest.main(argv=["sshd_test", *arguments.tests], exit=False, verbosity=2).result
            if not result.wasSuccessful():
                print("".join(open(Login.log, errors="replace").readlines()[-60:]), file=sys.stderr)
        finally:
            Login.guest.stop()
            run("umount", "--lazy", str(root / "dev"))
            run("umount", str(root / "proc"))
        return 0 if result.wasSuccessful() and result.testsRun else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite", required=True, choices=sorted(OPENSSH))
    for option in ("--roots", "--deb", "--tool"):
        parser.add_argument(option, required=True, type=os.path.abspath)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    if arguments.inside:
        return in_namespaces(arguments)
    if os.geteuid() != 0:
        sys.exit("sshd_test.py must run as root: sshd and namespaces need it")
    run(str(pathlib.Path(__file__).parent / "make_root.sh"), arguments.suite, f"{arguments.roots}/{arguments.suite}.tar")
    return subprocess.call(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
                            sys.executable, __file__, *sys.argv[1:], "--inside"])


if __name__ == "__main__":
    sys.exit(main())
