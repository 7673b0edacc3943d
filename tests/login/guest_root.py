"""A Debian root with our package really installed and its sshd running, in namespaces of its own, and the keys around it."""
import os
import pathlib
import re
import socket
import subprocess
import time

ADDRESS = "2001:db8:b10c::7"
VM = {"vm": "bh-7-3fa91c", "login_user": "user", "chain": "eip155:31337",
      "contract": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "token": "7"}


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


def wait_until(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.02)


class Keys:
    """Files of 0600 in a directory; the tool reads them, so no key is ever an argument."""

    def __init__(self, directory, tool):
        self.tool = tool
        self.paths = {}
        for name in ("statement", "owner", "other", "stranger"):
            path = directory / f"{name}.key"
            path.touch(mode=0o600)
            path.write_text(os.urandom(32).hex() + "\n")
            self.paths[name] = str(path)

    def address(self, name):
        return run(self.tool, "address", self.paths[name]).strip()

    def statement_key(self):
        return run(self.tool, "statement-key", self.paths["statement"]).strip()

    def sign(self, name, text, *options):
        return run(self.tool, "sign", self.paths[name], *options, input=text).strip()

    def statement(self, owner, sequence, issued, expires, *fields, signer="statement"):
        return run(self.tool, "statement", self.paths[signer], self.address(owner), str(sequence), str(int(issued)),
                   str(int(expires)), *fields)


class GuestRoot:
    def __init__(self, root, deb, keys):
        self.root, self.keys, self.sequence, self.sshd = pathlib.Path(root), keys, 0, None
        self._mount()
        self._install(deb)
        self._first_boot()

    def chroot(self, *argv):
        return run("chroot", str(self.root), *argv)

    def _mount(self):
        for name in ("proc", "dev"):
            (self.root / name).mkdir(exist_ok=True)
        run("mount", "-t", "proc", "proc", str(self.root / "proc"))
        run("mount", "--rbind", "/dev", str(self.root / "dev"))
        run("ip", "link", "set", "lo", "up")
        run("ip", "-6", "address", "add", f"{ADDRESS}/128", "dev", "lo", "nodad")

    def _install(self, deb):
        (self.root / "guest.deb").write_bytes(pathlib.Path(deb).read_bytes())
        self.chroot("dpkg", "--install", "/guest.deb")
        # Proof that the service file is our own: with this one nobody would get in.
        (self.root / "etc/pam.d/sshd").write_text("auth required pam_deny.so\naccount required pam_deny.so\n")

    def _first_boot(self):
        """What `blockhost-guest setup` and `serve` do where there is a seed; the image test does it for real."""
        for key in (self.root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        self.chroot("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/etc/ssh/ssh_host_ed25519_key")
        self.chroot("useradd", "--create-home", "--shell", "/bin/bash", VM["login_user"])
        self.state = self.root / "var/lib/blockhost-guest"
        self.state.mkdir(mode=0o700)
        values = {"format": "1", "instance_id": "i-1", "hostname": VM["vm"], "mac": "52:54:00:12:34:56", "address": ADDRESS,
                  "gateway": "fe80::1", "statement_key": self.keys.statement_key(), **VM}
        text = "blockhost:\n" + "".join(f'  {key}: "{value}"\n' for key, value in values.items())
        (self.state / "first-boot").write_text(text)

    def start(self, log):
        (self.root / "run/sshd").mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            # The command of the package's drop-in for ssh.service.
            self.sshd = subprocess.Popen(["chroot", str(self.root), "/usr/lib/blockhost-guest/blockhost-sshd", "-D", "-e",
                                          "-o", "LogLevel=DEBUG1"], stdout=output, stderr=output)
        wait_until(self._listens, "sshd does not listen: " + pathlib.Path(log).read_text())

    def _listens(self):
        if self.sshd.poll() is not None:
            raise ChildProcessError("sshd ended")
        with socket.socket(socket.AF_INET6) as probe:
            return probe.connect_ex((ADDRESS, 22)) == 0

    def stop(self):
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait(10)

    def known_hosts(self):
        key = (self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()
        return f"{ADDRESS} {key[0]} {key[1]}\n"

    def hears(self, owner="owner", issued_ago=10, lifetime=900, fields=()):
        """The host's statement arrives (blockhost-guest has checked and stored it)."""
        self.sequence += 1
        issued = time.time() - issued_ago
        path = self.state / "statement"
        path.write_text(self.keys.statement(owner, self.sequence, issued, issued + lifetime, *fields))
        path.chmod(0o600)

    def knows_nobody(self):
        (self.state / "statement").unlink(missing_ok=True)

    def forget_failures(self):
        (self.root / "run/blockhost-guest/failures").unlink(missing_ok=True)

    def openssh_version(self):
        text = subprocess.run(["chroot", str(self.root), "ssh", "-V"], capture_output=True, text=True).stderr
        return re.match(r"OpenSSH_(\d+\.\d+)", text).group(1)
