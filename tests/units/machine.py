"""A machine with a real systemd as its init, in namespaces of its own: what the package would install lies over this machine's files, and everything that
is changed there is forgotten when it ends."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..")
BUILD = os.environ["BLOCKHOST_BUILD"]
OF_TESTS = ("org.blockhost.test-codec", "org.blockhost.probe", "org.blockhost.mem-chain", "org.blockhost.mem-hypervisor", "org.blockhost.mem-storage",
            "org.blockhost.mem-ipv6")


def wait_until(what: str, condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s, and not so: {what}")
        time.sleep(0.05)


def cgroup2() -> str:
    """Where this machine has the hierarchy that systemd wants."""
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, place, kind, *_ = line.split()
            if kind == "cgroup2":
                return place
    raise RuntimeError("no cgroup2 is mounted on this machine; the tests of the units need one for their systemd")


class Machine:
    def __init__(self) -> None:
        self.place = tempfile.mkdtemp(prefix="bh-units-")
        self.tree = os.path.join(self.place, "tree")
        self.log_path = os.path.join(self.place, "log")
        self.cgroup = os.path.join(cgroup2(), f"bh-units-{os.getpid()}")
        self.init = 0

    def install(self) -> None:
        """What the package has, from this build, and the plugins of tests."""
        subprocess.run([os.path.join(ROOT, "tools/package"), BUILD], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "TREE": self.tree})
        for plugin in OF_TESTS:
            shutil.copytree(os.path.join(BUILD, "plugins", plugin), os.path.join(self.tree, "usr/lib/blockhost/plugins", plugin),
                            ignore=shutil.ignore_patterns("check"))

    def start(self) -> None:
        # A cgroup of its own becomes the root of its namespace, and is removed with all that systemd made in it.
        os.mkdir(self.cgroup)
        root = os.path.join(self.place, "root")
        os.mkdir(root)
        command = ["sh", "-c", 'echo $$ >"$0/cgroup.procs"; exec "$@"', self.cgroup, "unshare", "--pid", "--fork", "--kill-child", "--mount",
                   "--uts", "--ipc", "--net", "--cgroup", "--propagation", "private", os.path.join(HERE, "boot.sh"), root, self.tree]
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until("systemd runs", self.is_up)

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            with open(self.log_path) as log:
                raise AssertionError("the machine did not start: " + log.read()[-2000:])
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
                self.init = int(children.read().split()[0])
            with open(f"/proc/{self.init}/comm") as name:
                return name.read() == "systemd\n" and self.run("systemctl", "list-units", check=False).returncode == 0
        except (OSError, IndexError):
            return False

    def stop(self) -> None:
        if self.init:
            os.kill(self.init, signal.SIGKILL)
        self.process.wait(60)
        wait_until("its cgroups are empty", self.remove_cgroups)
        shutil.rmtree(self.place)

    def remove_cgroups(self) -> bool:
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass
        return not os.path.exists(self.cgroup)

    def run(self, *command: str, given: str = "", check: bool = True, user: str = "root") -> subprocess.CompletedProcess:
        inside = ["nsenter", f"--target={self.init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        if user != "root":
            inside += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        done = subprocess.run([*inside, *command], text=True, input=given, capture_output=True, timeout=300, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        self.run("sh", "-c", f'cat >"$1" && chmod {mode:o} "$1"', "sh", path, given=text)

    def log(self) -> str:
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def service(self, name: str, verb: str = "start") -> None:
        done = self.run("systemctl", verb, name, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr + self.run("systemctl", "status", "--no-pager", "-l", name, check=False).stdout + self.log()[-3000:])

    def main_pid(self, name: str) -> int:
        return int(self.run("systemctl", "show", "--value", "-p", "MainPID", name).stdout)
