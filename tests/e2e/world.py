"""A whole BlockHost host with a chain of its own, installed into one private directory and two network namespaces.

Users are numbers, so no account is added to the machine. Everything made here is below `root`, in the namespaces, or a process started here.
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from chain_evm import BUYER, REPO, EvmChain  # BUYER is used by worlds of other parts
from netns import HOST_ADDRESS, CLIENT_ADDRESS, PREFIX, Namespaces
from processes import Failed, Process, wait_until

KERNEL, SIGNER, NETD = 48101, 48102, 48103
# A launcher frees a user of its range of whatever still runs as it: each world has a range of its own, so that worlds can run beside each other.
VM_UIDS = {"first": 3_000_000 + os.getpid() % 100_000 * 1000, "count": 900}
WORKERS = VM_UIDS["first"] + VM_UIDS["count"]  # a launcher ends whatever runs under a user of its workers: no two worlds share one
PLUGINS = {"local": ("org.blockhost.chain-evm", "chain"), "qemu": ("org.blockhost.hypervisor-qemu", "hypervisor"),
           "dir": ("org.blockhost.storage-dir", "storage"), "static": ("org.blockhost.ipv6-static", "ipv6")}
PROGRAMS = ["blockhostd", "blockhost", "blockhost-signer", "blockhost-netd", "blockhost-launch", "blockhost-supervise", "blockhost-worker"]


def sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


def yaml(value, indent: int = 0) -> str:
    """Block-style YAML of maps, with lists and scalars in JSON's spelling, which YAML includes."""
    pad = "  " * indent
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines.append(f"{pad}{key}:\n{yaml(item, indent + 1)}")
        else:
            lines.append(f"{pad}{key}: {json.dumps(item)}\n")
    return "".join(lines)


