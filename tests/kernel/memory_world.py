"""A host whose daemons, chain node and chain plugin (or with BLOCKHOST_CHAIN=file a ledger in a file and its) are real and whose hypervisor, storage and IPv6 provider live in files (tests/plugins).

An order takes seconds. The guests' port 22 is answered by one program: the host's namespace takes every address of the VMs' prefix as its own.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
E2E = os.path.join(HERE, "..", "e2e")
sys.path.insert(0, E2E)
from chain_evm import EvmChain  # noqa: E402
from chain_file import FileChain  # noqa: E402
from processes import Failed, Process, wait_until  # noqa: E402
from state_file import StateFile  # noqa: E402
from world import BUYER, KERNEL, World  # noqa: E402

VM_PREFIX = "2001:db8:b10c::/48"
IMAGE = "mem-1"
DAEMONS = ("signer", "netd", "launcher", "blockhostd")
CLEAN_ENVIRONMENT = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


class Buyers:
    """tests/buyer as one long-lived program: a command a line."""

    def __init__(self, inside: list[str]):
        self.program = subprocess.Popen([*inside, "node", "--import", "tsx", "src/main.ts", "serve"], cwd=BUYER, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, words: list[str]) -> dict:
        self.program.stdin.write(json.dumps(words) + "\n")
        self.program.stdin.flush()
        answer = json.loads(self.program.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise Failed(f"the buyer's {words[0]}: {answer['error']}")
        return answer["ok"]

    def end(self) -> None:
        self.program.stdin.close()
        self.program.wait(20)
        self.program.stdout.close()


class MemoryWorld(World):
    plugins = {"local": ("org.blockhost.chain-evm", "chain"), "hyper": ("org.blockhost.mem-hypervisor", "hypervisor"),
               "store": ("org.blockhost.mem-storage", "storage"), "net6": ("org.blockhost.mem-ipv6", "ipv6")}
    placement = {"hypervisor": "hyper", "storage": "store", "ipv6": "net6"}
    vm_prefixes = [VM_PREFIX]
    workers = {name: {"write": [f"mem/{name}"]} for name in ("hyper", "store", "net6")}
    # In the daemon unless a test says otherwise: these are about the kernel, and the same run again in sandboxes.
    isolation = os.environ.get("BLOCKHOST_ISOLATION", "inprocess")
    chain_class: type = FileChain if os.environ.get("BLOCKHOST_CHAIN") == "file" else EvmChain

    def __init__(self, build: str, settings: dict | None = None):
        super().__init__(build, IMAGE, {"finality": "latest+1", "guard_checks": 2, "guard_span_s": 1, **(settings or {})}, chain=self.chain_class)
        self.hypervisor, self.storage, self.ipv6 = (StateFile(self.state_file(name)) for name in ("hyper", "store", "net6"))
        self.buyers: Buyers | None = None
        self.banner: Process | None = None
        self.wallets = 0

    # Making it.

    def state_file(self, name: str) -> str:
        return self.path("mem", name, f"{name}.json")

    def make_directories(self) -> None:
        super().make_directories()
        os.makedirs(self.path("mem"), exist_ok=True)
        for name in ("hyper", "store", "net6"):
            os.makedirs(self.path("mem", name), 0o700, exist_ok=True)
            os.chown(self.path("mem", name), KERNEL, KERNEL)

    def install_image(self) -> None:
        folder = self.path("images", IMAGE)
        os.mkdir(folder, 0o755)
        with open(os.path.join(folder, "image.json"), "w") as file:
            json.dump({"name": IMAGE, "digest": "sha256:" + "5a" * 32, "path": "disk.qcow2", "format": "qcow2", "size_bytes": 1 << 30}, file)

    def launch_instances(self) -> dict:
        return {"hyper": {"programs": {"sleep": "/usr/bin/sleep"}, "directories": [self.path("run/vm")]}}

    def kernel_config(self) -> dict:
        config = super().kernel_config()
        config["timing"].update({"poll_ms": 100, "watch_s": 1, **self.settings.get("timing", {})})
        return config

    def plugin_configs(self) -> dict:
        return {"local": self.chain_config(), **{name: {"state_file": self.state_file(name)} for name in ("hyper", "store", "net6")}}

    def make(self, **plan) -> "MemoryWorld":
        """Installed, the contracts deployed with one plan, everything running."""
        self.prepare(**plan)
        self.start_all()
        self.wait_ready()
        return self

    def prepare(self, **plan) -> None:
        self.install()
        self.spaces.make()
        subprocess.run([*self.inside, "ip", "-6", "route", "add", "local", VM_PREFIX, "dev", "lo"], check=True)
        self.banner = Process("banner", [*self.inside, sys.executable, os.path.join(E2E, "banner.py")], self.path("log")).start()
        self.start_chain()
        if isinstance(self.chain, EvmChain):
            self.buyers = Buyers(self.inside)
        self.deploy()
        self.plan = self.create_plan(**{"grace": 3600, **plan})

    # Buying.

    def buyer(self, command: str, key: str, **options) -> dict:
        if self.buyers is None:
            return super().buyer(command, key, **options)
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        if command not in ("keygen", "address", "sign"):
            words += ["--rpc", self.chain.url, "--contract", self.contract]
        return self.buyers.ask([command, "--key", key, *words])

    def wallet(self, name: str | None = None) -> str:
        self.wallets += 1
        return super().wallet(name or f"wallet-{self.wallets}")

    def buy(self, key: str, **options) -> int:
        return int(self.buyer("buy", key, **{"plan": self.plan, "days": 1, **options})["subscription"])

    def books(self) -> dict:
        """The contract's own numbers; they must add up to its balance."""
        books = {name: int(value) for name, value in self.buyer("books", self.operator_key).items()}
        total = sum(books[name] for name in ("undelivered", "unearned", "earned", "credits"))
        if books["balance"] != total:
            raise AssertionError(f"the contract holds {books['balance']}, its books say {total}: {books}")
        return books

    def credit(self, key: str) -> int:
        return int(self.buyer("credit", key)["credit"])

    # Looking.

    def machines(self) -> list[dict]:
        return self.hypervisor.look()["machines"]

    def volumes(self) -> list[dict]:
        return self.storage.look()["volumes"]

    def machine_of(self, number: int) -> dict | None:
        """The pretended VM of a subscription, or None."""
        found = [machine for machine in self.machines() if machine["vm"]["tags"]["subject"] == f"subscription:{number}"]
        if len(found) > 1:
            raise AssertionError(f"subscription {number} has {len(found)} VMs")
        return found[0] if found else None

    def sequence_of(self, number: int) -> int:
        """Of the newest owner statement that its guest has taken; 0: none yet."""
        return self.machine_of(number)["guest"].get("sequence", 0)

    def runs(self, number: int) -> bool:
        machine = self.machine_of(number)
        return machine is not None and machine["vm"]["state"] == "running"

    def power_off_inside(self) -> None:
        """All guests power themselves off."""
        def power_off(contents: dict) -> None:
            for machine in contents["backend"]["machines"]:
                machine["vm"].update(state="stopped", stopped_by="guest")
                machine["vm"].pop("started_at", None)
        self.hypervisor.change(power_off)

    def let_guests_speak(self) -> None:
        """Guests that are silent answer from now on."""
        def speak(contents: dict) -> None:
            for machine in contents["backend"]["machines"]:
                machine["guest"]["silent_left"] = 0
        self.hypervisor.change(speak)

    def taps(self) -> list[dict]:
        links = json.loads(subprocess.run([*self.inside, "ip", "-j", "link"], text=True, capture_output=True, check=True).stdout)
        return [link for link in links if link["ifname"].startswith("bh")]

    def in_host(self, *command: str) -> str:
        return subprocess.run([*self.inside, *command], text=True, capture_output=True, check=True).stdout

    def lacks(self, tap: str, address: str) -> list[str]:
        """Which parts of a VM's network are not there."""
        routes = json.loads(self.in_host("ip", "-6", "-j", "route", "show", address))
        table = subprocess.run([*self.inside, "nft", "list", "set", "inet", "blockhost", "vm_sources"], text=True, capture_output=True)
        parts = {"link": any(link["ifname"] == tap and "UP" in link["flags"] for link in self.taps()),
                 "route": any(route["dev"] == tap for route in routes), "rules": address in table.stdout}
        return [name for name, there in parts.items() if not there]

    def left_behind(self) -> list[str]:
        """What exists of VMs: nothing, after the last one's end."""
        routes = subprocess.run([*self.inside, "ip", "-6", "route", "show", "proto", "98"], text=True, capture_output=True, check=True).stdout.split("\n")
        return ([f"VM {machine['vm']['vm']}" for machine in self.machines()] + [f"volume {stored['volume']['volume']}" for stored in self.volumes()]
                + [f"tap {link['ifname']}" for link in self.taps()] + [f"route {line}" for line in routes if line]
                + [f"row of {vm['vm']}" for vm in self.blockhost("vm", "list")["vms"]]
                + [f"file {name}" for name in os.listdir(self.path("run/vm"))])

    def cli(self, *arguments: str, json_output: bool = False, config: str | None = None) -> subprocess.CompletedProcess:
        command = [self.path("bin/blockhost"), "--config", config or self.path("etc/kernel.yaml"), *(["--json"] if json_output else []), *arguments]
        return subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL)

    def log_of(self, name: str) -> str:
        with open(self.path("log", f"{name}.log"), errors="replace") as file:
            return file.read()

    def close(self, keep_logs: bool) -> str | None:
        if self.buyers is not None:
            self.buyers.end()
        if self.banner is not None:
            self.banner.stop()
        return super().close(keep_logs)
