"""The chain of a world is a ledger in a file (examples/chain-go): no node, and its own program for operator and buyers. See chain_evm.py."""
import json
import os
import shutil
import subprocess

from processes import Failed

FUNCTIONS = ["deliver", "decline", "close", "update", "burn", "credit_time", "set_capacity", "withdraw"]
FOLDER = "ledger"
KERNEL_GROUP_MODE = 0o660


class FileChain:
    plugin = "org.example.chain-ledger"
    programs: list = []
    needs = ()
    finality = "finalized"  # a block in the file is on disk
    worker = {"write": [FOLDER]}

    def __init__(self, world):
        self.world = world
        self.path = world.path(FOLDER, "chain")
        self.contract = self.credential = self.name = ""

    def install(self) -> None:
        shutil.move(self.world.path("plugins", self.plugin, "ledger"), self.world.path("bin", "ledger"))

    # Nothing runs but who uses the file.
    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def _run(self, command: str, *words: str) -> dict:
        done = subprocess.run([self.world.path("bin", "ledger"), command, *words], text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Failed(f"the ledger's {command}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def buyer(self, command: str, key: str, **options) -> dict:
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        if command not in ("keygen", "address", "sign"):
            words += ["--ledger", self.path]
        return self._run(command, "--key", key, *words)

    def fund(self, address: str, coins: int = 100) -> None:
        if self.name:
            self.buyer("issue", self.world.operator_key, to=address, amount=coins * 10**18)

    def now(self) -> int:
        return self._run("show", "--ledger", self.path)["time"]

    def pass_time(self, seconds: int) -> None:
        self.buyer("pass-time", self.world.operator_key, seconds=seconds)

    def mine(self, blocks: int) -> None:
        self.buyer("mine", self.world.operator_key, blocks=blocks)

    def deploy(self, agent: str, server_key: str) -> None:
        made = self._run("init", "--ledger", self.path, "--key", self.world.operator_key, "--server-key", server_key, "--block-time", str(self.world.settings["block_time"]), "--test")
        self.contract, self.credential, self.name = made["contract"], made["credential"], made["chain"]
        # The plugin's worker writes it as a user of its own.
        os.chown(self.path, self.world.user_of("local"), os.stat(self.world.path(FOLDER)).st_gid)
        os.chmod(self.path, KERNEL_GROUP_MODE)

    def create_plan(self, agent: str, **options) -> int:
        return int(self.buyer("plan-create", self.world.operator_key, agent=agent, price=10**15, **options)["plan"])

    def signer_policy(self) -> dict:
        if not self.name:
            return {"intents": [], "grants": []}
        intents = {"chain": self.name, "contract": self.contract, "max_fee": "0", "calls": [{"contract": self.contract, "functions": FUNCTIONS}]}
        return {"intents": [intents], "grants": [{"caller": "local", "scheme": "bh-intent-1", "chain": self.name}]}

    def config(self) -> dict:
        return {"folder": self.world.path(FOLDER)}

    def connects(self) -> list[str]:
        return []

    def to_sign(self, key: str, message: str) -> str:
        return f"{self.world.path('bin/ledger')} sign --key {key} --message {message}"

    def to_pass_a_day(self) -> str:
        return f"{self.world.path('bin/ledger')} pass-time --ledger {self.path} --key {self.world.operator_key} --seconds 86460"