class World:
    # What a world of other parts changes (tests/kernel).
    programs = PROGRAMS
    plugins = PLUGINS
    placement = {"hypervisor": "qemu", "storage": "dir", "ipv6": "static"}
    vm_prefixes = [PREFIX]
    # What the sandboxes of workers let in, by instance: launch.yaml, "worker".
    workers = {"qemu": {"local_sockets": True, "write": ["run/vm", "state/vm"], "read": ["/dev/kvm"]},
               "dir": {"write": ["pool"], "read": ["images"]}, "static": {}}
    # Where plugins run that may run in either place: in sandboxes of their own, "process", as on an operator's host, or "inprocess".
    isolation = os.environ.get("BLOCKHOST_ISOLATION", "process")

    def __init__(self, build: str, image: str, settings: dict | None = None, tag: str | None = None, chain: type = EvmChain):
        self.build, self.image = build, image
        self.settings = {"undo_window_s": 0, "guard_checks": 2, "guard_span_s": 2, "block_time": 1, "finality": chain.finality, **(settings or {})}
        self.plugins = {**self.plugins, "local": (chain.plugin, "chain")}
        self.programs = [*self.programs, *chain.programs]
        self.workers = {"local": chain.worker, **self.workers}
        self.root = tempfile.mkdtemp(prefix="bh-", dir="/var/tmp")
        os.chmod(self.root, 0o711)
        self.spaces = Namespaces(tag or f"bh-{os.getpid()}")
        self.inside = self.spaces.inside(self.spaces.host)
        self.processes: dict[str, Process] = {}
        self.operator_key = self.path("buyer", "operator.key")
        self.chain = chain(self)
        self.contract = self.credential = self.agent = ""

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    # Making it.

    def install(self) -> None:
        self.make_directories()
        self.install_programs()
        self.give_to_workers()
        self.install_image()
        self.chain.install()
        # netd runs as a user of its own, which the machine's own device node may not let in.
        tun = self.path("dev", "tun")
        os.mknod(tun, 0o600 | 0o020000, os.makedev(10, 200))
        os.chown(tun, NETD, NETD)

    def make_directories(self) -> None:
        for name, owner, mode in (("bin", 0, 0o755), ("plugins", 0, 0o755), ("etc", 0, 0o755), ("etc/plugins.d", 0, 0o755), ("log", 0, 0o755), ("buyer", 0, 0o700),
                                  ("keys", SIGNER, 0o700), ("signer", SIGNER, 0o700), ("state", KERNEL, 0o711), ("state/vm", KERNEL, 0o711), ("pool", KERNEL, 0o711),
                                  ("ledger", 0, 0o711), ("launch", 0, 0o700), ("images", 0, 0o755), ("run", 0, 0o755), ("run/signer", SIGNER, 0o750), ("run/netd", NETD, 0o750),
                                  ("run/launch", 0, 0o750), ("run/api", KERNEL, 0o750), ("run/vm", 0, 0o2771), ("dev", NETD, 0o700)):
            os.makedirs(self.path(name), exist_ok=True)
            os.chown(self.path(name), owner, KERNEL if name.startswith("run/") else owner)
            os.chmod(self.path(name), mode)

    def install_programs(self) -> None:
        for program in self.programs:
            shutil.copy2(os.path.join(self.build, "bin", program), self.path("bin", program))
        for plugin in sorted({plugin for plugin, _ in self.plugins.values()}):
            shutil.copytree(os.path.join(self.build, "plugins", plugin), self.path("plugins", plugin))
        # As our package does: these came with BlockHost (tools/package).
        with open(self.path("plugins", "SHA256SUMS"), "w") as sums:
            for plugin in sorted({plugin for plugin, _ in self.plugins.values()}):
                sums.write(f"{sha256(self.path('plugins', plugin, 'plugin.json'))}  {plugin}/plugin.json\n")

    def enable_plugins(self) -> None:
        """As an operator does, who has seen what they ask for."""
        for plugin in sorted({plugin for plugin, _ in self.plugins.values()}):
            self.blockhost("plugin", "enable", "--yes", plugin)

    def install_image(self) -> None:
        shutil.copytree(self.image, self.path("images", os.path.basename(self.image)))

    def write(self, name: str, value: dict) -> str:
        path = self.path("etc", name)
        with open(path, "w") as file:
            file.write(yaml(value))
        return path

    def write_signer(self) -> None:
        self.write("signer.yaml", {
            "socket": self.path("run/signer/signer.sock"), "user": SIGNER, "group": KERNEL, "peers": [KERNEL], "log": self.path("signer/signatures.jsonl"),
            "keys": {name: self.path("keys", f"{name}.key") for name in ("agent", "server", "statement")},
            "policy": {"seals": ["seal-1-request", "seal-2-request"], **self.signer_policy()}})

    def signer_policy(self) -> dict:
        return self.chain.signer_policy()

    def write_configuration(self) -> None:
        self.write_signer()
        self.write("netd.yaml", {"socket": self.path("run/netd/netd.sock"), "uplinks": ["up0"], "kernel_user": KERNEL, "launcher_user": 0, "user": NETD, "group": KERNEL,
                                 "tun": self.path("dev/tun"), "prefixes": self.vm_prefixes})
        self.write("launch.yaml", {
            "run": self.path("run"), "state": self.path("launch"), "netd_socket": self.path("run/netd/netd.sock"), "cgroup": os.path.basename(self.root).lower().replace("_", "-"),
            "kernel": {"user": KERNEL, "group": KERNEL}, "uids": VM_UIDS, "instances": self.with_workers(self.launch_instances())})
        self.write("kernel.yaml", self.kernel_config())
        for instance in self.plugins:
            self.write(f"plugins.d/{instance}.yaml", self.plugin_file(instance))
        self.enable_plugins()

    def isolation_of(self, instance: str) -> str:
        with open(self.path("plugins", self.plugins[instance][0], "plugin.json")) as file:
            possible = json.load(file)["isolation"]
        return self.isolation if possible == "either" else possible

    def user_of(self, instance: str) -> int:
        """Who owns what the instance writes."""
        return WORKERS + list(self.plugins).index(instance) if self.isolation_of(instance) == "process" else KERNEL

    def with_workers(self, instances: dict) -> dict:
        for instance in self.plugins:
            if self.isolation_of(instance) == "process":
                grants = {name: [self.path(path) for path in value] if isinstance(value, list) else value for name, value in self.workers[instance].items()}
                instances.setdefault(instance, {})["worker"] = {"user": self.user_of(instance), **grants}
        return instances

    def give_to_workers(self) -> None:
        """The directories that the workers write belong to them, and to the kernel's group."""
        for instance in self.plugins:
            if self.isolation_of(instance) == "process":
                for path in self.workers[instance].get("write", []):
                    if not path.startswith("run/"):
                        os.chown(self.path(path), self.user_of(instance), KERNEL)
                        os.chmod(self.path(path), 0o2771)

    def launch_instances(self) -> dict:
        pool = self.path("pool")
        with open(self.path("plugins", self.plugins["dir"][0], "plugin.json")) as file:
            tools = {program["name"]: {"path": f"/usr/bin/{program['name']}",
                                       "commands": [[pattern.replace("/.+", pool) for pattern in command] for command in program["commands"]]}
                     for program in json.load(file)["programs"]}
        return {"qemu": {"programs": {"qemu-system-x86_64": "/usr/bin/qemu-system-x86_64"},
                         "directories": [self.path("run/vm"), self.path("state/vm"), pool, self.path("images")]},
                "dir": {"tools": tools}}

    def kernel_config(self) -> dict:
        s = self.settings
        return {
            "paths": {"state": self.path("state"), "run": self.path("run"), "plugins": self.path("plugins"), "images": self.path("images"), "libexec": os.path.join(REPO, "iso")},
            "host": {"name": "demo", "group": str(KERNEL)}, "chains": [{"instance": "local", "finality": s["finality"]}],
            "placement": {**self.placement, "default_image": os.path.basename(self.image)},
            "timing": {"undo_window_s": s["undo_window_s"], "guard_checks": s["guard_checks"], "guard_span_s": s["guard_span_s"], "poll_ms": 250, "watch_s": 2}}

    def plugin_configs(self) -> dict:
        return {
            "local": self.chain_config(),
            "qemu": {"state": self.path("state/vm"), "run": self.path("run/vm"), "accelerator": self.settings.get("accelerator", "auto"), "shutdown_grace_s": 60},
            "dir": {"path": self.path("pool")},
            "static": {"prefix": PREFIX, "mode": "on-link", "uplink": "up0", "reserved": [HOST_ADDRESS, CLIENT_ADDRESS]}}

    def chain_config(self) -> dict:
        return self.chain.config()

    def plugin_file(self, instance: str) -> dict:
        """plugins.d/INSTANCE.yaml; it is granted all that its manifest asks for, but no secrets."""
        plugin, kind = self.plugins[instance]
        with open(self.path("plugins", plugin, "plugin.json")) as file:
            manifest = json.load(file)
        grants = {"services": [name for name in manifest["services"] if name != "bh.svc.secrets/1"], "keys": manifest["keys"]}
        if kind == "chain":
            grants["connect"] = self.chain.connects()
        return {"plugin": plugin, "kind": kind, "isolation": self.isolation_of(instance), "config": self.plugin_configs()[instance], "grants": grants}

    def start_chain(self) -> None:
        self.chain.start()

    def deploy(self) -> None:
        """Keys and contracts."""
        self.write_signer()
        public = json.loads(self.run("bin/blockhost-signer", "keygen", "--config", self.path("etc/signer.yaml"), user=SIGNER))
        keys = public.get("keys", public)
        self.agent = keys["agent"]["address"]
        self.chain.buyer("keygen", self.operator_key)
        self.chain.deploy(self.agent, keys["server"]["public_key"])
        self.contract, self.credential = self.chain.contract, self.chain.credential
        self.write_configuration()

    def create_plan(self, **changes) -> int:
        resources = {"cpus": 1, "disk_bytes": 4 << 30, "image": os.path.basename(self.image), "memory_bytes": 512 << 20}
        options = {"resources": json.dumps(resources, separators=(",", ":"), sort_keys=True), "window": 3600, "grace": 0, "setup-days": 0, "capacity": 100, **changes}
        return self.chain.create_plan(self.agent, **options)

    # Running it.

    def _daemon(self, name: str, program: str, config: str, *prefix: str) -> None:
        command = [*self.inside, *prefix, self.path("bin", program), "--config", self.path("etc", config)]
        self.processes[name] = Process(name, command, self.path("log")).start()

    @staticmethod
    def as_user(uid: int) -> tuple[str, ...]:
        return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")

    def start(self, name: str) -> None:
        if name == "signer":
            self._daemon(name, "blockhost-signer", "signer.yaml")
        elif name == "netd":
            self._daemon(name, "blockhost-netd", "netd.yaml")
        elif name == "launcher":
            self._daemon(name, "blockhost-launch", "launch.yaml")
        else:
            self._daemon(name, "blockhostd", "kernel.yaml", *self.as_user(KERNEL))

    def start_all(self) -> None:
        for name in ("signer", "netd", "launcher", "blockhostd"):
            self.start(name)

    def wait_ready(self, timeout: float = 30) -> None:
        wait_until("the daemon has read the chain", lambda: self.processes["blockhostd"].running() and not self.blockhost("status")["recovering"], timeout)

    def upgrade(self) -> None:
        """New files under the names of all programs and plugins, as a package's upgrade leaves them; what runs keeps its old ones."""
        for program in os.listdir(self.path("bin")):
            self._replace(self.path("bin", program))
        for plugin, _ in self.plugins.values():
            self._replace(self.path("plugins", plugin, "plugin.so"))

    @staticmethod
    def _replace(path: str) -> None:
        shutil.copy2(path, path + ".new")
        os.replace(path + ".new", path)

    def reboot(self) -> None:
        """What a power cut takes: every process, the network with all that was made in it, and what lies in /run. The chain goes on."""
        for name in ("blockhostd", "launcher", "netd", "signer"):
            self.processes[name].kill()
        self.chain.stop()
        self.end_vm_processes()
        self.spaces.empty_host()
        shutil.rmtree(self.path("run"))
        self.make_directories()
        self.give_to_workers()
        self.chain.start()

    def run(self, program: str, *arguments: str, user: int = 0, in_host: bool = False) -> str:
        command = [*(self.inside if in_host else []), *(self.as_user(user) if user else ()), self.path(program), *arguments]
        done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed(f"{os.path.basename(program)} {arguments[0]}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def blockhost(self, *arguments: str) -> dict:
        return json.loads(self.run("bin/blockhost", "--config", self.path("etc/kernel.yaml"), "--json", *arguments))

    def buyer(self, command: str, key: str, **options) -> dict:
        return self.chain.buyer(command, key, **options)

    def wallet(self, name: str) -> str:
        """A funded wallet's key file."""
        path = self.path("buyer", f"{name}.key")
        self.chain.fund(self.buyer("keygen", key=path)["address"])
        return path

    def subscription(self, number: int) -> dict:
        return self.blockhost("subscription", "show", str(number))

    def wait_state(self, number: int, state: str, timeout: float, on_change=None) -> dict:
        last = ""
        deadline = time.monotonic() + timeout
        while True:
            try:
                shown = self.subscription(number)
            except Failed:
                shown = {"state": "unseen"}
            if shown["state"] != last:
                last = shown["state"]
                if on_change:
                    on_change(shown)
            if last == state:
                return shown
            if last == "held" or time.monotonic() > deadline:
                raise Failed(f"subscription {number} is {last} ({shown.get('reason') or 'no reason'}), not {state}, after {timeout:.0f} s")
            if not self.processes["blockhostd"].running():
                raise Failed(f"blockhostd ended: {self.processes['blockhostd'].last_line()}")
            time.sleep(0.1)

    # Ending it.

    def vm_processes(self) -> list[int]:
        """Processes of VMs of this world: their user is of our range and their arguments name our directory."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if self.root.encode() in file.read():
                        found.append(int(pid))
            except OSError:
                continue
        return [pid for pid in found if pid != os.getpid()]

    def qemus(self) -> dict[str, int]:
        """PIDs of the VMs' processes by the name of the VM."""
        found = {}
        names = [vm["vm"] for vm in self.blockhost("vm", "list")["vms"]]
        for pid in self.vm_processes():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            if os.path.basename(words[0]) != "qemu-system-x86_64":
                continue
            name = next((name for name in names if any(name in word for word in words)), f"unknown {pid}")
            if name in found:
                raise Failed(f"{name} has two processes, {found[name]} and {pid}")
            found[name] = pid
        return found

    def end_vm_processes(self) -> None:
        for pid in self.vm_processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until("the last processes end", lambda: not self.vm_processes(), 10)

    def close(self, keep_logs: bool) -> str | None:
        """Ends and removes everything; returns where the logs were kept."""
        for name in ("blockhostd", "launcher", "netd", "signer"):
            if name in self.processes:
                try:
                    self.processes[name].stop()
                except Failed as error:
                    print(error, file=sys.stderr)
        self.chain.stop()
        self.end_vm_processes()
        self.spaces.remove()
        kept = None
        if keep_logs:
            kept = tempfile.mkdtemp(prefix="blockhost-logs-", dir="/var/tmp")
            shutil.copytree(self.path("log"), kept, dirs_exist_ok=True)
            for extra in ("state/journal.db", "state/journal.db-wal"):
                if os.path.exists(self.path(extra)):
                    shutil.copy2(self.path(extra), kept)
        shutil.rmtree(self.root)
        return kept
